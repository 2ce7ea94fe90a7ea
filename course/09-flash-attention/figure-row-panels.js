// Lesson 9, one row: its scores with the running maximum, and the three numbers kept of it.
import { stateBar } from "../../site/figures/bars.js";
import { amount, circle, fixed, INK, label, line, rect } from "../../site/figures/draw.js";
import { frame, scale } from "../../site/figures/plot.js";
import { HIGH, LOW, runOf } from "./figure-model.js";

export function scoresPanel(state, trace) {
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

export function statePanel(state, trace) {
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
  const kept = step > 1 && !state.subtract ? "old (dashed) + new tile (hatched)" : step > 1 ? `${fixed(shrink, 3)} × old (dashed) + new tile (hatched)` : "the first tile starts from zero";
  return {
    id: "state", width: 340, height: 340, title: "What the program remembers of the row: m, l and o",
    desc: `m is ${fixed(one.m)}, l is ${fixed(one.l)}, o is ${fixed(one.o)}. Old values shrink by alpha when the maximum grows.`,
    body: title(34, "m, largest score so far", now ? fixed(one.m) : "−inf", "d")
      + stateBar(46, m, { before: step > 1 ? one.before : 0, kept: now ? one.m : 0, after: now ? one.m : 0, colour: "d" })
      + note(90, !state.subtract ? "not used: the maximum is not subtracted" : grew ? `grew: α = exp(m_old − m_new) = ${fixed(one.alpha, 3)}` : step > 1 ? "unchanged: α = 1" : "", grew ? "d" : "muted")
      + title(134, "l, sum of weights", amount(one.l), bad ? "bad" : "a")
      + stateBar(146, l, { before: before.l, kept: one.keptL, after: one.l, colour: bad ? "bad" : "a" })
      + note(190, kept, state.rescale || !grew ? "muted" : "bad")
      + title(234, "o, weighted sum of values", amount(one.o), bad ? "bad" : "c")
      + stateBar(246, o, { before: before.o, kept: one.keptO, after: one.o, colour: bad ? "bad" : "c" })
      + note(290, kept, state.rescale || !grew ? "muted" : "bad")
      + label(20, 322, now ? `o / l = ${fixed(one.out, 4)}` : "o / l", { "font-weight": 700, "font-size": 15, halo: false })
      + label(320, 322, now ? `two passes: ${fixed(one.truth.out, 4)}` : "", { "text-anchor": "end", halo: false }),
  };
}
