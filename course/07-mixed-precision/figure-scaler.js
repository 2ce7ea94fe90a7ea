// Lesson 7: the loss scaler as a state machine.
import { circle, fixed, hatch, INK, label, line, path, raised, rect, through } from "../../site/figures/draw.js";
import { frame, scale } from "../../site/figures/plot.js";
import { FITS, GOLDEN, longRun, scalerRun } from "./figure-model.js";

const triangle = (x, y, r, attributes) => path(through([[x, y - r * 1.2], [x + r * 1.1, y + r * 0.8], [x - r * 1.1, y + r * 0.8]], true), attributes);
export const cross = (x, y, r, attributes) => path(`M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`, { "stroke-width": 3, ...attributes });

/** The run at hand: the ten steps of the text, or a longer one whose gradients can grow. */
export function runOf(state) {
  const golden = state.run === "golden";
  const options = golden ? { ...state, init: 8, interval: 3 } : { ...state, init: 2 ** state.init };
  const records = scalerRun(golden ? GOLDEN : longRun, options);
  const step = Math.min(state.step, records.length);
  return { golden, interval: options.interval, records, step, now: records[step - 1] };
}

function stairsPanel(state) {
  const { golden, records, step, now } = runOf(state);
  const n = records.length;
  const x = scale([0, n], [40, 326]);
  const y = scale(golden ? [0.5, 5.5] : [-3.5, 17.5], [206, 28]);
  const level = (record) => Math.log2(record);
  const points = [[x(0), y.clamp(level(records[0].before.scale))]];
  records.forEach((one, k) => points.push([x(k + 1), y.clamp(level(one.before.scale))], [x(k + 1), y.clamp(level(one.scale))]));
  const wall = golden ? "" : FITS.map((fits, k) => rect(x(k), 28, x(k + 1) - x(k) + 0.3, y(fits) - 28, { fill: INK.badSoft })).join("")
    + [[0, 18, 12], [18, 26, 8], [26, 48, 13]].map(([from, to, fits]) => hatch(x(from), 28, x(to) - x(from), y(fits) - 28, { stroke: INK.bad, "stroke-opacity": 0.35 })).join("");
  const marks = records.map((one, k) => {
    const [u, v] = [x(k + 0.5), y.clamp(level(one.before.scale))];
    const ink = k < step ? 1 : 0.35;
    return one.found ? cross(u, v, golden ? 6 : 4, { stroke: INK.bad, "stroke-opacity": ink })
      : one.event === "grow" ? triangle(u, v, golden ? 6.5 : 4, { fill: INK.c, stroke: "none", "fill-opacity": ink })
        : circle(u, v, golden ? 4.5 : 2.4, { fill: INK.a, "fill-opacity": ink });
  }).join("");
  return {
    id: "stairs", width: 340, height: 256, title: "The loss scale, step by step",
    desc: records.slice(0, step).map((one) => `${one.event}: ${fixed(one.scale, one.scale < 1 ? 3 : 0)}`).slice(-6).join(", ") || "Before the first step.",
    body: frame(x, y, { xTitle: golden ? "step (circle: count, triangle: grow, cross: skip)" : "step (hatched: gradients overflow)", yTitle: "loss scale",
      xTicks: (golden ? [1, 4, 7, 10] : [10, 20, 30, 40]).map((k) => [k - 0.5, String(k)]),
      yTicks: (golden ? [1, 2, 3, 4, 5] : [0, 4, 8, 12, 16]).map((k) => [k, golden ? String(2 ** k) : `2${raised(k)}`]) })
      + wall
      + path(through(points), { stroke: INK.ink, "stroke-width": 2 }) + marks
      + (now ? line(x(step), 28, x(step), 206, { stroke: INK.d, "stroke-width": 1.5, "stroke-dasharray": "4 3" }) : ""),
    press: (u) => ({ step: Math.max(0, Math.min(n, Math.ceil(x.inverse(u)))) }),
  };
}

const SHOWN = (value) => (value >= 1e5 ? `2${raised(Math.log2(value))}` : fixed(value, value < 1 ? 3 : 0));

