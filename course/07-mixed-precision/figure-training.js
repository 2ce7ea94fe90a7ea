// Lesson 7: one network trained by several recipes, and what its loss scale did.
import { circle, INK, label, line, path, raised, through } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { cross } from "./figure-scaler.js";

const CURVES = [["no_scale", "bad", "master, no scale", "2 3"], ["float16", "b", "float16", "8 4"], ["no_master", "d", "scale, no master", "6 2"], ["mixed", "c", "mixed", undefined], ["float32", "ink", "float32", "1 4"]];

function scaleAt(step, { training: { grown, skipped } }) {
  return 16 + grown.filter((k) => k <= step).length - skipped.filter((k) => k <= step).length;
}

function lossPanel(state, trace) {
  const { training } = trace;
  const x = scale([0, training.steps], [44, 326]);
  const y = scale([0.007, 0.25], [246, 28], true);
  const at = Math.min(training.curves.mixed.length - 1, Math.floor(state.step / training.every));
  const shown = CURVES.filter(([key]) => !key.startsWith("no_") || state.parts);
  const places = { float16: 0.6, no_scale: 0.36, mixed: 0.45, float32: 0.25, no_master: 0.99 };
  return {
    id: "loss", width: 340, height: 300, title: "Loss of one network under different recipes",
    desc: "float16 alone stays where it begins; mixed precision lies on the curve of float32.",
    body: frame(x, y, { xTitle: "step", yTitle: "loss, logarithmic", xTicks: [0, 500, 1000, 1500].map((v) => [v, String(v)]),
      yTicks: [0.01, 0.02, 0.05, 0.1, 0.2].map((v) => [v, String(v)]) })
      + shown.map(([key, colour, , dash]) => curve(training.curves[key].map((v, k) => [k * training.every, v]), x, y,
        { stroke: INK[colour], "stroke-width": key === "mixed" ? 4.5 : key === "float32" ? 2 : 2.5, "stroke-dasharray": dash, "stroke-linecap": key === "float32" ? "round" : undefined })).join("")
      + shown.map(([key, colour, name]) => {
        const k = Math.round(places[key] * (training.curves[key].length - 1));
        const above = key === "no_master" ? -36 : key === "no_scale" ? -12 : key === "float16" ? 20 : key === "float32" ? -14 : 26;
        return label(x(k * training.every), y(training.curves[key][k]) + above, name, { "font-weight": 700, fill: INK[colour], "text-anchor": key === "mixed" || key === "no_master" ? "end" : "start" });
      }).join("")
      + line(x(at * training.every), 28, x(at * training.every), 246, { stroke: INK.muted, "stroke-width": 1.5 }),
    press: (u) => ({ step: Math.round(Math.min(training.steps - 1, Math.max(0, x.inverse(u)))) }),
  };
}

function historyPanel(state, trace) {
  const { training } = trace;
  const { steps, grown, skipped } = training;
  const x = scale([0, steps], [44, 326]);
  const y = scale([14, 44], [246, 28]);
  const points = [[0, 16]];
  for (const k of [...grown, ...skipped].sort((a, b) => a - b)) points.push([k, points.at(-1)[1]], [k, scaleAt(k, trace)]);
  points.push([steps, points.at(-1)[1]]);
  return {
    id: "history", width: 340, height: 300, title: "The loss scale of the mixed run",
    desc: `It doubles every ${training.interval} clean steps until gradients overflow, then tries again: ${skipped.length} skipped steps.`,
    body: frame(x, y, { xTitle: "step (crosses: skipped)", yTitle: "loss scale of the mixed run", xTicks: [0, 500, 1000, 1500].map((v) => [v, String(v)]),
      yTicks: [16, 24, 32, 40].map((v) => [v, `2${raised(v)}`]) })
      + path(through(points.map(([u, v]) => [x(u), y(v)])), { stroke: INK.c, "stroke-width": 2 })
      + skipped.map((k) => cross(x(k), y(scaleAt(k - 1, trace)) - 9, 4, { stroke: INK.bad })).join("")
      + line(x(state.step), 28, x(state.step), 246, { stroke: INK.muted, "stroke-width": 1.5 })
      + circle(x(state.step), y(scaleAt(state.step, trace)), 5.5, { fill: INK.c, stroke: INK.bg, "stroke-width": 1.5 }),
    press: (u) => ({ step: Math.round(Math.min(steps - 1, Math.max(0, x.inverse(u)))) }),
  };
}

export const training = {
  start: () => ({ step: 900, parts: true }),
  limits: { step: [0, 1499] },
  panels: (state, trace) => [lossPanel(state, trace), historyPanel(state, trace)],
  controls: (state, trace) => [
    { kind: "range", key: "step", label: "step", min: 0, max: trace.training.steps - 1, step: 1 },
    { kind: "check", key: "parts", label: "also without one part of the recipe" },
    { kind: "button", label: "The first skipped step", patch: { step: trace.training.skipped[0] } },
  ],
  sentence(state, trace) {
    const { curves, every, skipped } = trace.training;
    const at = Math.min(curves.mixed.length - 1, Math.floor(state.step / every));
    const loss = (key) => String(curves[key][at]);
    const missed = skipped.includes(state.step) ? " This step was skipped." : "";
    return `Step ${state.step}: loss ${loss("float32")} in float32, ${loss("mixed")} mixed, ${loss("float16")} in float16. Scale 2${raised(scaleAt(state.step, trace))}.${missed}`;
  },
  hint: "Click a plot to choose a step.",
  reserve: [209, 273],
  traced: true,
  caption: "float16 alone never moves, and a master copy does not help it: its gradients are zero. "
    + "A loss scale does. The master copy then makes up the rest, and mixed precision lies on the curve of float32.",
};
