// Lesson 2: steepest descent and conjugate gradients on one bowl, plain and stretched.
import "../../site/figures/index.js";
import { fixed, scientific } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";
import { errorPanel, mapPanel, stretchedPanel } from "./figure-panels.js";
import { bounds, look } from "./figure-walks.js";

const signed = (v) => fixed(v, 1);

export const conjugate = {
  start: () => ({ k: 10, kappa: 10, turn: 30, skew: 0, x: 1.7, y: 0.4, dip: false }),
  limits: { k: [0, 12], kappa: [1, 100], turn: [0, 180], skew: [-3, 3], x: [-1.9, 1.9], y: [-1.9, 1.9] },
  panels: (state) => [mapPanel(state), stretchedPanel(state), errorPanel(state)],
  controls: () => [
    { kind: "step", key: "k", label: "steps", min: 0, max: 12 },
    { kind: "pick", key: "kappa", label: "κ", values: [1, 2, 4, 10, 25, 50, 100] },
    { kind: "range", key: "turn", label: "axes turned by", min: 0, max: 180, step: 5, show: (v) => `${v}°` },
    { kind: "range", key: "skew", label: "asymmetry of a", min: -3, max: 3, step: 0.5, show: signed },
    { kind: "check", key: "dip", label: "one eigenvalue negative", warn: true },
  ],
  sentence(state) {
    const { H: [[p, q], [, s]], ratios, descent, conjugate: cg } = look(state);
    const a = `a = ((${signed(p / 2)}, ${signed(q / 2 + state.skew)}), (${signed(q / 2 - state.skew)}, ${signed(s / 2)}))`;
    const same = state.skew ? `${a}: what is added on one side and taken on the other moves no curve.` : `${a}.`;
    if (state.dip) return same;
    const left = (walk, k) => ratios(walk)[Math.min(k, walk.points.length - 1)];
    const zero = (v) => (v < 1e-12 ? "0" : scientific(v));
    const { descent: most } = bounds(state.kappa, state.k);
    return `After ${state.k} steps steepest descent has ${zero(left(descent, state.k))} of its error left, at most ${zero(most)} by its bound; `
      + `conjugate gradients have ${zero(left(cg, state.k))}. ${same}`;
  },
  warning(state) {
    if (!state.dip) return "";
    const { conjugate: { points, down } } = look(state);
    if (!down) return "No step has met the falling direction: the walk ends where the slope is 0, on the saddle.";
    const [u, v] = down.map((one) => fixed(one));
    return `No minimum. After ${points.length - 1} step${points.length === 2 ? "" : "s"} the curvature along (${u}, ${v}) is negative: "unbounded". `
      + "Steepest descent walks out of the map and proves nothing.";
  },
  hint: "Drag the start, or move it with Tab and the arrow keys.",
  reserve: [210, 330],
  caption: "Steepest descent (dashed, squares) zigzags down a bowl with κ = 10; conjugate gradients (solid, dots) arrive with the second step. "
    + "Stretched until its curves are circles, the bowl shows why: there the two steps meet at a right angle.",
};

defineFigure("g2k-conjugate", conjugate);
