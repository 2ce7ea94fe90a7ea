// Lesson 11, the arithmetic behind the pictures: who sees whom in a tree, and which path is accepted.

/** The trees to choose from; their buffers are in trace.json. */
export const TREES = {
  full: "3 guesses, then 3 below each",
  deep: "2, 2 and 2 guesses",
  best: "the best 12 nodes",
  chain: "the first guesses alone",
};

/** What the model itself would write after the root: the ranks of the guesses that are right. */
const RIGHT = [0, 1, 0, 3];

/** The nodes that node i attends to: by the tree's mask, or by a causal one. */
export const sees = ({ mask }, i, own = true) =>
  mask[i].map((value, j) => (own ? value : j <= i) ? j : -1).filter((j) => j >= 0);

/** How many cells of the mask are set. */
export const cells = (tree, own = true) =>
  tree.mask.reduce((sum, _, i) => sum + sees(tree, i, own).length, 0);

/** How many cells a causal mask has too many. */
export const leaks = (tree) => cells(tree, false) - cells(tree);

/** The parent of each node, -1 for the root. */
export const parents = ({ mask, depth }) =>
  mask.map((row, i) => row.findIndex((value, j) => value && depth[j] === depth[i] - 1));

/** The path of ranks from the root to node i. */
export const pathOf = ({ choices }, i) => (i ? choices[i - 1] : []);

/** The accepted nodes after so many levels were verified, from the root on. */
export function accepted(tree, levels) {
  const nodes = [0];
  for (let depth = 1; depth <= levels; depth += 1) {
    const next = tree.choices.findIndex((path) => path.length === depth
      && path.every((rank, k) => rank === RIGHT[k]));
    if (next < 0) break;
    nodes.push(next + 1);
  }
  return nodes;
}

/** Whether the walk has come to its end. */
export const isOver = (tree, levels) => levels > accepted(tree, levels).length - 1
  || levels >= Math.max(...tree.depth);

/** What became of node i: "kept", "refused" or "open". */
export function fate(tree, i, levels) {
  if (accepted(tree, levels).includes(i)) return "kept";
  return tree.depth[i] <= levels || isOver(tree, levels) ? "refused" : "open";
}
