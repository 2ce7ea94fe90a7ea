// Lesson 2: two descents in the plane, on f = x'Hx/2, whose minimum (if any) is 0.
const dot = (u, v) => u[0] * v[0] + u[1] * v[1];
const times = ([[a, b], [c, d]], [x, y]) => [a * x + b * y, c * x + d * y];
const plus = (u, t, v) => [u[0] + t * v[0], u[1] + t * v[1]];
export const energy = (H, x) => Math.sqrt(Math.max(0, dot(x, times(H, x))));

/** H with eigenvalues 1 (or -0.4) and kappa, its axes turned by so many degrees. */
export function bowl({ kappa, turn, dip }) {
  const angle = (turn * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const values = [dip ? -0.4 : 1, kappa];
  const [l, m] = values;
  return { values, axes: [[c, s], [-s, c]], H: [[l * c * c + m * s * s, (l - m) * c * s], [(l - m) * c * s, l * s * s + m * c * c]] };
}

/**
 * Walk from x0: along residuals, or along conjugate directions.
 * @returns {{points: number[][], down: number[] | null}} down: a direction without a lowest point
 */
export function walk(H, x0, most, conjugate) {
  const points = [x0];
  let x = x0;
  let r = times(H, x).map((v) => -v);
  let p = r;
  const enough = 1e-13 * Math.hypot(...r);
  while (points.length <= most && Math.hypot(...r) > enough) {
    const Hp = times(H, p);
    if (dot(p, Hp) <= 0) return { points, down: p.map((v) => v / Math.hypot(...p)) };
    const rr = dot(r, r);
    const alpha = rr / dot(p, Hp);
    x = plus(x, alpha, p);
    r = plus(r, -alpha, Hp);
    p = conjugate ? plus(r, dot(r, r) / rr, p) : r;
    points.push(x);
  }
  return { points, down: null };
}

/** The bounds (5) and (6) of the chapter after k steps. */
export function bounds(kappa, k) {
  const root = Math.sqrt(kappa);
  return { descent: ((kappa - 1) / (kappa + 1)) ** k, conjugate: 2 * ((root - 1) / (root + 1)) ** k };
}

/** Everything that the panels show. */
export function look(state) {
  const { H, axes, values } = bowl(state);
  const x0 = [state.x, state.y];
  const descent = walk(H, x0, 12, false);
  const conjugate = walk(H, x0, 12, true);
  const first = energy(H, x0) || 1;
  const ratios = ({ points }) => points.map((x) => energy(H, x) / first);
  // Stretched: each axis times the root of its eigenvalue, so that the start has length 1.
  const stretch = (x) => axes.map((v, i) => (Math.sqrt(Math.abs(values[i])) * dot(v, x)) / first);
  return { H, descent, conjugate, ratios, stretch, f: (x, y) => dot([x, y], times(H, [x, y])) / 2 };
}
