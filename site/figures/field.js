// Heat-map and contour lines of f(x, y): `contour` of the kit.
import { group, INK, path, through } from "./draw.js";

/** Values of f on an (n + 1) x (n + 1) grid over `[lo, hi]` squared; row 0 is y = lo. */
export function sample(f, [lo, hi], n) {
  const at = (k) => lo + ((hi - lo) * k) / n;
  return Array.from({ length: n + 1 }, (_, j) => Array.from({ length: n + 1 }, (_, i) => f(at(i), at(j))));
}

// Corners of a cell, counter-clockwise from the lower left, as [column, row] offsets.
const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];

/**
 * Closed loops around the region where the grid is at least `level` (marching squares).
 *
 * The grid is framed by a border of very low values, so that every loop closes;
 * where the region meets the edge the loop runs along it.
 * @returns loops of `[column, row]`, in grid units
 */
export function loops(grid, level) {
  const rows = grid.length;
  const columns = grid[0].length;
  const value = (i, j) => (i < 0 || j < 0 || i >= columns || j >= rows ? -1e9 : grid[j][i]);
  const next = new Map();
  const key = (i, j, side) => {
    // An edge belongs to two cells: name it by its lower-left corner and its direction.
    if (side === 1) return `${i + 1},${j},v`;
    if (side === 2) return `${i},${j + 1},h`;
    return `${i},${j},${side === 0 ? "h" : "v"}`;
  };
  for (let j = -1; j < rows; j += 1) {
    for (let i = -1; i < columns; i += 1) {
      const inside = CORNERS.map(([a, b]) => value(i + a, j + b) >= level);
      // Walk the cell's border: where it leaves the region a piece starts, where it enters it ends.
      const exits = [];
      const entries = [];
      for (let side = 0; side < 4; side += 1) {
        const [from, to] = [inside[side], inside[(side + 1) % 4]];
        if (from && !to) exits.push(side);
        if (!from && to) entries.push(side);
      }
      for (const exit of exits) {
        // Of two entries take the one met just before this exit, walking backwards.
        const entry = entries.reduce((best, side) =>
          (exit - side + 4) % 4 < (exit - best + 4) % 4 ? side : best, entries[0]);
        next.set(key(i, j, exit), key(i, j, entry));
      }
    }
  }
  const point = (name) => {
    const [i, j, direction] = name.split(",");
    const [a, b] = [Number(i), Number(j)];
    const [c, d] = direction === "h" ? [a + 1, b] : [a, b + 1];
    const [p, q] = [value(a, b), value(c, d)];
    const t = (level - p) / (q - p);
    const clamp = (v, n) => Math.min(n - 1, Math.max(0, v));
    return [clamp(a + t * (c - a), columns), clamp(b + t * (d - b), rows)];
  };
  const found = [];
  while (next.size) {
    const [start] = next.keys();
    const loop = [];
    for (let at = start; next.has(at);) {
      loop.push(point(at));
      const following = next.get(at);
      next.delete(at);
      at = following;
    }
    found.push(loop);
  }
  return found;
}

/** Drop repeated points, then those on a straight line between their neighbours. */
function thin(points) {
  const apart = points.filter(([x, y], k) => {
    const [a, b] = points.at(k - 1);
    return Math.hypot(x - a, y - b) > 0.3;
  });
  return apart.filter(([x, y], k) => {
    const [[a, b], [c, d]] = [apart.at(k - 1), apart[(k + 1) % apart.length]];
    return Math.abs((x - a) * (d - b) - (y - b) * (c - a)) > 0.06 * Math.hypot(c - a, d - b);
  });
}

/**
 * Filled contours: higher ground is more strongly tinted, below zero in the other
 * hue with dashed lines. `x`, `y` are scales sharing one square domain.
 */
export function contours(grid, levels, x, y) {
  const n = grid.length - 1;
  const [x0, x1] = x.range;
  const [y0, y1] = y.range;
  const round = (v) => Math.round(v * 10) / 10;
  const toPixels = ([i, j]) => [round(x0 + ((x1 - x0) * i) / n), round(y0 + ((y1 - y0) * j) / n)];
  const negate = grid.map((row) => row.map((v) => -v));
  return group({ "stroke-width": 1, "stroke-linejoin": "round", "fill-rule": "evenodd" }, levels.map((level) => {
    const below = level < 0;
    const found = loops(below ? negate : grid, Math.abs(level));
    const d = found.map((loop) => through(thin(loop.map(toPixels)), true)).join("");
    return d && path(d, {
      fill: below ? INK.a : INK.b, "fill-opacity": level === 0 ? "0" : "0.11",
      stroke: INK.ink, "stroke-opacity": level === 0 ? "0.75" : "0.35",
      "stroke-dasharray": below ? "3 3" : undefined,
    });
  }));
}
