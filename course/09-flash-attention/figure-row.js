// Lesson 9: one row of scores streams through m, l and o.
import { stateBar } from "../../site/figures/bars.js";
import { circle, fixed, hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { stream } from "./figure-model.js";

const LOW = 4;
const HIGH = 14;

/** The row's tiles with the reader's own score in place, and its stream. */
export function runOf(state, { row: data }) {
  const width = data.tiles[0].length;
  const scores = data.tiles.flat();
  const moved = Math.min(state.moved, scores.length - 1);
  if (moved >= 0) scores[moved] = state.score;
  const tiles = data.tiles.map((_, j) => scores.slice(j * width, (j + 1) * width));
  const step = Math.min(state.step, tiles.length);
  const [run, right] = [state, {}].map((how) => stream(tiles, data.v, how));
  return { width, scores, moved, tiles, step, run, right, now: run[step - 1] };
}

function scoresPanel(state, trace) {
  const { width, scores, moved, tiles, step, run, now } = runOf(state, trace);
  const x = scale([0, scores.length], [34, 326]);
  const y = scale([LOW, HIGH], [286, 28]);
  const bar = 292 / scores.length - 3;
  const at = (k) => x(k + 0.5);
  const held = moved >= 0 ? moved : 18;
  const overflow = Math.log(65504);
  let body = frame(x, y, { xTitle: "keys of the row, in tiles", yTitle: "score", grid: false,
    yTicks: [[4, "4"], [6, "6"], [8, "8"], [10, "10"], [12, "12"], [14, "14"]],
    xTicks: tiles.map((_, j) => [(j + 0.5) * width, String(j + 1)]) });
  if (step) body += rect(x((step - 1) * width), 28, x(width) - x(0), 258, { fill: INK.aSoft, stroke: INK.a, "stroke-width": 1.5 });
  body += tiles.slice(1).map((_, j) => line(x((j + 1) * width), 28, x((j + 1) * width), 286, { stroke: INK.line })).join("");
  scores.forEach((s, k) => {
    const tile = Math.floor(k / width);
    const box = [at(k) - bar / 2, y(s), bar, 286 - y(s)];
    body += tile < step ? rect(...box, { fill: INK.a, "fill-opacity": tile === step - 1 ? 1 : 0.55 })
      : rect(...box, { fill: INK.bg, stroke: INK.muted, "stroke-dasharray": "2 2" });
  });
  run.slice(0, step).forEach((one, j) => {
    body += line(x(j * width), y(one.m), x((j + 1) * width), y(one.m), { stroke: INK.d, "stroke-width": 3 });
    if (j && one.m > one.before) body += line(x(j * width), y(one.before), x(j * width), y(one.m), { stroke: INK.d, "stroke-width": 3 });
  });
  if (!state.subtract) {
    body += line(34, y(overflow), 326, y(overflow), { stroke: INK.bad, "stroke-width": 1.5, "stroke-dasharray": "6 3" })
      + label(40, y(overflow) - 5, "exp overflows fp16 above 11.09", { fill: INK.bad, "font-size": 12 });
  }
  body += circle(at(held), y(scores[held]), 6, { fill: INK.bg, stroke: INK.ink, "stroke-width": 2.5 });
  if (now) body += label(Math.max(x(step * width) - 4, 90), y(now.m) - 7, `m = ${fixed(now.m)}`, { "text-anchor": "end", fill: INK.d, "font-weight": 700 });
  const move = (k, s) => ({ moved: Math.max(0, Math.min(scores.length - 1, k)), score: Math.max(LOW, Math.min(HIGH, Math.round(s * 20) / 20)) });
  const original = (k) => trace.row.tiles.flat()[Math.max(0, Math.min(scores.length - 1, k))];
  const under = (u) => Math.floor(x.inverse(u));
  return {
    id: "scores", width: 340, height: 340, title: "Scores of one row, and their running maximum", body,
    desc: "Bars are scores; seen tiles are filled; the heavy line is the running maximum m.",
    press: (u, v) => move(under(u), y.inverse(v)),
    handles: [{ id: "score", x: at(held), y: y(scores[held]), label: `Score of key ${held + 1}`, now: scores[held], min: LOW, max: HIGH,
      text: `${fixed(scores[held])}, key ${held + 1}`, drag: (u, v) => move(held, y.inverse(v)),
      key: (dx, dy) => (dx ? move(held + dx, original(held + dx)) : move(held, scores[held] + dy * 0.1)) }],
  };
}

function statePanel(state, trace) {
  const { step, run, right, now } = runOf(state, trace);
  const finite = (key) => [...run, ...right].map((one) => Math.abs(one[key])).filter(Number.isFinite);
  const before = step > 1 ? run[step - 2] : { l: 0, o: 0 };
  const one = now ?? { m: LOW, l: 0, o: 0, keptL: 0, keptO: 0, alpha: 0 };
  const m = scale([0, HIGH], [20, 320]);
  const l = scale([0, Math.max(...finite("l")) * 1.12], [20, 320]);
  const reach = Math.max(...finite("o"), ...finite("keptO")) * 1.15;
  const o = scale([-reach, reach], [20, 320]);
  const grew = step > 1 && one.m > one.before;
  const bad = !Number.isFinite(one.l) || !Number.isFinite(one.o);
  const shrink = state.rescale && state.subtract ? one.alpha : 1;
  const title = (y, name, value, colour) => label(20, y, name, { halo: false })
    + label(320, y, value, { "text-anchor": "end", "font-weight": 700, "font-size": 16, fill: INK[colour], halo: false });
  const note = (y, text, colour = "muted") => label(20, y, text, { "font-size": 12, fill: INK[colour], halo: false });
  const kept = step > 1 ? `kept ${fixed(shrink, 3)} × old (dashed), plus the new tile (hatched)` : "the first tile starts from zero";
  return {
    id: "state", width: 340, height: 340, title: "What the program remembers of the row: m, l and o",
    desc: `m is ${fixed(one.m)}, l is ${fixed(one.l)}, o is ${fixed(one.o)}. Old values shrink by alpha when the maximum grows.`,
    body: title(34, "m, largest score so far", now ? fixed(one.m) : "−inf", "d")
      + stateBar(46, m, { before: step > 1 ? one.before : 0, kept: now ? one.m : 0, after: now ? one.m : 0, colour: "d" })
      + note(90, !state.subtract ? "not used: the maximum is not subtracted" : grew ? `grew: α = exp(m_old − m_new) = ${fixed(one.alpha, 3)}` : step > 1 ? "unchanged: α = 1" : "", grew ? "d" : "muted")
      + title(134, "l, sum of weights", fixed(one.l), bad ? "bad" : "a")
      + stateBar(146, l, { before: before.l, kept: one.keptL, after: one.l, colour: bad ? "bad" : "a" })
      + note(190, kept, state.rescale || !grew ? "muted" : "bad")
      + title(234, "o, weighted sum of values", fixed(one.o), bad ? "bad" : "c")
      + stateBar(246, o, { before: before.o, kept: one.keptO, after: one.o, colour: bad ? "bad" : "c" })
      + note(290, kept, state.rescale || !grew ? "muted" : "bad")
      + label(20, 322, now ? `o / l = ${fixed(one.out, 4)}` : "o / l", { "font-weight": 700, "font-size": 15, halo: false })
      + label(320, 322, now ? `two passes: ${fixed(one.truth.out, 4)}` : "", { "text-anchor": "end", halo: false }),
  };
}

function outputPanel(state, trace) {
  const { step, run, right, tiles } = runOf(state, trace);
  const shown = run.slice(0, step);
  const values = [...right, ...run].map((one) => one.out).filter(Number.isFinite);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.1, high - low) * 0.15;
  const x = scale([0.5, tiles.length + 0.5], [48, 666]);
  const y = scale([low - room, high + room], [186, 28]);
  const wrong = shown.some((one) => !(one.gap < 1e-9));
  const colour = wrong ? "bad" : "c";
  const [t0, t1] = [Math.ceil((low - room) * 10) / 10, Math.floor((high + room) * 10) / 10];
  const last = shown.at(-1);
  return {
    id: "output", wide: true, width: 680, height: 236, title: "Output after each tile, against two passes over the same keys",
    desc: wrong ? "The streamed output leaves the outline of the right answer." : "The streamed output sits on the outline of the right answer at every tile.",
    body: frame(x, y, { xTitle: "tiles seen", yTitle: "o / l", xTicks: tiles.map((_, j) => [j + 1, String(j + 1)]),
      yTicks: [...new Set([t0, (t0 + t1) / 2, t1])].map((v) => [v, fixed(v)]) })
      + curve(right.map((one, j) => [j + 1, one.out]), x, y, { stroke: INK.muted, "stroke-dasharray": "4 4", "stroke-width": 1.5 })
      + right.map((one, j) => circle(x(j + 1), y(one.out), 9, { fill: "none", stroke: INK.ink, "stroke-width": 1.5, "stroke-dasharray": "3 3" })).join("")
      + curve(shown.map((one, j) => [j + 1, one.out]), x, y, { stroke: INK[colour], "stroke-width": 2.5 })
      + shown.map((one, j) => (Number.isFinite(one.out) ? circle(x(j + 1), y(one.out), 5, { fill: INK[colour], stroke: INK.bg, "stroke-width": 1.5 })
        : hatch(x(j + 0.55), 28, x(1) - x(0.1), 158, { stroke: INK.bad }) + label(x(j + 1), 112, fixed(one.out), { "text-anchor": "middle", "font-weight": 700, "font-size": 18, fill: INK.bad }))).join("")
      + (last && Number.isFinite(last.gap) ? label(660, 18, `error ${last.gap < 1e-12 ? "0" : fixed(last.gap, 4)}`, { "text-anchor": "end", "font-weight": 700, "font-size": 15, fill: INK[colour], halo: false }) : ""),
  };
}

