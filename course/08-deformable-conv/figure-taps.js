// Lesson 8: nine taps over an image, the four corners of one of them, and the border.
import { arrow, circle, fixed, group, hatch, INK, label, line, rect, tag } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { BASE, corners, output, placed, placeOf, REACH, SIDE, slopesAt, TAPS, valueAt } from "./figure-model.js";

const CELL = 34;
const LEFT = 17;
const at = (v) => LEFT + (v + 1.5) * CELL; // the centre of pixel v
const near = (v) => Math.max(REACH[0], Math.min(REACH[1], Math.round(v * 20) / 20));
const DROPPED = [[1.55, 1.7], [1.3, 3.1], [1.7, 4.6], [3.2, 1.2], [3.0, 3.0], [3.3, 4.45], [4.6, 1.6], [5.1, 2.9], [4.35, 4.7]];
const small = { halo: false, "font-size": 12 };
const flat = Array.from({ length: SIDE }, () => Array(SIDE).fill(1));

function imagePanel(state, { image }) {
  const [y, x] = placeOf(state, state.tap);
  const most = Math.max(...image.flat());
  let body = rect(LEFT, LEFT, CELL * 9, CELL * 9, { fill: "none", stroke: INK.line, "stroke-dasharray": "3 3" });
  const cells = image.flatMap((row, i) => row.map((pixel, j) => [at(j) - CELL / 2, at(i) - CELL / 2, pixel]));
  body += group({ fill: INK.a, stroke: INK.line }, cells.map(([u, v, pixel]) => rect(u, v, CELL, CELL, { "fill-opacity": 0.06 + (0.5 * pixel) / most })))
    + group({ fill: INK.muted, "font-size": 11 }, cells.map(([u, v, pixel]) => tag("text", { x: u + 4, y: v + CELL - 5 }, String(pixel))));
  for (const corner of corners(image, y, x)) {
    const side = Math.sqrt(corner.weight) * CELL;
    const box = [at(corner.col) - side / 2, at(corner.row) - side / 2, side, side];
    body += rect(at(corner.col) - CELL / 2, at(corner.row) - CELL / 2, CELL, CELL, { fill: "none", stroke: INK.d, "stroke-width": 2, "stroke-dasharray": corner.exists ? undefined : "4 3" })
      + rect(...box, { fill: INK.dSoft, stroke: INK.d }) + (corner.exists ? hatch(...box, { stroke: INK.d, gap: 5 }) : "");
  }
  for (const t of TAPS) {
    const [v, u] = placeOf(state, t);
    const [by, bx] = BASE[t];
    body += line(at(bx), at(by), at(u), at(v), { stroke: INK.muted, "stroke-dasharray": "2 2" })
      + rect(at(bx) - 2, at(by) - 2, 4, 4, { fill: INK.muted })
      + circle(at(u), at(v), t === state.tap ? 8 : 6, { fill: t === state.tap ? INK.d : INK.bg, stroke: INK.ink, "stroke-width": 2 });
  }
  const [byY, byX] = slopesAt(image, y, x);
  const size = Math.hypot(byY, byX);
  if (size > 0.01) {
    const reach = Math.min(46, 12 + 9 * size) / size;
    body += arrow(at(x), at(y), at(x) + byX * reach, at(y) + byY * reach, { stroke: INK.c, width: 3 });
  }
  const move = (t, v, u) => ({ tap: t, [`y${t}`]: near(v), [`x${t}`]: near(u) });
  return {
    id: "image", width: 340, height: 340, title: "An image, and nine taps that are moved off their grid", body,
    desc: `Tap ${state.tap} lies at row ${fixed(y)}, column ${fixed(x)}. Its four corners are framed; the square in each shows its weight. The arrow points to where the value grows.`,
    handles: TAPS.map((t) => {
      const [v, u] = placeOf(state, t);
      return { id: `tap${t}`, x: at(u), y: at(v), label: `Tap ${t}`, now: v, min: REACH[0], max: REACH[1],
        text: `row ${fixed(v)}, column ${fixed(u)}`,
        drag: (px, py) => move(t, (py - LEFT) / CELL - 1.5, (px - LEFT) / CELL - 1.5),
        key: (dx, dy) => move(t, v - dy * 0.1, u + dx * 0.1) };
    }),
  };
}

