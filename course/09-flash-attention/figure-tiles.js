// Lesson 9: the matrix of tiles, and what one program keeps on the chip.
import { bytes, hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { grid } from "../../site/figures/grid.js";
import { scale } from "../../site/figures/plot.js";
import { KIB, LIMITS, resident, schedule, shapeOf, tilesInRow, whereIs } from "./figure-model.js";

const BOX = { x: 48, y: 48, width: 244, height: 244 };

export function tilesPanel(state) {
  const shape = shapeOf(state);
  const { rows, columns, first, total, done, program, tile } = whereIs(state);
  const count = (value) => value.toLocaleString("en-GB");
  const g = grid(BOX, rows, columns);
  const right = BOX.x + BOX.width;
  let body = rect(BOX.x, BOX.y, BOX.width, BOX.height, { fill: INK.bg });
  // Finished rows are one block: many thin ones would leave seams.
  const finished = done === total ? rows : program + (tile + 1 === tilesInRow(program, shape) ? 1 : 0);
  const whole = state.causal ? 0 : done ? finished : 0;
  body += rect(BOX.x, BOX.y, BOX.width, g.y(whole) - BOX.y, { fill: INK.aSoft })
    + rect(18, BOX.y, 16, BOX.height, { fill: INK.bg }) + rect(306, BOX.y, 16, BOX.height, { fill: INK.bg });
  if (done) {
    body += rect(306, BOX.y, 16, g.y(finished) - BOX.y, { fill: INK.c })
      + rect(18, g.y(program), 16, g.y(program + 1) - g.y(program), { fill: INK.b });
  }
  for (let i = whole; i < rows; i += 1) {
    const here = tilesInRow(i, shape);
    const seen = Math.max(0, Math.min(here, done - first[i]));
    if (seen) body += g.span(i, 0, seen, { fill: INK.aSoft });
    if (here < columns) body += g.span(i, here, columns, { fill: INK.panel }) + g.hatched(i, here, columns, { stroke: INK.muted, "stroke-opacity": 0.55 });
  }
  body += g.lines;
  if (state.causal) body += line(BOX.x, BOX.y, right, BOX.y + BOX.height, { "stroke-width": 1.5, "stroke-dasharray": "5 4" });
  for (const x of [18, 306]) body += rect(x, BOX.y, 16, BOX.height, { fill: "none", stroke: INK.muted });
  body += rect(BOX.x, 18, BOX.width, 16, { fill: INK.bg });
  if (done) {
    body += rect(g.x(tile), 18, g.x(tile + 1) - g.x(tile), 16, { fill: INK.d })
      + line(g.x(tile), 34, g.x(tile), g.y(program), { stroke: INK.d, "stroke-dasharray": "2 3" })
      + line(g.x(tile + 1), 34, g.x(tile + 1), g.y(program), { stroke: INK.d, "stroke-dasharray": "2 3" })
      + g.span(program, tile, tile + 1, { fill: INK.a, stroke: INK.ink, "stroke-width": 2 });
  }
  body += rect(BOX.x, 18, BOX.width, 16, { fill: "none", stroke: INK.muted })
    + label(BOX.x - 14, 31, "K V", { "text-anchor": "end", fill: INK.d, "font-weight": 700, halo: false })
    + label(26, BOX.y + BOX.height + 18, "Q", { "text-anchor": "middle", fill: INK.b, "font-weight": 700, halo: false })
    + label(314, BOX.y + BOX.height + 18, "O", { "text-anchor": "middle", fill: INK.c, "font-weight": 700, halo: false })
    + label(170, BOX.y + BOX.height + 18, `${count(state.n)} × ${count(state.n)} scores, never stored`, { "text-anchor": "middle", halo: false })
    + label(170, BOX.y + BOX.height + 36, `${count(total)} tiles of ${state.bq} × ${state.bk}${state.causal ? `, ${count(rows * columns - total)} skipped (hatched)` : ""}`,
      { "text-anchor": "middle", fill: INK.muted, halo: false });
  return {
    id: "tiles", width: 340, height: 340, title: "The score matrix, tile by tile", body,
    desc: "Rows of tiles are visited left to right, one program a row block. Done tiles are tinted, the current one is dark, skipped ones hatched.",
    press(u, v) {
      const [i, j] = g.at(u, v);
      return { step: first[i] + Math.min(j + 1, tilesInRow(i, shape)) };
    },
  };
}

export function chipPanel(state) {
  const { d, bq, bk } = state;
  const { total } = resident(shapeOf(state));
  const above = Math.max(d, bk);
  const s = Math.min(186 / (above + bq), 250 / (2 * d + bk), 1.5);
  const [x1, y1] = [170 - 15 - (bk * s) / 2, 134 - ((bq - above) * s) / 2 + 4];
  const x2 = x1 + 8 + bk * s + 22;
  const block = (x, y, width, height, colour, name, bold = { "text-anchor": "middle", "font-weight": 700, fill: INK[colour], halo: false }) => rect(x, y, width, height, { fill: INK[`${colour}Soft`], stroke: INK[colour], "stroke-width": 2 })
    + label(x + width / 2, y + height / 2 + 5, name, width >= 26 ? bold
      : height > width ? { ...bold, x: x - 4, "text-anchor": "end" } : { ...bold, y: y + height + 16 });
  const bar = scale([0, 288 * KIB], [20, 320]);
  const full = total > LIMITS[1].limit;
  const used = Math.min(total, 288 * KIB);
  const colour = full ? "bad" : total > LIMITS[0].limit ? "b" : "c";
  return {
    id: "chip", width: 340, height: 340, title: "What one program keeps on the chip",
    desc: `Q, K, V, the tile S, the accumulator and m and l take ${bytes(total)}; the walls of two GPUs are marked.`,
    body: rect(10, 10, 320, 232, { fill: INK.bg, stroke: INK.muted, rx: 6 })
      + label(20, 28, "on the chip (SRAM), to scale", { fill: INK.muted, halo: false })
      + block(x1 + 8, y1 - d * s - 8, bk * s, d * s, "d", "Kᵀ")
      + block(x2, y1 - bk * s - 8, d * s, bk * s, "d", "V")
      + block(x1 - d * s, y1, d * s, bq * s, "b", "Q")
      + block(x1 + 8, y1, bk * s, bq * s, "a", "S")
      + rect(x1 + 8 + bk * s + 5, y1, 4, bq * s, { fill: INK.c }) + rect(x1 + 8 + bk * s + 12, y1, 4, bq * s, { fill: INK.c })
      + block(x2, y1, d * s, bq * s, "c", "acc")
      + label(x1 + 8 + bk * s + 10, y1 - 5, "m l", { "text-anchor": "middle", "font-size": 11, fill: INK.c, halo: false })
      + rect(20, 284, 300, 22, { fill: INK.bg, stroke: INK.muted })
      + rect(20, 284, bar(used) - 20, 22, { fill: INK[colour] })
      + (total > LIMITS[0].limit ? hatch(bar(LIMITS[0].limit), 284, bar(used) - bar(LIMITS[0].limit), 22, { stroke: INK.bg }) : "")
      + LIMITS.map(({ name, limit }) => line(bar(limit), 276, bar(limit), 312, { "stroke-width": 2.5 })
        + label(bar(limit), 326, `${name} ${limit / KIB}`, { "text-anchor": "middle", "font-size": 12, halo: false })).join("")
      + label(20, 272, bytes(total), { "font-weight": 700, "font-size": 16, fill: INK[colour], halo: false })
      + label(128, 272, full ? "does not fit" : total > LIMITS[0].limit ? "H100 only" : "fits", { fill: INK[colour], halo: false })
      + label(20, 326, "KiB per SM:", { "font-size": 12, fill: INK.muted, halo: false }),
  };
}