export const row = {
  start: () => ({ step: 4, rescale: true, subtract: true, moved: -1, score: 8 }),
  limits: { step: [0, 99], moved: [-1, 999], score: [LOW, HIGH] },
  panels: (state, trace) => [scoresPanel(state, trace), statePanel(state, trace), outputPanel(state, trace)],
  controls: (state, trace) => [
    { kind: "step", key: "step", label: "tiles seen", min: 0, max: trace.row.tiles.length, show: (k) => `${k} of ${trace.row.tiles.length}` },
    { kind: "check", key: "rescale", label: "rescale l and o by α", warn: true },
    { kind: "check", key: "subtract", label: "subtract the maximum", warn: true },
    { kind: "button", label: "Put my score back", patch: { moved: -1, score: 8 }, disabled: state.moved < 0 },
  ],
  sentence(state, trace) {
    const { step, now } = runOf(state, trace);
    if (!now) return "No tile seen: m = −inf, l = 0, o = 0. Step forward.";
    const grew = step > 1 && now.m > now.before;
    return `After tile ${step}: m = ${fixed(now.m)}, l = ${fixed(now.l)}, o = ${fixed(now.o)}. `
      + (step === 1 ? "The first maximum." : grew ? `A new maximum: what was summed before counts ${fixed(now.alpha, 3)} times.` : "No new maximum: nothing to rescale.");
  },
  warning(state, trace) {
    const { now } = runOf(state, trace);
    if (!state.subtract) {
      return now && !Number.isFinite(now.l) ? "A score above 11.09 made exp overflow fp16: l is inf, and o / l is lost for good."
        : "Without the maximum, fp16 holds until a score passes 11.09: step on, or drag a score up.";
    }
    return state.rescale ? "" : `Old sums keep weights for an old maximum: the output is off by ${fixed(now?.gap ?? 0, 4)}.`;
  },
  caption: "One pass is enough. When a larger score arrives, everything summed so far shrinks by α = exp(m_old − m_new), "
    + "and no tile is read again. Drag a score above the running maximum to see it happen.",
};
