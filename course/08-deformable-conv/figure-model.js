// Lesson 8, the arithmetic behind the pictures: reading an image between its pixels, by both rules.

export const SIDE = 7; // of the image
export const REACH = [-1.45, SIDE + 0.45]; // where a tap may be dragged
export const TAPS = [0, 1, 2, 3, 4, 5, 6, 7, 8];
export const BASE = TAPS.map((t) => [2 + Math.floor(t / 3), 2 + (t % 3)]); // (y, x) of the fixed grid

/** The four corners of a place: row, column, weight, slopes of the weight, and the pixel there. */
export function corners(image, y, x) {
  const [top, left] = [Math.floor(y), Math.floor(x)];
  const [down, right] = [y - top, x - left];
  const found = [];
  for (const [row, wy, sy] of [[top, 1 - down, -1], [top + 1, down, 1]]) {
    for (const [col, wx, sx] of [[left, 1 - right, -1], [left + 1, right, 1]]) {
      const exists = row >= 0 && row < image.length && col >= 0 && col < image[0].length;
      found.push({ row, col, weight: wy * wx, byY: sy * wx, byX: sx * wy, exists, pixel: exists ? image[row][col] : 0 });
    }
  }
  return found;
}

/** The value at a place: beyond the border pixels are 0 (2018), or bands are cut and rows repeated (2017). */
export function valueAt(image, y, x, rule = "2018") {
  const sum = (v, u) => corners(image, v, u).reduce((total, c) => total + c.weight * c.pixel, 0);
  if (rule === "2018") return sum(y, x);
  const [height, width] = [image.length, image[0].length];
  return y >= 0 && y < height && x >= 0 && x < width ? sum(Math.min(y, height - 1), Math.min(x, width - 1)) : 0;
}

/** The right derivatives by y and by x, by the rule of 2018. */
export const slopesAt = (image, y, x) => corners(image, y, x)
  .reduce(([a, b], c) => [a + c.byY * c.pixel, b + c.byX * c.pixel], [0, 0]);

/** Where tap t is. */
export const placeOf = (state, t) => [state[`y${t}`], state[`x${t}`]];

/** A patch that puts all taps where `at(t)` says. */
export const placed = (at) => Object.fromEntries(TAPS.flatMap((t) => {
  const [y, x] = at(t);
  return [[`y${t}`, y], [`x${t}`, x]];
}));

/** The mean of the nine samples: the output of a kernel whose weights are all 1/9. */
export const output = (image, state) =>
  TAPS.reduce((sum, t) => sum + valueAt(image, ...placeOf(state, t), state.rule), 0) / 9;

/** The mean distance between neighbouring taps of a 3 x 3 grid of [y, x]. */
export function dilation(taps) {
  const gaps = [];
  for (let i = 0; i < 3; i += 1) {
    for (let j = 0; j < 2; j += 1) {
      gaps.push([taps[i][j], taps[i][j + 1]], [taps[j][i], taps[j + 1][i]]);
    }
  }
  return gaps.reduce((sum, [[a, b], [c, d]]) => sum + Math.hypot(a - c, b - d), 0) / gaps.length;
}
