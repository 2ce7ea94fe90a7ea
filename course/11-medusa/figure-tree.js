// Lesson 11: the tree of guesses, level by level.
import { circle, hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { fate, parents, pathOf, sees } from "./figure-model.js";

const WORDS = [
  ["loss", "sum", "rate", "step", "mean"],
  ["is", "of", "at", "in", "to"],
  ["a", "the", "its", "one", "two"],
  ["row", "set", "map", "pair", "tile"],
];

/** The word of node i: what the guess of its rank says. */
export const nameOf = (tree, i) => (i ? WORDS[tree.depth[i] - 1][pathOf(tree, i).at(-1)] : "The");

/** Where each node stands: leaves side by side in the order of ranks, parents above their middle. */
function placesOf(tree) {
  const up = parents(tree);
  const order = [...tree.depth.keys()].sort((i, j) => (String(pathOf(tree, i)) < String(pathOf(tree, j)) ? -1 : 1));
  const leaves = order.filter((i) => !up.includes(i));
  const x = Array(tree.depth.length).fill(0);
  leaves.forEach((i, k) => { x[i] = 20 + ((k + 0.5) * 308) / leaves.length; });
  for (let i = x.length - 1; i >= 0; i -= 1) {
    const below = up.flatMap((parent, j) => (parent === i ? [x[j]] : []));
    if (below.length) x[i] = (Math.min(...below) + Math.max(...below)) / 2;
  }
  const deepest = Math.max(...tree.depth);
  return x.map((value, i) => [value, 40 + (tree.depth[i] * 210) / Math.max(deepest, 1)]);
}

export function treePanel(state, tree) {
  const [places, up] = [placesOf(tree), parents(tree)];
  const path = sees(tree, state.node, state.own);
  const leaves = up.length - new Set(up).size + 1;
  const small = leaves > 8;
  let body = label(8, 18, "guesses", { fill: INK.muted, halo: false });
  up.forEach((parent, i) => {
    if (parent < 0) return;
    const [[x1, y1], [x2, y2]] = [places[parent], places[i]];
    const on = path.includes(i) && path.includes(parent);
    body += line(x1, y1, x2, y2, { stroke: on ? INK.a : INK.line, "stroke-width": on ? 4 : 1.5 });
  });
  places.forEach(([x, y], i) => {
    const [seen, end] = [path.includes(i), fate(tree, i, state.checked)];
    const leak = seen && !tree.mask[state.node][i];
    const colour = leak ? "bad" : seen ? "a" : "muted";
    const half = small ? 13 : 17;
    const box = [x - half, y - 11, 2 * half, 22];
    body += rect(...box, { rx: 5, fill: INK.bg, stroke: INK[colour], "stroke-width": i === state.node ? 3.5 : 1.8 })
      + (seen ? rect(...box, { rx: 5, fill: INK[`${colour}Soft`] }) : "")
      + (leak ? hatch(...box, { stroke: INK.bad, gap: 6 }) : "")
      + label(x, y + 4, nameOf(tree, i), { "text-anchor": "middle", "font-size": small ? 11 : 13, "font-weight": i === state.node ? 700 : 400, halo: false });
    if (state.checked && end === "kept") body += label(x, y + 25, "✓", { "text-anchor": "middle", fill: INK.c, "font-weight": 700 });
    if (state.checked && end === "refused") body += line(x - half, y + 11, x + half, y - 11, { stroke: INK.b, "stroke-width": 2 });
  });
  return {
    id: "tree", width: 340, height: 290, title: "A tree of guesses", body,
    desc: `The root and ${tree.choices.length} guesses, up to ${Math.max(...tree.depth)} levels deep. Node ${state.node} is “${nameOf(tree, state.node)}”; the path to it is drawn thick.`,
    press: (u, v) => {
      const near = places.map(([x, y]) => Math.hypot(x - u, y - v));
      return { node: near.indexOf(Math.min(...near)) };
    },
  };
}
