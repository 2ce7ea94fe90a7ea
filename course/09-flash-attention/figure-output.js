// Lesson 9, one row: the output against two passes, and the update in numbers.
import { amount, circle, fixed, hatch, INK, label } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { runOf } from "./figure-model.js";

export function outputPanel(state, trace) {
  const { step, run, right, tiles } = runOf(state, trace);
  const shown = run.slice(0, step);
  const values = [...right, ...run].map((one) => one.out).filter(Number.isFinite);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.1, high - low) * 0.15;
  const x = scale([0.5, tiles.length + 0.5], [48, 326]);
  const y = scale([low - room, high + room], [206, 28]);
  const wrong = shown.some((one) => !(one.gap < 1e-9));
  const colour = wrong ? "bad" : "c";
  const [t0, t1] = [Math.ceil((low - room) * 10) / 10, Math.floor((high + room) * 10) / 10];
  const last = shown.at(-1);
  return {
    id: "output", width: 340, height: 256, title: "Output after each tile, against two passes over the same keys",
    desc: wrong ? "The streamed output leaves the outline of the right answer." : "The streamed output sits on the outline of the right answer at every tile.",
    body: frame(x, y, { xTitle: "tiles seen", yTitle: "o / l, against two passes", xTicks: tiles.map((_, j) => [j + 1, String(j + 1)]),
      yTicks: [...new Set([t0, (t0 + t1) / 2, t1])].map((v) => [v, fixed(v)]) })
      + curve(right.map((one, j) => [j + 1, one.out]), x, y, { stroke: INK.muted, "stroke-dasharray": "4 4", "stroke-width": 1.5 })
      + right.map((one, j) => circle(x(j + 1), y(one.out), 8, { fill: "none", stroke: INK.ink, "stroke-width": 1.5, "stroke-dasharray": "3 3" })).join("")
      + curve(shown.map((one, j) => [j + 1, one.out]), x, y, { stroke: INK[colour], "stroke-width": 2.5 })
      + shown.map((one, j) => (Number.isFinite(one.out) ? circle(x(j + 1), y(one.out), 5, { fill: INK[colour], stroke: INK.bg, "stroke-width": 1.5 })
        : hatch(x(j + 0.55), 28, x(1) - x(0.1), 178, { stroke: INK.bad }) + label(x(j + 1), 122, fixed(one.out), { "text-anchor": "middle", "font-weight": 700, "font-size": 14, fill: INK.bad }))).join("")
      + (last && Number.isFinite(last.gap) ? label(326, 19, `error ${last.gap < 1e-12 ? "0" : fixed(last.gap, 4)}`, { "text-anchor": "end", "font-weight": 700, "font-size": 15, fill: INK[colour], halo: false }) : ""),
  };
}

export function numbersPanel(state, trace) {
  const { step, run, now } = runOf(state, trace);
  const bracket = (value) => (value < 0 ? `(${amount(value)})` : amount(value));
  const old = step > 1 ? run[step - 2] : { l: 0, o: 0 };
  const skipped = now && now.alpha < 1 && step > 1 && !state.rescale && state.subtract;
  const factor = !state.subtract ? "" : skipped ? "1 × " : `${fixed(now?.alpha ?? 0, 3)} × `;
  const update = (before, added, after) => `${factor}${bracket(before)} + ${bracket(added)} = ${amount(after)}`;
  const lines = !now ? [["m", "−inf", "d"], ["l", "0", "a"], ["o", "0", "c"]] : [
    ["m", step > 1 ? `max(${fixed(now.before)}, ${fixed(Math.max(...runOf(state, trace).tiles[step - 1]))}) = ${fixed(now.m)}` : fixed(now.m), "d"],
    ["α", !state.subtract ? "not used" : step > 1 ? `exp(${fixed(now.before)} − ${fixed(now.m)}) = ${fixed(now.alpha, 3)}` : "exp(−inf) = 0", skipped ? "bad" : "d"],
    ["l", update(old.l, now.newL, now.l), skipped || !Number.isFinite(now.l) ? "bad" : "a"],
    ["o", update(old.o, now.newO, now.o), skipped || !Number.isFinite(now.o) ? "bad" : "c"],
    ["o/l", `${fixed(now.out, 4)}    (two passes: ${fixed(now.truth.out, 4)})`, now.gap < 1e-9 ? "ink" : "bad"],
  ];
  return {
    id: "numbers", width: 340, height: 256, title: "The update in numbers",
    desc: lines.map(([name, text]) => `${name} = ${text}`).join("; "),
    body: label(20, 32, now ? `tile ${step}: old × α + new` : "before the first tile", { fill: INK.muted, halo: false })
      + lines.map(([name, text, colour], k) => label(20, 72 + 40 * k, name, { "font-weight": 700, "font-size": 16, fill: INK[colour], halo: false })
        + label(54, 72 + 40 * k, `= ${text}`, { "font-size": 14, halo: false })).join(""),
  };
}
