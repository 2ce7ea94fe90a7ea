// Lesson 9: one row of scores streams through m, l and o.
import { amount, fixed } from "../../site/figures/draw.js";
import { HIGH, LOW, runOf } from "./figure-model.js";
import { numbersPanel, outputPanel } from "./figure-output.js";
import { scoresPanel, statePanel } from "./figure-row-panels.js";

export const row = {
  start: () => ({ step: 4, rescale: true, subtract: true, moved: -1, score: 8 }),
  limits: { step: [0, 99], moved: [-1, 999], score: [LOW, HIGH] },
  panels: (state, trace) => [scoresPanel(state, trace), statePanel(state, trace), numbersPanel(state, trace), outputPanel(state, trace)],
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
    return `After tile ${step}: m = ${fixed(now.m)}, l = ${amount(now.l)}, o = ${amount(now.o)}. `
      + (step === 1 ? "The first maximum." : grew ? `A new maximum: what was summed before counts ${fixed(now.alpha, 3)} times.` : "No new maximum: nothing to rescale.");
  },
  warning(state, trace) {
    const { now } = runOf(state, trace);
    if (!state.subtract) {
      return now && !Number.isFinite(now.l) ? "The sum passed 65504, the largest fp16 number: l is inf, and o/l is lost for good."
        : "Without the maximum, fp16 holds only until the sum passes 65504: step on, or drag a score up.";
    }
    return state.rescale ? "" : `Old sums keep weights for an old maximum: the output is off by ${fixed(now?.gap ?? 0, 4)}.`;
  },
  hint: "Click above a key to set its score; drag the ring, or Tab to it and use the arrow keys.",
  reserve: [209, 341],
  traced: true,
  caption: "One pass is enough. When a larger score arrives, everything summed so far shrinks by α = exp(m_old − m_new), "
    + "and no tile is read again. Drag a score above the running maximum to see it happen.",
};
