// A first kernel: which lanes of which program touch which element of a matrix in HBM.

export const [ROWS, COLS, ITEM] = [10, 14, 4]; // float32
export const BLOCKS = [2, 4, 8];

/** The grid of programs for tiles of one side. */
export function gridOf(block) {
  const [down, across] = [Math.ceil(ROWS / block), Math.ceil(COLS / block)];
  return { down, across, total: down * across };
}

/** Where program number `k` works: its place in the grid, and its first row and column. */
export function placeOf(k, block) {
  const { across } = gridOf(block);
  const [i, j] = [Math.floor(k / across), k % across];
  return { i, j, row: i * block, column: j * block };
}

/**
 * The lanes of one program: `at` is the element that a lane touches, -1 where it is masked off.
 *
 * The mask "both" guards rows and columns. The mask "end" asks only whether an address lies
 * before the end of the array, so that lanes beyond the last column reach the next row.
 */
export function lanesOf(k, { block, mask }) {
  const { row: top, column: left } = placeOf(k, block);
  return Array.from({ length: block * block }, (_, lane) => {
    const [row, column] = [top + Math.floor(lane / block), left + (lane % block)];
    const at = row * COLS + column;
    const on = row < ROWS && (mask === "both" ? column < COLS : at < ROWS * COLS);
    return { row, column, at: on ? at : -1, strays: on && column >= COLS };
  });
}

/** What the first `state.step` programs have moved, and how many of them stored each element. */
export function walked(state) {
  const { total } = gridOf(state.block);
  const done = Math.min(state.step, total);
  const hits = new Array(ROWS * COLS).fill(0);
  let moved = 0;
  for (let k = 0; k < done; k += 1) {
    for (const { at } of lanesOf(k, state)) {
      if (at < 0) continue;
      hits[at] += 1;
      moved += ITEM;
    }
  }
  return { done, total, hits, loaded: moved, stored: moved, collisions: hits.filter((n) => n > 1).length };
}
