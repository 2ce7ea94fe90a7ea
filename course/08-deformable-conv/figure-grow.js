// Lesson 8: one trained layer, five sizes of an object, and where its nine taps went.
import { circle, fixed, INK, label, line, px, tag } from "../../site/figures/draw.js";
import { frame, scale } from "../../site/figures/plot.js";
import { dilation } from "./figure-model.js";

const CELL = 13;
const DILATION = 3;
const GRID = [-1, 0, 1].map((y) => [-1, 0, 1].map((x) => [DILATION * y, DILATION * x]));
const tapsOf = ({ radius, trained }, { radii, taps }) => (trained ? taps[radii.indexOf(radius)] : GRID);

function conePanel(state, trace) {
  const at = (v) => 170 + v * CELL;
  const taps = tapsOf(state, trace);
  let body = "";
  for (let k = 1; k <= 10; k += 1) {
    body += circle(170, 170, Math.min(165, (2 * state.radius * (11 - k) * CELL) / 10), { fill: INK.a, "fill-opacity": 0.055 });
  }
  body += circle(170, 170, state.radius * CELL, { fill: "none", stroke: INK.c, "stroke-width": 2, "stroke-dasharray": "6 4" })
    + label(170, at(state.radius) + 18, "one half", { "text-anchor": "middle", fill: INK.c });
  const path = (points) => tag("path", { d: `M${points.map(([y, x]) => `${px(at(x))} ${px(at(y))}`).join("L")}`, fill: "none", stroke: INK.muted, "stroke-width": 1.5 });
  for (const k of [0, 1, 2]) body += path(taps[k]) + path(taps.map((row) => row[k]));
  for (const [y, x] of taps.flat()) body += circle(at(x), at(y), 7, { fill: INK.d, stroke: INK.ink, "stroke-width": 2 });
  return {
    id: "cone", width: 340, height: 340, title: "A cone, and the taps of the layer at its centre", body,
    desc: `A cone of radius ${state.radius}. The taps are ${state.trained ? "where the trained layer puts them" : "on their fixed grid"}; their mean distance is ${fixed(dilation(taps), 1)}.`,
  };
}

function growthPanel(state, trace) {
  const x = scale([3, 11], [46, 320]);
  const y = scale([0, 7.6], [280, 30]);
  let body = frame(x, y, { xTitle: "radius of the cone", yTitle: "effective dilation", xTicks: [4, 6, 8, 10].map((v) => [v, String(v)]), yTicks: [0, 2, 4, 6].map((v) => [v, String(v)]) })
    + line(x(3), y(DILATION), x(11), y(DILATION), { stroke: INK.muted, "stroke-width": 2, "stroke-dasharray": "6 4" })
    + label(x(10.8), y(DILATION) + 18, "ordinary convolution", { "text-anchor": "end", fill: INK.muted });
  trace.radii.forEach((radius, k) => {
    const seen = radius !== 7;
    body += circle(x(radius), y(dilation(trace.taps[k])), 6, { fill: seen ? INK.d : INK.bg, stroke: INK.d, "stroke-width": 2.5 });
    if (!seen) body += label(x(radius) + 10, y(dilation(trace.taps[k])) + 18, "never trained", { fill: INK.muted });
  });
  const now = dilation(tapsOf(state, trace));
  body += circle(x(state.radius), y(now), 11, { fill: "none", stroke: INK.ink, "stroke-width": 2 });
  return {
    id: "growth", width: 340, height: 340, title: "Effective dilation and radius", body,
    desc: `Trained, it grows: ${trace.radii.map((radius, k) => `${fixed(dilation(trace.taps[k]), 1)} at ${radius}`).join(", ")}. On the fixed grid it is 3.`,
  };
}

export const grow = {
  traced: true,
  start: () => ({ radius: 8, trained: true }),
  limits: { radius: [4, 10] },
  panels: (state, trace) => [conePanel(state, trace), growthPanel(state, trace)],
  controls: () => [
    { kind: "pick", key: "radius", label: "radius", values: [4, 6, 7, 8, 10] },
    { kind: "check", key: "trained", label: "trained for 400 steps", warn: true },
  ],
  sentence: (state, trace) => `Radius ${state.radius}: the mean distance between neighbouring taps is ${fixed(dilation(tapsOf(state, trace)), 1)}.`,
  warning: (state) => (state.trained ? "" : "Untrained, all offsets are 0: the grid is the same for every object."),
  reserve: [92, 112],
  caption: "One set of weights, trained on four sizes: the grid of taps grows with the object, also for a size between them.",
};
