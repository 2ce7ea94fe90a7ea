// The V of a finite difference: truncation falls with h, rounding grows as h shrinks.
import { circle, dots, INK, label, line, path, px, raised, rect, scientific, through } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";

const EPS = 2 ** -52;
const FLOOR = 1e-12;

/** The two parts of the expected error of each scheme, for f = exp at 1. */
export function expected(scheme, h) {
  const f = Math.E;
  return scheme === "forward"
    ? { truncation: (h / 2) * f, rounding: (2 * EPS * f) / h }
    : { truncation: (h * h * f) / 6, rounding: (EPS * f) / h };
}

const X = scale([3e-16, 0.3], [52, 326], true);
const Y = scale([FLOOR, 10], [286, 28], true);

const square = (x, y, r, attributes) => rect(x - r, y - r, 2 * r, 2 * r, attributes);
const triangle = (x, y, r, attributes) =>
  path(through([[x, y - r * 1.2], [x + r * 1.1, y + r * 0.8], [x - r * 1.1, y + r * 0.8]], true), attributes);
const SERIES = [
  ["forward", INK.b, circle, "forward"], ["central", INK.a, square, "central"], ["central32", INK.d, triangle, "central, float32"],
];

function vPanel(state, { steps }) {
  const h = steps.h[state.k];
  const shown = SERIES.filter(([key]) => steps[key] && (key !== "central32" || state.single));
  const guide = (scheme, part, colour) => {
    const points = [1e-16, 1].map((at) => [at, expected(scheme, at)[part]]);
    const [[u1, v1], [u2, v2]] = points.map(([at, error]) => [Math.log10(at), Math.log10(error)]);
    const dense = Array.from({ length: 81 }, (_, k) => u1 + ((u2 - u1) * k) / 80)
      .map((u) => [10 ** u, 10 ** (v1 + ((v2 - v1) * (u - u1)) / (u2 - u1))])
      .filter(([at]) => at >= 3e-16 && at <= 0.3);
    return curve(dense, X, Y, { stroke: colour, "stroke-width": 1.3, "stroke-dasharray": "2 3" });
  };
  const marks = shown.map(([key, colour, mark]) => {
    const points = steps[key].map((error, k) => [X(steps.h[k]), Y.clamp(Math.max(error, FLOOR))]);
    if (mark === triangle) return points.map(([x, y]) => triangle(x, y, 2.4, { fill: colour, stroke: "none" })).join("");
    return dots(points, 4.4, mark === circle ? "round" : "square", { stroke: colour });
  }).join("");
  const now = shown.map(([key, colour, mark]) =>
    mark(X(h), Y.clamp(Math.max(steps[key][state.k], FLOOR)), 6, { fill: colour, stroke: INK.bg, "stroke-width": 2 })).join("");
  return {
    id: "v", width: 340, height: 340, title: "Error of a finite difference against the step h",
    desc: "On logarithmic axes each scheme draws a V: rounding error on the left arm, truncation error on the right.",
    body: frame(X, Y, { xTitle: "step h", yTitle: "error of f′(1), f = exp", every: 3 })
      + guide("forward", "truncation", INK.b) + guide("central", "truncation", INK.a) + guide("central", "rounding", INK.ink)
      + marks
      + line(X(h), 28, X(h), 286, { "stroke-width": 1.5 })
      + now
      + label(X(2e-13), Y(2.2e-7), "rounding ~ ε/h", { "text-anchor": "middle", "font-size": 12, transform: `rotate(43 ${px(X(2e-13))} ${px(Y(2.2e-7))})` })
      + label(X(3e-3), Y(0.3), "forward ~ h", { "text-anchor": "end", fill: INK.b, "font-size": 12 })
      + label(X(8e-2), Y(1e-8), "central ~ h²", { "text-anchor": "end", fill: INK.a, "font-size": 12 }),
    press: (x) => ({ k: nearest(steps.h, X.inverse(x)) }),
    handles: [{ id: "h", x: X(h), y: 286, label: "Step h", now: state.k, min: 0, max: steps.h.length - 1, text: power(h),
      drag: (x) => ({ k: nearest(steps.h, X.inverse(x)) }), key: (dx, dy) => ({ k: state.k - dx - dy }) }],
  };
}

function nearest(all, h) {
  return all.reduce((best, v, k) => (Math.abs(Math.log(v / h)) < Math.abs(Math.log(all[best] / h)) ? k : best), 0);
}

const power = (h) => {
  const exponent = Math.log10(h);
  return Math.abs(exponent - Math.round(exponent)) < 1e-9 ? `10${raised(Math.round(exponent))}` : scientific(h);
};

