// Lesson 3: U = 1 + FU, term by term: first returns laid over the visits that follow them.
import { fixed, hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { returnsOf } from "./figure-model.js";

const LAST = 12;
const [LEFT, GAP, MIDDLE, UNIT] = [30, 24, 150, 96];

/** What is laid over what: first returns, or every visit if the reader insists. */
export function look({ m, p, all }) {
  const { u, f } = returnsOf(p, LAST);
  const first = all ? [0, ...u.slice(1)] : f;
  const products = Array.from({ length: m }, (_, k) => first[k + 1] * u[m - k - 1]);
  return { u, first, products, sum: products.reduce((a, b) => a + b, 0), back: f.reduce((a, b) => a + b, 0) };
}

function overlapPanel(state) {
  const { u, first } = look(state);
  const { m } = state;
  const bars = Array.from({ length: LAST }, (_, k) => {
    const [j, x] = [k + 1, LEFT + k * GAP];
    const [up, down] = [first[j] * UNIT, j <= m ? u[m - j] * UNIT : 0];
    return rect(x, MIDDLE - up, 15, up, { fill: j <= m ? INK.aSoft : INK.bg, stroke: INK.a })
      + (j <= m ? hatch(x, MIDDLE - up, 15, up, { stroke: INK.a }) : "")
      + (j <= m ? rect(x, MIDDLE + 20, 15, down, { fill: INK.b }) : "")
      + label(x + 7, MIDDLE + 14, String(2 * j), { "text-anchor": "middle", fill: j <= m ? INK.ink : INK.muted, "font-size": 12, halo: false });
  }).join("");
  return {
    id: "overlap", width: 340, height: 300, title: "First returns over the visits that follow them",
    desc: `Bars up: ${state.all ? "every visit" : "first returns"} after 2, 4 to ${2 * LAST} steps. Bars down, read backwards: the visits in the steps that are left until ${2 * m}.`,
    body: label(14, 24, state.all ? "every visit, after j steps" : "f: back for the first time, after j steps", { fill: INK.a, halo: false })
      + label(326, 290, `u: and at 0 again after ${2 * m} − j more`, { "text-anchor": "end", fill: INK.b, halo: false })
      + line(LEFT - 8, MIDDLE, 326, MIDDLE, { stroke: INK.muted }) + bars,
  };
}

function sumPanel(state) {
  const { u, products, sum, back } = look(state);
  const { m, p, all } = state;
  const scale = 200 / Math.max(0.52, sum, u[m]);
  let y = 250;
  const parts = products.map((part, k) => {
    const height = part * scale;
    y -= height;
    const box = rect(50, y, 76, height, { fill: k % 2 ? INK.bg : INK.cSoft, stroke: all ? INK.bad : INK.c });
    return box + (height > 13 ? label(88, y + height / 2 + 4, `j = ${2 * (k + 1)}`, { "text-anchor": "middle", "font-size": 12, halo: false }) : "");
  }).join("");
  const right = 250 - u[m] * scale;
  const ever = 1 - Math.abs(2 * p - 1);
  return {
    id: "sum", width: 340, height: 300, title: "The products, stacked, and the visits that they explain",
    desc: `The products add up to ${fixed(sum, 4)}; the probability to be at 0 after ${2 * m} steps is ${fixed(u[m], 4)}.`,
    body: label(14, 24, `at 0 after ${2 * m} steps`, { halo: false })
      + parts + rect(150, right, 76, 250 - right, { fill: INK.bSoft, stroke: INK.b }) + hatch(150, right, 76, 250 - right, { stroke: INK.b })
      + line(40, 250, 240, 250, { stroke: INK.muted })
      + label(88, 268, "sum of f · u", { "text-anchor": "middle", halo: false }) + label(188, 268, "u", { "text-anchor": "middle", halo: false })
      + label(88, y - 7, fixed(sum, 4), { "text-anchor": "middle", "font-weight": 700, halo: false })
      + label(188, right - 7, fixed(u[m], 4), { "text-anchor": "middle", "font-weight": 700, halo: false })
      + rect(270, 50, 26, 200, { fill: INK.bg, stroke: INK.line }) + rect(270, 250 - back * 200, 26, back * 200, { fill: INK.aSoft, stroke: INK.a })
      + line(262, 250 - ever * 200, 304, 250 - ever * 200, { "stroke-width": 2.5 })
      + label(283, 42, fixed(back, 2), { "text-anchor": "middle", "font-weight": 700, fill: INK.a, halo: false })
      + label(283, 268, "back by 24", { "text-anchor": "middle", halo: false })
      + label(283, 286, `ever: ${fixed(ever, 2)}`, { "text-anchor": "middle", halo: false }),
  };
}

export const returns = {
  start: () => ({ m: 4, p: 0.5, all: false }),
  limits: { m: [1, LAST], p: [0.05, 0.95] },
  panels: (state) => [overlapPanel(state), sumPanel(state)],
  controls: () => [
    { kind: "step", key: "m", label: "pairs of steps", min: 1, max: LAST },
    { kind: "range", key: "p", label: "p", min: 0.05, max: 0.95, step: 0.05, show: (v) => fixed(v) },
    { kind: "check", key: "all", label: "count every visit as a first one", warn: true },
  ],
  sentence(state) {
    const { u, sum, back } = look({ ...state, all: false });
    return `p = ${fixed(state.p)}: after ${2 * state.m} steps he is at 0 with probability ${fixed(u[state.m], 4)}, and the sum over first returns is ${fixed(sum, 4)}. `
      + `Within 24 steps he comes back with ${fixed(back, 3)}, ever with ${fixed(1 - Math.abs(2 * state.p - 1))}.`;
  },
  warning: (state) => (state.all && state.m > 1
    ? `With visits in the place of first returns the sum is ${fixed(look(state).sum, 4)}: who was at 0 several times is counted once for each.` : ""),
  reserve: [176, 291],
  traced: true,
  caption: "Whoever is at 0 after 8 steps came back for the first time after some j, and is at 0 again 8 − j steps later: the products of the two rows add up to u. That is U = 1 + FU.",
};
