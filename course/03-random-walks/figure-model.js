// Lesson 3, the arithmetic behind the pictures: walks, their law, first returns.
import { uniform } from "../../site/figures/random.js";

export const WALKS = 400;
export const SHOWN = 10;

/** P(S_n = x) for x = -n, -n + 2 ... n: from the most likely place outwards, by ratios. */
export function lawOf(n, p) {
  const top = Math.min(n, Math.floor((n + 1) * p));
  const law = new Array(n + 1).fill(0);
  law[top] = 1;
  for (let k = top; k < n; k += 1) law[k + 1] = law[k] * ((n - k) / (k + 1)) * (p / (1 - p));
  for (let k = top; k > 0; k -= 1) law[k - 1] = law[k] * (k / (n - k + 1)) * ((1 - p) / p);
  const sum = law.reduce((a, b) => a + b, 0);
  return law.map((value) => value / sum);
}

export const mean = (n, p) => n * (2 * p - 1);
export const spread = (n, p) => 2 * Math.sqrt(n * p * (1 - p));

/** Walks of n steps: the paths of some, at `points` times, and the ends of all. */
export function sample({ n, p, seed, shared }, points = 100) {
  const next = uniform(seed);
  const every = Math.max(1, Math.floor(n / points));
  const [paths, ends] = [[], []];
  for (let walk = 0; walk < WALKS; walk += 1) {
    if (shared && walk > 0) {
      if (walk < SHOWN) paths.push(paths[0]);
      ends.push(ends[0]);
      continue;
    }
    let x = 0;
    const path = [[0, 0]];
    for (let k = 1; k <= n; k += 1) {
      x += next() < p ? 1 : -1;
      if (walk < SHOWN && (k % every === 0 || k === n)) path.push([k, x]);
    }
    if (walk < SHOWN) paths.push(path);
    ends.push(x);
  }
  return { paths, ends };
}

/** Bins as wide as half a spread, edges between places: [from, to, share, chance]. */
export function bins({ n, p }, ends) {
  const width = 2 * Math.max(1, Math.round(spread(n, p) / 4));
  const first = Math.round((mean(n, p) - 4 * spread(n, p)) / width) * width - 1 - (n % 2);
  const law = lawOf(n, p);
  const all = [];
  for (let from = first; from < mean(n, p) + 4 * spread(n, p); from += width) {
    const inside = (x) => x > from && x < from + width;
    const chance = law.reduce((sum, value, k) => sum + (inside(2 * k - n) ? value : 0), 0);
    all.push([from, from + width, ends.filter(inside).length / ends.length, chance]);
  }
  return all;
}

/** u and f at the even steps 0, 2 ... 2 last; f by U = 1 + FU. */
export function returnsOf(p, last) {
  const [u, f] = [[1], [0]];
  for (let m = 1; m <= last; m += 1) {
    u.push(u[m - 1] * ((2 * (2 * m - 1)) / m) * p * (1 - p));
    let known = 0;
    for (let j = 1; j < m; j += 1) known += f[j] * u[m - j];
    f.push(u[m] - known);
  }
  return { u, f };
}