/**
 * Height of exp above its tangent at 1, in units of h: its value at t = 1 is the forward error.
 * The abscissa 1 + th is rounded first and measured as rounded, as a careful step is.
 * @returns {[number, number]} the rounded t, and the height
 */
export function above(t, h) {
  const x = 1 + t * h;
  const step = x - 1;
  return [step / h, (Math.exp(x) - Math.exp(1) - Math.E * step) / h];
}

function lensPanel(state, { steps }) {
  const h = steps.h[state.k];
  const got = Array.from({ length: 341 }, (_, k) => above(-1.7 + k / 100, h));
  const top = Math.max(...got.map(([, v]) => Math.abs(v))) * 1.15;
  const [x, y] = [scale([-1.75, 1.75], [20, 326]), scale([-top, top], [286, 28])];
  const exact = got.map(([t]) => [t, (Math.expm1(t * h) - t * h) * (Math.E / h)]);
  const secant = ([t1, v1], [t2, v2]) => [-1.6, 0, 1.6].map((t) => [t, v1 + ((v2 - v1) / (t2 - t1)) * (t - t1)]);
  const [left, here, right] = [above(-1, h), [0, 0], above(1, h)];
  return {
    id: "lens", width: 340, height: 340, title: "Height of exp above its tangent, through a lens as wide as the step",
    desc: "Wide steps show a parabola, level between its two ends; tiny steps show the jumps of rounding.",
    body: frame(x, y, { xTitle: "distance from 1, in steps h", yTitle: `above the tangent (full height ${scientific(2 * top)} × h)`,
      xTicks: [[-1, "−h"], [0, "0"], [1, "h"]], yTicks: [[0, ""]] })
      + curve(exact, x, y, { "stroke-width": 1.5, "stroke-dasharray": "2 4" })
      + curve(got, x, y, { stroke: INK.c, "stroke-width": 2 })
      + (right[0] > 0 ? curve(secant(here, right), x, y, { stroke: INK.b, "stroke-width": 2.5, "stroke-dasharray": "8 3" }) : "")
      + (right[0] > left[0] ? curve(secant(left, right), x, y, { stroke: INK.a, "stroke-width": 2.5, "stroke-dasharray": "8 3" }) : "")
      + [left, right].map(([t, v]) => square(x(t), y(v), 5.5, { fill: INK.a, stroke: INK.bg, "stroke-width": 1.5 })).join("")
      + circle(x(0), y(0), 5.5, { fill: INK.b, stroke: INK.bg, "stroke-width": 1.5 })
      + label(28, 258, "tilt of a dashed line", { "font-size": 12 })
      + label(28, 275, "= error of that scheme", { "font-size": 12 }),
  };
}

export const steps = {
  start: (trace) => ({ k: nearest(trace.steps.h, 1e-5), single: false }),
  limits: { k: [0, 999] },
  panels(state, trace) {
    const bounded = { ...state, k: Math.min(state.k, trace.steps.h.length - 1) };
    return [vPanel(bounded, trace), lensPanel(bounded, trace)];
  },
  controls: (state, { steps: data }) => [
    { kind: "pick", key: "k", label: "step h", values: data.h.map((_, k) => data.h.length - 1 - k), show: (k) => power(data.h[k]) },
    ...(data.central32 ? [{ kind: "check", key: "single", label: "also in float32" }] : []),
    { kind: "button", label: "Best forward h", patch: { k: nearest(data.h, data.best.forward[0]) } },
    { kind: "button", label: "Best central h", patch: { k: nearest(data.h, data.best.central[0]) } },
    { kind: "button", label: "h = 10⁻¹⁵", patch: { k: nearest(data.h, 1e-15) } },
  ],
  sentence(state, { steps: data }) {
    const k = Math.min(state.k, data.h.length - 1);
    const h = data.h[k];
    const part = ({ truncation, rounding }) => (truncation > rounding ? "truncation" : "rounding");
    return `h = ${power(h)}: forward error ${scientific(data.forward[k])} (mostly ${part(expected("forward", h))}), `
      + `central error ${scientific(data.central[k])} (mostly ${part(expected("central", h))}).`;
  },
  warning(state, { steps: data }) {
    const h = data.h[Math.min(state.k, data.h.length - 1)];
    const room = Math.floor(h / EPS);
    return room > 128 ? "" : `Between 1 and 1 + h there is room for ${room} step${room === 1 ? "" : "s"} of a double: the quotient divides one rounding by another.`;
  },
  hint: "Click the plot or drag along its axis to choose h.",
  reserve: [209, 277],
  traced: true,
  caption: "Smaller is not better. Right of the tip the error is truncation; "
    + "left of it rounding takes over, and every tenfold smaller h costs a digit.",
};
