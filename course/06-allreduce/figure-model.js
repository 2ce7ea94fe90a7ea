// Lesson 6, the arithmetic behind the pictures: chunks, the ring's schedule, its faults, its clock, costs.

/** Bytes of one element, latency in ticks, and the ticks that one element needs on a link. */
export const [ITEM, ALPHA, BETA] = [4, 2, 1];

const mod = (value, n) => ((value % n) + n) % n;

/** Where chunk c begins and ends: the first L mod n chunks are one element longer. */
export function bounds(L, n) {
  const edge = (c) => c * Math.floor(L / n) + Math.min(c, L % n);
  return Array.from({ length: n }, (_, c) => [edge(c), edge(c + 1)]);
}

export const sizes = (L, n) => bounds(L, n).map(([lo, hi]) => hi - lo);

/** The chunk that rank r sends in step t = 1 ... 2(n - 1), and whether its receiver adds it. */
export function sent(r, t, n) {
  const gathering = t > n - 1;
  return { chunk: mod(gathering ? r + 1 - (t - n) : r - (t - 1), n), adds: !gathering };
}

/** Which contributions each rank holds, after each step: held[t][r][c] is a set of ranks as bits. */
export function contributions(n) {
  const held = [Array.from({ length: n }, (_, r) => Array(n).fill(1 << r))];
  for (let t = 1; t <= 2 * (n - 1); t += 1) {
    const next = held[t - 1].map((row) => [...row]);
    for (let r = 0; r < n; r += 1) {
      const { chunk, adds } = sent(r, t, n);
      const to = mod(r + 1, n);
      next[to][chunk] = held[t - 1][r][chunk] | (adds ? held[t - 1][to][chunk] : 0);
    }
    held.push(next);
  }
  return held;
}

/** Elements that each rank sends over the whole ring. */
export function totals(L, n) {
  const size = sizes(L, n);
  return Array.from({ length: n }, (_, r) => {
    let sum = 0;
    for (let t = 1; t <= 2 * (n - 1); t += 1) sum += size[sent(r, t, n).chunk];
    return sum;
  });
}

/**
 * How many steps each rank can ever finish.
 *
 * A dead rank stops after `die` steps; its right neighbour stops there too, and every rank
 * further on gets one step more, because its left neighbour still sent that message.
 */
export function reach({ n, fault, at, die }) {
  const last = 2 * (n - 1);
  if (fault === "blocking") return Array(n).fill(0);
  if (fault !== "dead") return Array(n).fill(last);
  return Array.from({ length: n }, (_, r) => Math.min(last, die + Math.max(0, mod(r - at, n) - 1)));
}

/** When each rank finishes each step, in ticks: ready[r][t], and when its message began: began[r][t]. */
export function clock({ n, L, fault, at, slow }) {
  const size = sizes(L, n);
  const ready = Array.from({ length: n }, () => [0]);
  const began = Array.from({ length: n }, () => [0]);
  const free = Array(n).fill(0); // when the link that leaves each rank is idle again
  for (let t = 1; t <= 2 * (n - 1); t += 1) {
    for (let r = 0; r < n; r += 1) {
      const to = mod(r + 1, n);
      const onLink = size[sent(r, t, n).chunk] * BETA * (fault === "slow" && r === at ? slow : 1);
      const start = Math.max(ready[r][t - 1], free[r]);
      free[r] = start + onLink;
      began[to][t] = start;
      // The way into a rank takes one message at a time, too.
      ready[to][t] = Math.max(start + ALPHA, ready[to][t - 1]) + onLink;
    }
  }
  return { ready, began, total: Math.max(...ready.map((row) => row.at(-1))) };
}

/** Everything the panels of the ring need, from one state. */
export function ringOf(state) {
  const { n } = state;
  const last = 2 * (n - 1);
  const at = Math.min(state.at, n - 1);
  const die = Math.min(state.die, last);
  const full = { ...state, at, die };
  const step = Math.min(state.step, last);
  const limit = reach(full);
  const done = limit.map((most) => Math.min(most, step));
  const held = contributions(n);
  const size = sizes(state.L, n);
  const moved = done.map((steps, r) => {
    // A rank sends before it receives: one that waits has sent one message more than it got.
    const out = Math.min(last, step, steps + (state.fault === "dead" && r !== at ? 1 : 0));
    let sum = 0;
    for (let t = 1; t <= out; t += 1) sum += size[sent(r, t, n).chunk];
    return sum;
  });
  const waits = done.map((steps, r) => step > steps && !(state.fault === "dead" && r === at));
  return { n, L: state.L, last, at, die, step, done, moved, waits, size, slow: state.slow, fault: state.fault,
    cells: done.map((steps, r) => held[steps][r]), full: 2 ** n - 1, all: totals(state.L, n) };
}

export const count = (bits) => bits.toString(2).replaceAll("0", "").length;

/** Seconds of an all-reduce of M bytes on n ranks: steps, bytes sent and bytes combined on the longest path. */
export function cost(alg, n, M, a, b, g = 0) {
  if (n === 1) return 0;
  const [levels, p] = [Math.ceil(Math.log2(n)), 2 ** Math.floor(Math.log2(n))];
  const [steps, bytes, combined] = {
    ring: [2 * (n - 1), (2 * (n - 1)) / n, (n - 1) / n],
    tree: [2 * levels, 2 * levels, levels],
    halving: [2 * Math.log2(p) + (n > p ? 2 : 0), (2 * (p - 1)) / p + (n > p ? 2 : 0), (p - 1) / p + (n > p ? 1 : 0)],
    root: [2 * (n - 1), 2 * (n - 1), n - 1],
  }[alg];
  return steps * a + bytes * M * b + combined * M * g;
}

/** The size above which `large` is cheaper than `small`: 0 for always, Infinity for never. */
export function crossover(small, large, n, a, b, g = 0) {
  const fixed = cost(large, n, 0, a, b, g) - cost(small, n, 0, a, b, g);
  const slope = cost(small, n, 1, 0, b, g) - cost(large, n, 1, 0, b, g);
  if (slope <= 0) return fixed < 0 && slope === 0 ? 0 : Infinity;
  return Math.max(0, fixed / slope);
}
