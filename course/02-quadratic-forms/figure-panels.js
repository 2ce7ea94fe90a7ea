// Lesson 2: the map, the stretched map, and the errors beside their bounds.
import { arrow, circle, dots, fixed, INK, label, line, path, rect, through } from "../../site/figures/draw.js";
import { contours, sample } from "../../site/figures/field.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { bounds, look } from "./figure-walks.js";

const SIZE = 340;
const X = scale([-2, 2], [14, 326]);
const Y = scale([-2, 2], [326, 14]);
const inside = ([x, y]) => Math.abs(x) <= 2 && Math.abs(y) <= 2;

/** The points of a walk up to step k, as long as they stay on the map. */
function shown({ points }, k) {
  const out = points.findIndex((x) => !inside(x));
  return points.slice(0, Math.min(k + 1, out < 0 ? points.length : out));
}

function trail(points, x, y, colour, cap, dash) {
  const at = points.map(([a, b]) => [x(a), y(b)]);
  return path(through(at), { stroke: colour, "stroke-width": 2.5, "stroke-dasharray": dash, "stroke-linejoin": "round" })
    + dots(at, 8, cap, { stroke: colour });
}

const both = (seen, state, x, y, move = (p) => p) =>
  trail(shown(seen.descent, state.k).map(move), x, y, INK.a, "square", "6 4")
  + trail(shown(seen.conjugate, state.k).map(move), x, y, INK.b, "round");

export function mapPanel(state) {
  const seen = look(state);
  const high = Math.max(Math.abs(seen.f(state.x, state.y)), 0.05);
  const levels = state.dip ? [-1, -0.5, -0.2, 0, 0.2, 0.5, 1, 3, 8] : [0.01, 0.08, 0.3, 1, 2.2, 4.5].map((v) => v * high);
  const { down } = seen.conjugate;
  const end = seen.conjugate.points.at(-1);
  const flagged = down && state.k >= seen.conjugate.points.length - 1 && inside(end);
  const tip = flagged && [0.5, 0.8, 1.1].map((t) => [end[0] + t * down[0], end[1] + t * down[1]]).findLast(inside);
  return {
    id: "map", width: SIZE, height: SIZE, title: "Map of f with the steps of both methods",
    desc: state.dip ? "A saddle: conjugate gradients find a direction along which f falls without end."
      : "An elongated bowl. Steepest descent zigzags; conjugate gradients reach the minimum with the second step.",
    body: rect(14, 14, 312, 312, { fill: INK.bg })
      + contours(sample(seen.f, [-2, 2], 45), levels, X, Y)
      + rect(14, 14, 312, 312, { fill: "none", stroke: INK.line })
      + (state.dip ? "" : line(X(0) - 6, Y(0), X(0) + 6, Y(0)) + line(X(0), Y(0) - 6, X(0), Y(0) + 6))
      + both(seen, state, X, Y)
      + (tip ? arrow(X(end[0]), Y(end[1]), X(tip[0]), Y(tip[1]), { stroke: INK.bad, width: 4, head: 14 }) : "")
      + circle(X(state.x), Y(state.y), 6, { fill: INK.ink, stroke: INK.bg, "stroke-width": 1.5 })
      + label(20, 32, "steepest descent", { fill: INK.a, "font-weight": 700 })
      + label(20, 50, "conjugate gradients", { fill: INK.b, "font-weight": 700 }),
    press: (px, py) => place(X.inverse(px), Y.inverse(py)),
    handles: [{ id: "start", x: X(state.x), y: Y(state.y), label: "Start", now: state.x, min: -2, max: 2,
      text: `x ${fixed(state.x)}, y ${fixed(state.y)}`, drag: (px, py) => place(X.inverse(px), Y.inverse(py)),
      key: (dx, dy) => place(state.x + dx * 0.05, state.y + dy * 0.05) }],
  };
}

/** The start stays within a circle, so that no step of a bowl leaves the map. */
function place(x, y) {
  const far = Math.max(1, Math.hypot(x, y) / 1.9);
  return { x: x / far, y: y / far };
}

export function stretchedPanel(state) {
  const seen = look(state);
  const [x, y] = [scale([-1.15, 1.15], [14, 326]), scale([-1.15, 1.15], [326, 14])];
  const [a, b, c] = seen.conjugate.points.map(seen.stretch);
  return {
    id: "stretched", width: SIZE, height: SIZE, title: "The same steps, stretched until the curves are circles",
    desc: state.dip ? "A saddle cannot be stretched into circles." : "In the stretched picture the two conjugate steps meet at a right angle.",
    body: rect(14, 14, 312, 312, { fill: INK.bg, stroke: INK.line })
      + (state.dip ? label(170, 165, "no stretching turns the curves", { "text-anchor": "middle" })
        + label(170, 185, "of a saddle into circles", { "text-anchor": "middle" })
        : [1, 0.7, 0.4, 0.15].map((r) => circle(x(0), y(0), x(r) - x(0), { fill: INK.bSoft, "fill-opacity": 0.35, stroke: INK.muted })).join("")
          + both(seen, state, x, y, seen.stretch)
          + (state.k >= 2 && c ? corner(a, b, c, x, y) : "")
          + circle(x(a[0]), y(a[1]), 6, { fill: INK.ink, stroke: INK.bg, "stroke-width": 1.5 })
          + label(20, 32, "stretched along the axes", {})),
  };
}

/** The square that marks the right angle between two steps. */
function corner(a, b, c, x, y) {
  const unit = (p) => {
    const d = [x(p[0]) - x(b[0]), y(p[1]) - y(b[1])];
    return d.map((v) => (v / (Math.hypot(...d) || 1)) * 12);
  };
  const [u, v] = [unit(a), unit(c)];
  const at = [x(b[0]), y(b[1])];
  return path(through([[at[0] + u[0], at[1] + u[1]], [at[0] + u[0] + v[0], at[1] + u[1] + v[1]], [at[0] + v[0], at[1] + v[1]]]),
    { "stroke-width": 1.8 });
}

export function errorPanel(state) {
  const seen = look(state);
  const [x, y] = [scale([0, 12], [52, 326]), scale([1e-8, 4], [226, 28], true)];
  const bottom = (v) => Math.max(v, 1e-8);
  const steps = Array.from({ length: 13 }, (_, k) => k);
  const bound = (key, colour) => curve(steps.map((k) => [k, bounds(state.kappa, k)[key]]), x, y, { stroke: colour, "stroke-dasharray": "2 4" });
  const marks = (one, colour, cap) => dots(seen.ratios(one).slice(0, state.k + 1).map((v, k) => [x(k), y(bottom(v))]), 8, cap, { stroke: colour });
  return {
    id: "errors", width: SIZE, height: 276, title: "Energy norm of the error, beside the bounds",
    desc: state.dip ? "A saddle has no minimum, so there is no error to measure."
      : "Both methods stay below their dotted bounds; conjugate gradients drop to zero at step 2.",
    body: frame(x, y, { xTitle: "steps", yTitle: "error, of 1 at the start; bounds dotted", xTicks: [0, 2, 4, 6, 8, 10, 12].map((k) => [k, String(k)]), every: 2 })
      + (state.dip ? label(190, 130, "no minimum, no error", { "text-anchor": "middle" })
        : bound("descent", INK.a) + bound("conjugate", INK.b)
          + marks(seen.descent, INK.a, "square") + marks(seen.conjugate, INK.b, "round")),
  };
}
