// A first kernel: programs walk over a matrix, tile by tile, and the bytes are counted.
import "../../site/figures/index.js";
import { byteMeter } from "../../site/figures/bars.js";
import { hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";
import { grid } from "../../site/figures/grid.js";
import { scale } from "../../site/figures/plot.js";
import { BLOCKS, COLS, gridOf, ITEM, lanesOf, placeOf, ROWS, walked } from "./figure-model.js";

const CELL = 18;
const BOX = { x: 30, y: 34, width: COLS * CELL, height: ROWS * CELL };
const cell = (row, column) => [BOX.x + column * CELL, BOX.y + row * CELL, CELL, CELL];
const plain = { halo: false, "font-size": 12, fill: INK.muted };
const steps = (from, to, by) => Array.from({ length: Math.ceil((to - from) / by) }, (_, k) => from + k * by);

function matrixPanel(state) {
  const { block } = state;
  const { done, total, hits } = walked(state);
  const { down, across } = gridOf(block);
  const current = done - 1;
  let body = rect(BOX.x, BOX.y, BOX.width, BOX.height, { fill: INK.bg });
  hits.forEach((times, at) => {
    const square = cell(Math.floor(at / COLS), at % COLS);
    if (times === 1) body += rect(...square, { fill: INK.aSoft });
    if (times > 1) body += rect(...square, { fill: INK.badSoft }) + hatch(...square, { stroke: INK.bad, gap: 5 });
  });
  body += grid(BOX, ROWS, COLS).lines;
  for (let k = 0; k < total; k += 1) {
    const { i, j, row, column } = placeOf(k, block);
    const [x, y] = cell(row, column);
    const [inside, below] = [Math.min(block, COLS - column), Math.min(block, ROWS - row)];
    if (inside < block || below < block) {
      body += rect(x, y, block * CELL, block * CELL, { fill: "none", stroke: INK.muted, "stroke-dasharray": "2 3" });
    }
    body += rect(x, y, inside * CELL, below * CELL, { fill: "none", stroke: INK.muted, "stroke-width": 1.5 })
      + label(x + (inside * CELL) / 2, y + (below * CELL) / 2 + 4, `${i},${j}`,
        { "text-anchor": "middle", "font-size": 11, "font-weight": k === current ? 700 : 400 });
  }
  if (done) {
    const { row, column } = placeOf(current, block);
    for (const lane of lanesOf(current, state)) {
      if (lane.at < 0) body += hatch(...cell(lane.row, lane.column), { stroke: INK.muted, gap: 6 });
      if (!lane.strays) continue;
      const [from, to] = [cell(lane.row, lane.column), cell(Math.floor(lane.at / COLS), lane.at % COLS)];
      body += rect(...from, { fill: INK.badSoft, stroke: INK.bad }) + rect(...to, { fill: "none", stroke: INK.bad, "stroke-width": 2.5 });
    }
    body += rect(...cell(row, column).slice(0, 2), block * CELL, block * CELL, { fill: "none", stroke: INK.a, "stroke-width": 3 });
  }
  for (const column of steps(0, COLS, block)) body += label(BOX.x + column * CELL + CELL / 2, BOX.y - 8, column, { ...plain, "text-anchor": "middle" });
  for (const row of steps(0, ROWS, block)) body += label(BOX.x - 8, BOX.y + row * CELL + 13, row, { ...plain, "text-anchor": "end" });
  const bottom = BOX.y + Math.max(ROWS, down * block) * CELL;
  body += label(BOX.x, bottom + 20, `${ROWS} × ${COLS} elements, ${down} × ${across} programs`, { halo: false });
  return {
    id: "matrix", width: 340, height: 350, title: "The matrix, and its tiles", body,
    desc: `Tiles of ${block} × ${block}. Copied elements are tinted, the current tile has a thick frame, lanes that are masked off are hatched, elements that two programs store are hatched red.`,
    press(u, v) {
      const inside = (value, most) => Math.max(0, Math.min(most - 1, Math.floor(value / CELL / block)));
      return { step: inside(v - BOX.y, down) * across + inside(u - BOX.x, across) + 1 };
    },
  };
}

function memoryPanel(state) {
  const { block } = state;
  const { done, hits, loaded, stored } = walked(state);
  const [left, unit, top, height] = [16, 2.2, 58, 28];
  const bit = (at, attributes) => rect(left + at * unit, top, unit, height, attributes);
  let body = label(left, 24, "HBM: one line of elements, row after row", { halo: false })
    + rect(left, top, ROWS * COLS * unit, height, { fill: INK.bg });
  hits.forEach((times, at) => { if (times) body += bit(at, { fill: times > 1 ? INK.bad : INK.aSoft }); });
  const lines = ["Nothing has run yet."];
  if (done) {
    const { i, j, row, column } = placeOf(done - 1, block);
    const lanes = lanesOf(done - 1, state);
    for (const { at, strays } of lanes) if (at >= 0) body += bit(at, { fill: strays ? INK.bad : INK.a });
    const off = lanes.filter(({ at }) => at < 0).length;
    const stray = lanes.filter(({ strays }) => strays).length;
    const first = row * COLS + column;
    body += line(left + first * unit, top + height, left + first * unit, top + height + 14, { stroke: INK.a, "stroke-width": 2 });
    lines.splice(0, 1, `program (${i}, ${j}): rows from ${row}, columns from ${column}`,
      `first element: ${row} · ${COLS} + ${column} = ${first}`,
      `rows lie ${COLS} apart: the stride`,
      `${block * block} lanes, ${off} masked off${stray ? `, ${stray} in the next row` : ""}`);
  }
  for (let row = 0; row <= ROWS; row += 1) {
    const x = left + row * COLS * unit;
    body += line(x, top - 4, x, top + height + 4, { stroke: INK.muted });
    if (row < ROWS) body += label(x + (COLS * unit) / 2, top - 8, row, { ...plain, "font-size": 11, "text-anchor": "middle" });
  }
  lines.forEach((text, k) => { body += label(left, 128 + 22 * k, text, { halo: false, "font-weight": k ? 400 : 700 }); });
  const whole = 2 * ROWS * COLS * ITEM;
  const meter = scale([0, 1.15 * whole], [left, 324]);
  body += byteMeter(256, meter, { loaded, stored }, whole, { name: "moved", colour: loaded + stored > whole ? "bad" : "c" })
    + label(left, 304, `${loaded} bytes loaded (solid), ${stored} stored (hatched)`, { ...plain })
    + label(left, 324, `needed: ${whole / 2} and ${whole / 2} (dashed)`, { ...plain });
  return {
    id: "memory", width: 340, height: 350, title: "The same elements in HBM, and the meter", body,
    desc: `${lines.join(". ")}. ${loaded} bytes loaded, ${stored} stored.`,
  };
}

export const walk = {
  start: () => ({ step: 8, block: 4, mask: "both" }),
  limits: { step: [0, 35], block: [2, 8], mask: ["both", "end"] },
  panels: (state) => [matrixPanel(state), memoryPanel(state)],
  controls: (state) => [
    { kind: "step", key: "step", label: "done", min: 0, max: gridOf(state.block).total,
      show: (k) => `${Math.min(k, gridOf(state.block).total)} of ${gridOf(state.block).total}` },
    { kind: "pick", key: "block", label: "BLOCK", values: BLOCKS },
    { kind: "choice", key: "mask", label: "mask", options: [["both", "row < M and column < N"], ["end", "address < M · N"]] },
    { kind: "button", label: "Run to the end", patch: { step: 35 } },
  ],
  sentence(state) {
    const { done, total, loaded } = walked(state);
    if (!done) return "No program has run: nothing has been loaded.";
    const { i, j } = placeOf(done - 1, state.block);
    const off = lanesOf(done - 1, state).filter(({ at }) => at < 0).length;
    return `Program (${i}, ${j}) ran ${off ? `with ${off} of its ${state.block ** 2} lanes masked off` : "with all its lanes"}. `
      + `${done} of ${total} programs have loaded ${loaded} bytes and stored as many.`;
  },
  warning(state) {
    if (state.mask === "both") return "";
    const { collisions } = walked(state);
    if (COLS % state.block === 0) return `${COLS} is a multiple of ${state.block}: no lane sticks out of a row, and the wrong mask goes unnoticed.`;
    if (!collisions) return "The wrong mask has done no harm so far: run on.";
    return `${collisions} elements have been stored by two programs: a race. Which of the two comes last is a matter of timing.`;
  },
  hint: "Click a tile to run up to it.",
  reserve: [256, 350],
  caption: "Each program copies one tile; the mask switches off the lanes that stick out. With a mask that ends with the array, "
    + "not with the row, they reach into the next row: two programs store one element.",
};

defineFigure("g2k-walk", walk);
