// Lesson 9, the arithmetic behind the pictures: bytes, on-chip memory, and the stream of one row.

export const KIB = 1024;
/** Shared memory of one multiprocessor. */
export const LIMITS = [{ name: "A100", limit: 164 * KIB }, { name: "H100", limit: 228 * KIB }];
export const shapeOf = ({ n, d, bq, bk, causal }) => ({ n, m: n, d, bq, bk, causal });

/** Where the scrubber stands: tiles done, the program at work and its latest tile. */
export function whereIs(state) {
  const shape = shapeOf(state);
  const { rows, columns, first, total } = schedule(shape);
  const done = Math.min(state.step, total);
  let program = 0;
  while (program < rows - 1 && first[program + 1] < done) program += 1;
  return { rows, columns, first, total, done, program, tile: done - 1 - first[program], ofTiles: tilesInRow(program, shape) };
}

/** Tiles visited by row block i of N rows; a causal mask lets the last query see all M keys. */
export function tilesInRow(i, { n, m, bq, bk, causal }) {
  const last = causal ? Math.min(m, Math.min(n, (i + 1) * bq) + m - n) : m;
  return Math.ceil(Math.max(0, last) / bk);
}

/** All tiles in the order in which the programs visit them: total and first tile of each row block. */
export function schedule(shape) {
  const rows = Math.ceil(shape.n / shape.bq);
  const first = [0];
  for (let i = 0; i < rows; i += 1) first.push(first[i] + tilesInRow(i, shape));
  return { rows, columns: Math.ceil(shape.m / shape.bk), first, total: first[rows] };
}

/** HBM bytes (fp32) once `tiles` tiles are done; every tile when `tiles` is left out. */
export function flashBytes(shape, tiles = Infinity) {
  const { n, m, d, bq, bk } = shape;
  const { rows, first } = schedule(shape);
  let [loaded, stored] = [0, 0];
  for (let i = 0; i < rows; i += 1) {
    const done = Math.min(tiles - first[i], first[i + 1] - first[i]);
    if (done <= 0 && first[i + 1] > first[i]) break;
    const height = Math.min(bq, n - i * bq);
    loaded += height * d + 2 * d * Math.min(m, done * bk);
    if (done === first[i + 1] - first[i]) stored += height * d + height;
  }
  return { loaded: 4 * loaded, stored: 4 * stored };
}

/** HBM bytes (fp32) of the three-pass way: S and P are written out and read back. */
export function standardBytes({ n, m, d }) {
  return { loaded: 4 * (n * d + 2 * m * d + 2 * n * m), stored: 4 * (2 * n * m + n * d) };
}

/** What one program keeps on the chip (fp32), part by part. */
export function resident({ d, bq, bk }) {
  const parts = { q: bq * d, k: bk * d, v: bk * d, s: bq * bk, acc: bq * d, ml: 2 * bq };
  const bytes = Object.fromEntries(Object.entries(parts).map(([name, count]) => [name, 4 * count]));
  return { parts: bytes, total: Object.values(bytes).reduce((sum, part) => sum + part, 0) };
}

/** Round a number to fp16, ties to even, with its overflow to infinity. */
export function toHalf(value) {
  if (!Number.isFinite(value) || value === 0) return value;
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const unit = 2 ** (exponent - 10);
  const scaled = size / unit;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const units = rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
  const rounded = units * unit;
  return Math.sign(value) * (rounded > 65504 ? Infinity : rounded);
}

/** Softmax-weighted sum of values in one go over all scores: the answer. */
export function twoPass(scores, values) {
  const m = Math.max(...scores);
  const weights = scores.map((s) => Math.exp(s - m));
  const l = weights.reduce((sum, p) => sum + p, 0);
  return { m, l, out: weights.reduce((sum, p, k) => sum + p * values[k], 0) / l };
}

/**
 * The online softmax of one row, tile by tile.
 *
 * `rescale: false` forgets to shrink l and o when the maximum grows; `subtract: false`
 * works without the maximum and in fp16. Both are mistakes to look at.
 * @returns one record a tile: {m, before, l, o, alpha, keptL, keptO, newL, newO, out, truth, gap}
 */
export function stream(tiles, values, { rescale = true, subtract = true } = {}) {
  const round = subtract ? (x) => x : toHalf;
  let [m, l, o] = [-Infinity, 0, 0];
  const seen = { scores: [], values: [] };
  return tiles.map((scores, j) => {
    const newest = Math.max(m, ...scores);
    const alpha = !subtract ? 1 : m === -Infinity ? 0 : Math.exp(m - newest);
    const factor = rescale && subtract ? alpha : 1;
    const shift = subtract ? newest : 0;
    const p = scores.map((s) => round(Math.exp(s - shift)));
    const [keptL, keptO] = [factor * l, factor * o];
    l = p.reduce((sum, w) => round(sum + w), keptL);
    o = p.reduce((sum, w, k) => round(sum + round(w * values[j][k])), keptO);
    const before = m;
    const newL = p.reduce((sum, w) => sum + w, 0);
    const newO = p.reduce((sum, w, k) => sum + w * values[j][k], 0);
    m = newest;
    seen.scores.push(...scores);
    seen.values.push(...values[j]);
    const truth = twoPass(seen.scores, seen.values);
    return { m, before, l, o, alpha, keptL, keptO, newL, newO, out: o / l, truth, gap: Math.abs(o / l - truth.out) };
  });
}

/** The range in which a score may be dragged. */
export const [LOW, HIGH] = [4, 14];

/** The row's tiles with the reader's own score in place, and its stream. */
export function runOf(state, { row: data }) {
  const width = data.tiles[0].length;
  const scores = data.tiles.flat();
  const moved = Math.min(state.moved, scores.length - 1);
  if (moved >= 0) scores[moved] = state.score;
  const tiles = data.tiles.map((_, j) => scores.slice(j * width, (j + 1) * width));
  const step = Math.min(state.step, tiles.length);
  const [run, right] = [state, {}].map((how) => stream(tiles, data.v, how));
  return { width, scores, moved, tiles, step, run, right, now: run[step - 1] };
}