function cornersPanel(state, { image }) {
  const [y, x] = placeOf(state, state.tap);
  const [left, top, size] = [70, 40, 200];
  const [down, right] = [y - Math.floor(y), x - Math.floor(x)];
  const [cx, cy] = [left + right * size, top + down * size];
  let body = label(left - 50, 20, `tap ${state.tap} at (${fixed(y)}, ${fixed(x)})`, { halo: false, "font-weight": 700 });
  let ends = "";
  corners(image, y, x).forEach((corner, k) => {
    const [below, beside] = [k > 1, k % 2 === 1];
    // The rectangle opposite to a corner is its weight.
    const box = [beside ? left : cx, below ? top : cy, beside ? cx - left : left + size - cx, below ? cy - top : top + size - cy];
    body += rect(...box, { fill: INK.dSoft, "fill-opacity": below === beside ? 1 : 0.45, stroke: INK.d });
    if (box[2] > 34 && box[3] > 18) body += label(box[0] + box[2] / 2, box[1] + box[3] / 2 + 4, fixed(corner.weight), { "text-anchor": "middle", halo: false });
    const [px, py] = [left + (beside ? size : 0), top + (below ? size : 0)];
    ends += circle(px, py, 15, { fill: INK.bg, stroke: corner.exists ? INK.a : INK.muted, "stroke-width": 2, "stroke-dasharray": corner.exists ? undefined : "3 3" })
      + label(px, py + 4, corner.pixel, { "text-anchor": "middle", halo: false, "font-weight": 700 });
  });
  body += ends;
  body += circle(cx, cy, 7, { fill: INK.d, stroke: INK.ink, "stroke-width": 2 });
  const value = valueAt(image, y, x, state.rule);
  const terms = corners(image, y, x).map((c) => `${fixed(c.weight)} · ${c.pixel}`).join(" + ");
  const [byY, byX] = slopesAt(image, y, x);
  body += label(20, 282, terms, small)
    + label(20, 304, `value ${fixed(value)}${state.rule === "2017" ? " by the rule of 2017" : ""}`, { halo: false, "font-weight": 700 })
    + label(20, 326, `slope by y ${fixed(byY)}, by x ${fixed(byX)}`, { halo: false, fill: INK.c, "font-weight": 700 });
  return {
    id: "corners", width: 340, height: 340, title: "Four pixels, four areas", body,
    desc: `Each corner counts with the area opposite to it: ${terms}. The value is ${fixed(value)}, the slope by y ${fixed(byY)}, by x ${fixed(byX)}.`,
  };
}

function borderPanel(state) {
  const [y] = placeOf(state, state.tap);
  const x = scale([-1.6, SIDE + 0.6], [34, 326]);
  const v = scale([0, 1.25], [190, 24]);
  const kinks = { 2018: [-1.6, -1, 0, SIDE - 1, SIDE, SIDE + 0.6], 2017: [-1.6, -1e-9, 0, SIDE - 1e-9, SIDE, SIDE + 0.6] };
  const profile = (rule) => kinks[rule].map((p) => [p, valueAt(flat, p, 3, rule)]);
  const both = state.rule === "2017";
  return {
    id: "border", width: 340, height: 240, title: "The value of an image that is 1 everywhere",
    desc: both ? "By the rule of 2017 the value jumps from 0 to 1 at row 0 and back at the end." : "By the rule of 2018 the value rises from 0 at row −1 to 1 at row 0, and falls likewise after the last row.",
    body: frame(x, v, { xTitle: "row y, in an image of seven ones", yTitle: "value", xTicks: [-1, 0, 3, 6, 7].map((p) => [p, fixed(p, 0)]), yTicks: [[0, "0"], [1, "1"]] })
      + curve(profile("2018"), x, v, { stroke: INK.a, "stroke-width": both ? 1.5 : 3, "stroke-dasharray": both ? "5 4" : undefined })
      + (both ? curve(profile("2017"), x, v, { stroke: INK.bad, "stroke-width": 3 }) : "")
      + line(x(y), 24, x(y), 190, { stroke: INK.d, "stroke-width": 2 })
      + circle(x(y), v(valueAt(flat, y, 3, state.rule)), 6, { fill: INK.d, stroke: INK.ink, "stroke-width": 2 }),
  };
}

export const taps = {
  traced: true,
  start: () => ({ tap: 2, rule: "2018", ...placed((t) => DROPPED[t]) }),
  limits: { tap: [0, 8], rule: ["2018", "2017"], ...Object.fromEntries(TAPS.flatMap((t) => [[`y${t}`, REACH], [`x${t}`, REACH]])) },
  panels: (state, trace) => [imagePanel(state, trace), cornersPanel(state, trace), borderPanel(state)],
  controls: (state) => [
    { kind: "step", key: "tap", label: "tap", min: 0, max: 8 },
    { kind: "choice", key: "rule", label: "border", options: [["2018", "zeros all around (2018)"], ["2017", "cut and repeat (2017)"]] },
    { kind: "button", label: "All offsets 0", patch: placed((t) => BASE[t]) },
    { kind: "button", label: "Tap outside", patch: { [`y${state.tap}`]: -0.4, [`x${state.tap}`]: 3 } },
  ],
  sentence(state, { image }) {
    const [y, x] = placeOf(state, state.tap);
    const [byY, byX] = slopesAt(image, y, x);
    return `Tap ${state.tap} reads ${fixed(valueAt(image, y, x, state.rule))} at (${fixed(y)}, ${fixed(x)}); the slopes are ${fixed(byY)} by y and ${fixed(byX)} by x. `
      + `The mean of all nine is ${fixed(output(image, state))}.`;
  },
  warning(state, { image }) {
    if (state.rule === "2018") return "";
    const [y, x] = placeOf(state, state.tap);
    const [now, right] = [valueAt(image, y, x, "2017"), valueAt(image, y, x)];
    return `By the rule of 2017 values jump at the border${Math.abs(now - right) > 0.005 ? `: this tap reads ${fixed(now)}, not ${fixed(right)}` : ". Move a tap outside to see it"}.`;
  },
  hint: "Drag a tap, or Tab to it and use the arrow keys; the arrow shows where its value grows.",
  reserve: [205, 300],
  caption: "A tap between pixels reads its four corners, each with the area opposite to it. The value never jumps as the tap moves, not even across the border: the image stands in zeros.",
};
