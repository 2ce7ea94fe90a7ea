// Lesson 11: a tree of guesses, its attention mask, and the walk that accepts a path.
import "../../site/figures/index.js";
import { defineFigure } from "../../site/figures/figure.js";
import { maskPanel } from "./figure-mask.js";
import { accepted, cells, leaks, sees, TREES } from "./figure-model.js";
import { nameOf, treePanel } from "./figure-tree.js";

const treeOf = ({ tree }, { trees }) => trees[tree];
const shown = (state, trace) => {
  const tree = treeOf(state, trace);
  return { ...state, node: Math.min(state.node, tree.depth.length - 1) };
};

const spec = {
  traced: true,
  start: () => ({ tree: "full", node: 8, checked: 0, own: true }),
  limits: { tree: Object.keys(TREES), node: [0, 40], checked: [0, 4] },
  panels(state, trace) {
    const now = shown(state, trace);
    return [treePanel(now, treeOf(state, trace)), maskPanel(now, treeOf(state, trace))];
  },
  controls(state, trace) {
    const tree = treeOf(state, trace);
    return [
      { kind: "step", key: "node", label: "node", min: 0, max: tree.depth.length - 1 },
      { kind: "pick", key: "checked", label: "levels verified", values: [0, 1, 2, 3, 4] },
      { kind: "choice", key: "tree", label: "tree", options: Object.entries(TREES) },
      { kind: "check", key: "own", label: "the tree's own mask", warn: true },
    ];
  },
  sentence(state, trace) {
    const [now, tree] = [shown(state, trace), treeOf(state, trace)];
    const n = tree.depth.length;
    const nodes = accepted(tree, now.checked);
    return `Node ${now.node}, “${nameOf(tree, now.node)}”, sees ${sees(tree, now.node, now.own).length} of ${n} nodes. `
      + `The mask has ${cells(tree, now.own)} of ${n * n} cells. Expected tokens a pass: ${tree.length.toFixed(2)}. `
      + (now.checked ? `Accepted so far: ${nodes.map((i) => nameOf(tree, i)).join(" ")}.` : "Nothing is verified yet.");
  },
  warning(state, trace) {
    if (state.own) return "";
    return `A causal mask lets nodes see ${leaks(treeOf(state, trace))} cells of other branches: their logits belong to no text.`;
  },
  hint: "Click a node or a row of the mask.",
  reserve: [165, 210],
  caption: "A node sees the nodes on its own path, and its position is its depth. So one pass gives every path the logits that it would have alone.",
};

defineFigure("g2k-tree", spec);
