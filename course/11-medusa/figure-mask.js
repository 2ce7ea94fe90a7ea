// Lesson 11: the attention mask of the flattened tree, positions, and the slots that the cache keeps.
import { hatch, INK, label, rect } from "../../site/figures/draw.js";
import { grid, maskGrid } from "../../site/figures/grid.js";
import { fate, isOver } from "./figure-model.js";

const BOX = { x: 60, y: 34, width: 200, height: 196 };
const LENGTH = 7; // slots of the cache before the tree

export function maskPanel(state, tree) {
  const n = tree.depth.length;
  const mask = tree.mask.map((row, i) => row.map((value, j) => (value ? 1 : !state.own && j <= i ? -1 : 0)));
  const g = grid(BOX, n, n);
  const over = state.checked > 0 && isOver(tree, state.checked);
  const row = (v) => (g.y(v) + g.y(v + 1)) / 2 + 4;
  let body = label(BOX.x, 24, "may attend to node", { halo: false })
    + label(274, 24, "position", { halo: false })
    + maskGrid(BOX, mask, { row: state.node });
  for (let i = 0; i < n; i += 1) {
    const bold = { "font-size": n > 12 ? 11 : 12, "font-weight": i === state.node ? 700 : 400, halo: false };
    body += label(BOX.x - 8, row(i), i, { ...bold, "text-anchor": "end" })
      + label(299, row(i), LENGTH + tree.depth[i], { ...bold, "text-anchor": "middle", fill: INK.d });
  }
  body += label(BOX.x, 250, over ? "slots that the cache keeps" : "slots of this pass", { halo: false });
  const size = BOX.width / n;
  for (let i = 0; i < n; i += 1) {
    const [x, kept] = [BOX.x + i * size, fate(tree, i, state.checked) === "kept"];
    const cell = [x + 1, 258, size - 2, 18];
    body += rect(...cell, { fill: over && kept ? INK.c : INK.bg, stroke: over && !kept ? INK.b : INK.muted })
      + (over && !kept ? hatch(...cell, { stroke: INK.b, gap: 5 }) : "");
  }
  return {
    id: "mask", width: 340, height: 290, title: "The mask of the flattened tree", body,
    desc: `Row ${state.node} is node ${state.node}: dots mark what it may attend to. Beside each row stands its position, ${LENGTH} and its depth, as the cache has ${LENGTH} slots.`,
    press: (u, v) => ({ node: g.at(u, v)[0] }),
  };
}
