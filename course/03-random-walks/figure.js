// Lesson 3: a fan of walks with the law of their ends, and the first return.
import "../../site/figures/index.js";
import { circle, fixed, hatch, INK, label, line, path, rect, through } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { bins, mean, sample, SHOWN, spread, WALKS } from "./figure-model.js";
import { returns } from "./figure-returns.js";

const LENGTHS = [16, 100, 400, 2500];
let [kept, found] = ["", null];

/** The sample of a state; drawn once while nothing that it depends on changes. */
function walksOf(state) {
  const key = JSON.stringify(state);
  if (key !== kept) [kept, found] = [key, sample(state)];
  return found;
}

/** The vertical axis holds a fair fan, and wherever the lean goes. */
function places({ n, p }) {
  const [m, s] = [mean(n, p), spread(n, p)];
  return [Math.min(-3.4 * Math.sqrt(n), m - 3.4 * s), Math.max(3.4 * Math.sqrt(n), m + 3.4 * s)];
}

function fanPanel(state) {
  const { n, p } = state;
  const [X, Y] = [scale([0, n], [46, 326]), scale(places(state), [254, 30])];
  const times = Array.from({ length: 41 }, (_, k) => (n * k) / 40);
  const edge = (sign) => times.map((t) => [t, mean(t, p) + sign * spread(t, p)]);
  const { paths } = walksOf(state);
  const root = Math.round(Math.sqrt(n));
  const lines = paths.map((points, k) => path(through(points.map(([t, x]) => [X(t), Y.clamp(x)])),
    { stroke: k === 0 ? INK.b : INK.a, "stroke-width": k === 0 ? 2.4 : 1, "stroke-opacity": k === 0 ? undefined : 0.55 })).join("");
  const last = paths[0].at(-1);
  return {
    id: "fan", width: 340, height: 300, title: `${SHOWN} walks of ${n} steps`,
    desc: `They start at 0. Dashed: the mean of ${fixed(mean(n, p), 0)} at the end, and one standard deviation, ${fixed(spread(n, p), 0)}, to both sides.`,
    body: frame(X, Y, { xTitle: "step", yTitle: `position, ${SHOWN} of ${WALKS} walks`, xTicks: [[0, "0"], [n / 2, String(n / 2)], [n, String(n)]],
      yTicks: [[-2 * root, fixed(-2 * root, 0)], [0, "0"], [2 * root, String(2 * root)]] })
      + lines + circle(X(last[0]), Y.clamp(last[1]), 4, { fill: INK.b })
      + [1, -1].map((sign) => curve(edge(sign), X, Y, { "stroke-dasharray": "6 4" })).join("")
      + line(X(0), Y(0), X(n), Y(mean(n, p)), { "stroke-dasharray": "2 4", "stroke-width": 1.5 }),
  };
}

function endsPanel(state) {
  const { n, p } = state;
  const [m, s] = [mean(n, p), spread(n, p)];
  const all = bins(state, walksOf(state).ends);
  const top = Math.max(0.3, ...all.map(([, , share, chance]) => Math.max(share, chance))) * 1.1;
  const [X, Y] = [scale([all[0][0], all.at(-1)[1]], [46, 326]), scale([0, top], [254, 30])];
  const width = all[0][1] - all[0][0];
  const bell = Array.from({ length: 81 }, (_, k) => m + (k / 10 - 4) * s)
    .map((x) => [x, (width / (s * Math.sqrt(2 * Math.PI))) * Math.exp(-((x - m) ** 2) / (2 * s * s))]);
  const bars = all.map(([from, to, share]) => {
    const [x, y, w] = [X(from) + 1, Y(share), X(to) - X(from) - 2];
    return share ? rect(x, y, w, 254 - y, { fill: INK.aSoft, stroke: INK.a }) + hatch(x, y, w, 254 - y, { stroke: INK.a, "stroke-opacity": 0.5 }) : "";
  }).join("");
  const marks = all.map(([from, to, , chance]) => line(X(from) + 2, Y(chance), X(to) - 2, Y(chance), { stroke: INK.b, "stroke-width": 3 })).join("");
  const round = (x) => Math.round(x);
  return {
    id: "ends", width: 340, height: 300, title: `Where ${WALKS} walks end, beside the law`,
    desc: `Hatched bars: shares of the walks. Thick lines: the exact probability of each bar. Curve: the normal law with mean ${fixed(m, 0)} and deviation ${fixed(s, 1)}.`,
    body: frame(X, Y, { xTitle: "position at the end", yTitle: `share of ${WALKS} walks; exact (thick); normal (curve)`,
      xTicks: [-2, 0, 2].map((k) => [m + k * s, fixed(round(m + k * s), 0)]), yTicks: [0, 0.2, 0.4, 0.6, 0.8].filter((v) => v < top).map((v) => [v, v ? fixed(v, 1) : "0"]) })
      + bars + curve(bell, X, Y, { "stroke-width": 1.6 }) + marks,
  };
}

export const walks = {
  start: () => ({ n: 100, p: 0.5, seed: 5, shared: false }),
  limits: { n: [16, 2500], p: [0.4, 0.6], seed: [1, 9999] },
  panels: (state) => [fanPanel(state), endsPanel(state)],
  controls: (state) => [
    { kind: "pick", key: "n", label: "steps", values: LENGTHS },
    { kind: "range", key: "p", label: "p", min: 0.4, max: 0.6, step: 0.01, show: (v) => fixed(v) },
    { kind: "check", key: "shared", label: "one coin for all walks", warn: true },
    { kind: "button", label: "Draw others", patch: { seed: (state.seed % 9999) + 1 } },
    { kind: "button", label: "2,500 steps, p = 0.51", patch: { n: 2500, p: 0.51 } },
  ],
  sentence(state) {
    const { n, p } = state;
    const { ends } = walksOf(state);
    const [m, s] = [mean(n, p), spread(n, p)];
    const inside = ends.filter((x) => Math.abs(x - m) <= s).length / ends.length;
    const typical = Math.sqrt(ends.reduce((sum, x) => sum + x * x, 0) / ends.length);
    return `${n} steps, p = ${fixed(p)}, sample ${state.seed}: ${fixed(100 * inside, 0)} % of ${WALKS} walks end within ${fixed(s, 0)} of the mean ${fixed(m, 0)}; `
      + `their root mean squared distance from the lamp is ${fixed(typical, 1)}, and √n is ${fixed(Math.sqrt(n), 0)}.`;
  },
  warning({ n, p, shared }) {
    if (shared) return "All walks take the same steps: this is one walk, drawn many times, and its share says nothing about the law.";
    const drift = Math.abs(mean(n, p));
    return drift >= 0.99 * Math.sqrt(n) ? `The lean has carried the mean ${fixed(drift, 0)} steps away, at least as far as the spread √n: from n = ${Math.round(1 / (2 * p - 1) ** 2)} on it wins.` : "";
  },
  reserve: [224, 317],
  traced: true,
  caption: "Walks of 100 fair steps. They spread like √n (dashed): about seven in ten end within ±10. Their ends, counted in bars, follow the exact law (thick), which is close to the normal law (curve).",
};

defineFigure("g2k-random-walks", walks);
defineFigure("g2k-returns", returns);