function statePanel(state) {
  const { interval, step, now } = runOf(state);
  const boxes = Math.min(interval, 12);
  const width = 300 / boxes;
  const tracker = now?.tracker ?? 0;
  const gradient = now ? (now.gradient === 1 ? "finite" : fixed(now.gradient)) : "none yet";
  const rule = !now ? "before the first step" : now.event === "back off" ? `back off: ${SHOWN(now.before.scale)} / 2 = ${SHOWN(now.scale)}`
    : now.event === "grow" ? `grow: ${SHOWN(now.before.scale)} × 2 = ${SHOWN(now.scale)}` : `count: ${now.before.tracker} + 1 = ${now.tracker}`;
  const colour = !now ? "muted" : { "back off": "bad", grow: "c", count: "a" }[now.event];
  return {
    id: "machine", width: 340, height: 256, title: "What the scaler knows after this step",
    desc: `${rule}; tracker ${tracker} of ${interval}`,
    body: label(20, 32, now ? `step ${step}: gradients ${gradient}` : "no step yet", { "font-size": 15, halo: false })
      + label(20, 64, rule, { "font-weight": 700, "font-size": 16, fill: INK[colour], halo: false })
      + label(20, 106, `tracker: ${tracker} of ${interval} clean steps`, { halo: false })
      + Array.from({ length: boxes }, (_, k) => rect(20 + k * width, 114, width - 4, 22, { fill: k < tracker ? INK.a : INK.bg, stroke: INK.a })).join("")
      + label(20, 172, `optimiser steps taken: ${now?.taken ?? 0} of ${step}`, { halo: false })
      + label(20, 204, now?.poisoned ? "weights: nan" : "weights: finite", { "font-weight": 700, fill: INK[now?.poisoned ? "bad" : "c"], halo: false })
      + label(20, 236, `(scale, tracker) = (${SHOWN(now?.scale ?? (state.run === "golden" ? 8 : 2 ** state.init))}, ${tracker})`, { "font-size": 15, halo: false }),
  };
}

export const scaler = {
  start: () => ({ step: 4, run: "golden", init: 16, interval: 4, reset: true, skip: true }),
  limits: { step: [0, 48], run: ["golden", "long"], init: [0, 16], interval: [2, 12] },
  panels: (state) => [stairsPanel(state), statePanel(state)],
  controls: (state) => [
    { kind: "step", key: "step", label: "step", min: 0, max: runOf(state).records.length, show: (k) => `${Math.min(k, runOf(state).records.length)} of ${runOf(state).records.length}` },
    { kind: "choice", key: "run", label: "gradients", options: [["golden", "the ten of the text"], ["long", "48 steps with a spike"]] },
    { kind: "range", key: "init", label: "first scale (48 steps)", min: 0, max: 16, show: (k) => `2${raised(k)}` },
    { kind: "range", key: "interval", label: "interval (48 steps)", min: 2, max: 12 },
    { kind: "check", key: "reset", label: "an overflow resets the tracker", warn: true },
    { kind: "check", key: "skip", label: "an overflow skips the step", warn: true },
  ],
  sentence(state) {
    const { step, now, interval } = runOf(state);
    if (!now) return "No step yet: the tracker is 0. Step forward.";
    const told = { "back off": `a gradient is not finite: the scale is halved${state.skip ? " and the step left out" : "; the step is taken all the same"}`, grow: `${interval} clean steps in a row: the scale doubles`, count: "clean: the tracker counts" }[now.event];
    return `Step ${step}: ${told}. Scale ${SHOWN(now.scale)}, tracker ${now.tracker}; ${now.taken} of ${step} steps taken.`;
  },
  warning(state) {
    const { now } = runOf(state);
    if (!state.skip) return now?.poisoned ? "The infinity went into the weights: infinity minus infinity is not a number, and no later step brings them back." : "The next overflow goes into the weights.";
    return state.reset ? "" : "Clean steps from before the overflow still count: the scale returns early to where it overflowed.";
  },
  hint: "Click the stairs to go to a step.",
  reserve: [299, 410],
  caption: "Two numbers and two rules: after an infinity or a NaN the scale halves, the step is left out and the count restarts; after three clean steps in a row it doubles.",
};
