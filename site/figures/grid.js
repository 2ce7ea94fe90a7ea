// Matrices: `matrix-grid` of the kit, for masks of single cells and for tiles.
import { circle, hatch, INK, path, px, rect } from "./draw.js";

/**
 * A matrix in a square box: gridlines (dropped below three pixels) and the mapping to cells.
 *
 * @returns {{x, y, at, lines, span}} edges of column j and row i, the cell under a pixel,
 *   gridlines as SVG, and `span(i, from, to, attributes)`, a bar over cells of one row
 */
export function grid(box, rows, columns) {
  const x = (j) => box.x + (box.width * j) / columns;
  const y = (i) => box.y + (box.height * i) / rows;
  const inside = (v, n) => Math.max(0, Math.min(n - 1, Math.floor(v)));
  let d = "";
  if (box.width / columns >= 3) for (let j = 1; j < columns; j += 1) d += `M${px(x(j))} ${px(box.y)}V${px(box.y + box.height)}`;
  if (box.height / rows >= 3) for (let i = 1; i < rows; i += 1) d += `M${px(box.x)} ${px(y(i))}H${px(box.x + box.width)}`;
  return {
    x, y,
    at: (u, v) => [inside(((v - box.y) / box.height) * rows, rows), inside(((u - box.x) / box.width) * columns, columns)],
    lines: (d ? path(d, { stroke: INK.line }) : "") + rect(box.x, box.y, box.width, box.height, { fill: "none", stroke: INK.muted }),
    span: (i, from, to, attributes) => rect(x(from), y(i), x(to) - x(from), y(i + 1) - y(i), attributes),
    hatched: (i, from, to, attributes) => hatch(x(from), y(i), x(to) - x(from), y(i + 1) - y(i), attributes),
  };
}

/**
 * A mask of single cells: 1 = filled with a dot, 0 = empty, -1 = wrong (hatched red).
 *
 * `row` and `column` (or -1) are emphasised by a band, as when the reader points at a cell.
 */
export function maskGrid(box, mask, { row = -1, column = -1, colour = "a" } = {}) {
  const g = grid(box, mask.length, mask[0].length);
  const size = Math.min(box.width / mask[0].length, box.height / mask.length);
  const cells = mask.map((cellsOfRow, i) => cellsOfRow.map((value, j) => (value === 0 ? ""
    : value < 0 ? g.span(i, j, j + 1, { fill: INK.badSoft }) + g.hatched(i, j, j + 1, { stroke: INK.bad, gap: 5 })
      : g.span(i, j, j + 1, { fill: INK[`${colour}Soft`] })
        + circle((g.x(j) + g.x(j + 1)) / 2, (g.y(i) + g.y(i + 1)) / 2, size * 0.18, { fill: INK[colour] }))).join("")).join("");
  const band = { fill: INK.ink, "fill-opacity": 0.1 };
  return cells + g.lines
    + (row >= 0 ? rect(box.x, g.y(row), box.width, g.y(row + 1) - g.y(row), band) : "")
    + (column >= 0 ? rect(g.x(column), box.y, g.x(column + 1) - g.x(column), box.height, band) : "");
}
