// Lesson 6: the ring all-reduce, step by step, with three ways to break it; and what each algorithm costs.
import "../../site/figures/index.js";
import { defineFigure } from "../../site/figures/figure.js";
import { clockPanel, odometerPanel } from "./figure-bytes.js";
import { crossing } from "./figure-cost.js";
import { levels } from "./figure-levels.js";
import { clock, ITEM, ringOf, sent } from "./figure-model.js";
import { ringPanel, whoPanel } from "./figure-who.js";

const FAULTS = [["none", "none"], ["slow", "one slow link"], ["dead", "a rank dies"], ["blocking", "all send first, no buffers"]];
const list = (ranks) => ranks.length === 1 ? `rank ${ranks[0]}` : `ranks ${ranks.slice(0, -1).join(", ")} and ${ranks.at(-1)}`;

export const ring = {
  start: () => ({ step: 3, n: 4, L: 10, fault: "none", at: 1, slow: 8, die: 2 }),
  limits: { step: [0, 14], n: [2, 8], L: [1, 40], fault: FAULTS.map(([name]) => name), at: [0, 7], slow: [2, 16], die: [0, 13] },
  panels: (state) => [whoPanel(state), ringPanel(state), odometerPanel(state), clockPanel(state)],
  controls(state) {
    const { last, at, die } = ringOf(state);
    const how = state.fault === "dead"
      ? { key: "die", label: "dies after step", min: 0, max: last - 1, show: () => String(Math.min(die, last - 1)) }
      : { key: "slow", label: "link slower by", min: 2, max: 16, show: (k) => (state.fault === "slow" ? `${k} times` : "–") };
    return [
      { kind: "step", key: "step", label: "step", min: 0, max: last, show: (k) => `${Math.min(k, last)} of ${last}` },
      { kind: "range", key: "n", label: "ranks n", min: 2, max: 8 },
      { kind: "range", key: "L", label: "elements L", min: 1, max: 40 },
      { kind: "choice", key: "fault", label: "fault", options: FAULTS },
      { kind: "range", key: "at", label: "where", min: 0, max: state.n - 1,
        show: () => (state.fault === "slow" ? `${at} → ${(at + 1) % state.n}` : state.fault === "dead" ? `rank ${at}` : "–") },
      { kind: "range", ...how },
    ];
  },
  sentence(state) {
    const { n, L, step, last, size, moved, done } = ringOf(state);
    const all = `${moved.map((one) => one * ITEM).join(", ")} bytes`;
    if (step === 0) return `Start: every rank has its own ${L} elements, cut into chunks of ${size.join(", ")}. Step forward.`;
    if (done.some((steps) => steps < step)) return `Step ${step} of ${last}. The ranks have finished ${done.join(", ")} steps and sent ${all}.`;
    const [out, into] = [sent(0, step, n), sent(n - 1, step, n)];
    const end = step === n - 1 ? ` Now each rank r owns one complete chunk, r + 1.` : step === last ? " Every rank has everything." : "";
    return `Step ${step} of ${last}, ${out.adds ? "reduce-scatter" : "all-gather"}: rank 0 sends chunk ${out.chunk} to rank 1 and `
      + `${out.adds ? "adds" : "keeps"} chunk ${into.chunk} from rank ${n - 1}; so does every rank, one chunk further. Sent so far: ${all}.${end}`;
  },
  warning(state) {
    const { n, L, step, at, die, done, waits, fault, slow } = ringOf(state);
    if (fault === "slow") return `The link from ${at} to ${(at + 1) % n} is ${slow} times slower, and the whole ring goes at its pace: ${clock({ n, L, fault, at, slow }).total} ticks instead of ${clock({ n, L }).total}.`;
    if (fault === "blocking") return `Every rank waits in send until its right neighbour receives, and nobody gets as far as recv: ${Array.from({ length: n }, (_, r) => r).join(" → ")} → 0.`;
    if (fault !== "dead") return "";
    const stuck = waits.flatMap((one, r) => (one ? [r] : []));
    const chain = stuck.length ? `${list(stuck)[0].toUpperCase()}${list(stuck).slice(1)} ${stuck.length === 1 ? "waits" : "wait"} in recv, for good: nothing in a ring says that a neighbour is gone.` : "";
    return step > done[at] ? `Rank ${at} died after step ${die}. ${chain}` : `Rank ${at} will die after step ${die}: step on.`;
  },
  hint: "Choose a fault, then step. Click a rank to make it the one that fails.",
  reserve: [319, 520],
  traced: true,
  caption: "In n − 1 steps the partial sums walk round the ring and grow; in n − 1 more the complete chunks walk round and replace them. "
    + "Every link works in every step, and the ranks send 2(n − 1)/n of their array on the mean: exactly the bound.",
};

defineFigure("g2k-ring", ring);
defineFigure("g2k-crossing", crossing);
defineFigure("g2k-levels", levels);
