// Lesson 6: seconds against bytes for each algorithm, and which of them is cheapest where.
import { circle, INK, label, line, rect } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { cost, crossover } from "./figure-model.js";

/** The algorithms: name, colour and dash of each. */
export const ALGORITHMS = {
  ring: { name: "ring", colour: "a" },
  tree: { name: "tree", colour: "b", dash: "8 4" },
  halving: { name: "halving-doubling", colour: "c", dash: "2 4" },
  root: { name: "all through one root", colour: "muted", dash: "10 3 2 3" },
};
const COLUMNS = Array.from({ length: 26 }, (_, k) => (k % 2 ? 1.5 : 1) * 2 ** (1 + Math.floor(k / 2)));
const [SMALL, LARGE] = [100, 1e10];
const RANKS = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512, 1000, 1024, 4096, 8192, 10000];

/** 235 kB, 1.42 MB: decimal units, as links are sold. */
export function size(value) {
  const unit = Math.max(0, Math.min(3, Math.floor((Math.log10(value) + 1e-9) / 3)));
  return `${Number((value / 1000 ** unit).toPrecision(3))} ${["B", "kB", "MB", "GB"][unit]}`;
}

export function duration(value) {
  const [unit, name] = value < 1e-3 ? [1e-6, "µs"] : value < 1 ? [1e-3, "ms"] : [1, "s"];
  return `${Number((value / unit).toPrecision(3))} ${name}`;
}

const STEPS = [1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 8];
/** Ten steps a decade: what a drag or an arrow key can reach. */
const ladder = (low, high) => {
  const all = [];
  for (let p = Math.round(Math.log10(low)); 10 ** p <= high * 1.01; p += 1) for (const k of STEPS) all.push(Number(`${k}e${p}`));
  return all.filter((value) => value <= high * 1.01);
};
const [BYTES, LATENCIES, RATES] = [ladder(SMALL, LARGE), ladder(1e-7, 1e-3), ladder(1e8, 1e12)];
const nearest = (list, value) => list.reduce((one, other) => (Math.abs(Math.log(other / value)) < Math.abs(Math.log(one / value)) ? other : one));
const next = (list, value, by) => list[Math.max(0, Math.min(list.length - 1, list.indexOf(nearest(list, value)) + by))];
const args = ({ n, alpha, rate }) => [n, alpha, 1 / rate];
export const best = (n, M, a, b) => ["ring", "tree", "halving"].reduce((one, other) =>
  (cost(other, n, M, a, b) < cost(one, n, M, a, b) * (1 - 1e-9) ? other : one));

export function timePanel(state) {
  const [n, a, b] = args(state);
  const [x, y] = [scale([SMALL, LARGE], [50, 324], true), scale([1e-6, 1e3], [262, 30], true)];
  const sizes = Array.from({ length: 65 }, (_, k) => SMALL * (LARGE / SMALL) ** (k / 64));
  const draw = (alg) => curve(sizes.map((M) => [M, cost(alg, n, M, a, b)]), x, y,
    { stroke: INK[ALGORITHMS[alg].colour], "stroke-width": alg === "root" ? 1.5 : 3, "stroke-dasharray": ALGORITHMS[alg].dash, "stroke-linecap": alg === "halving" ? "round" : undefined });
  const marks = [["tree", "ring", "a"], ["halving", "ring", "a"]].map(([small, large, colour]) => ({ at: crossover(small, large, n, a, b), small, colour }))
    .filter(({ at }) => at >= SMALL && at <= LARGE);
  const [low, high] = [cost("ring", n, SMALL, a, b), cost("ring", n, LARGE, a, b)];
  const dot = (u, v, colour) => circle(u, v, 6, { fill: INK.bg, stroke: INK[colour], "stroke-width": 3 });
  const key = (u, v, alg) => line(u, v - 4, u + 30, v - 4, { stroke: INK[ALGORITHMS[alg].colour], "stroke-width": alg === "root" ? 1.5 : 3, "stroke-dasharray": ALGORITHMS[alg].dash })
    + label(u + 36, v, ALGORITHMS[alg].name, { halo: false });
  return {
    id: "time", width: 340, height: 340, title: "Seconds of an all-reduce against its bytes",
    desc: `On ${n} ranks. Left the latency rules, right the bandwidth. Rings mark where the ring overtakes the tree and halving-doubling.`,
    body: frame(x, y, { yTitle: `seconds, n = ${n}`, every: 2,
      xTicks: [[1e3, "1 kB"], [1e6, "1 MB"], [1e9, "1 GB"]], yTicks: [[1e-6, "1 µs"], [1e-3, "1 ms"], [1, "1 s"], [1e3, "1000"]] })
      + line(x(state.M), 30, x(state.M), 262, { "stroke-width": 1.5, "stroke-dasharray": "3 3" })
      + ["root", "tree", "halving", "ring"].map(draw).join("")
      + marks.map(({ at, small }) => circle(x(at), y(cost("ring", n, at, a, b)), 6, { fill: "none", stroke: INK[ALGORITHMS[small].colour], "stroke-width": 2.5 })).join("")
      + dot(x(SMALL) + 14, y.clamp(low), "a") + label(x(SMALL) + 26, y.clamp(low) - 8, "α", { "font-weight": 700, fill: INK.a, "font-size": 15 })
      + dot(x(LARGE) - 10, y.clamp(high), "a") + label(x(LARGE) - 24, y.clamp(high) + 16, "β", { "font-weight": 700, fill: INK.a, "font-size": 15 })
      + circle(x(state.M), 262, 6, { fill: INK.ink }) + label(x(state.M) + (state.M > 1e7 ? -10 : 10), 254, size(state.M), { "text-anchor": state.M > 1e7 ? "end" : "start", "font-weight": 700 })
      + key(20, 308, "ring") + key(130, 308, "tree") + key(20, 330, "root") + key(200, 330, "halving").replace("halving-doubling", "halving"),
    handles: [
      { id: "alpha", x: x(SMALL) + 14, y: y.clamp(low), label: "Latency", now: state.alpha * 1e6, min: 0.1, max: 1000, text: `${duration(state.alpha)} a message`,
        drag: (u, v) => ({ alpha: nearest(LATENCIES, y.inverse(v) / (2 * (n - 1))) }), key: (dx, dy) => ({ alpha: next(LATENCIES, state.alpha, dx + dy) }) },
      { id: "rate", x: x(LARGE) - 10, y: y.clamp(high), label: "Bandwidth", now: state.rate / 1e9, min: 0.1, max: 1000, text: `${size(state.rate)} a second`,
        drag: (u, v) => ({ rate: nearest(RATES, (2 * (n - 1) * LARGE) / n / Math.max(1e-9, y.inverse(v) - 2 * (n - 1) * a)) }),
        key: (dx, dy) => ({ rate: next(RATES, state.rate, dx - dy) }) },
      { id: "bytes", x: x(state.M), y: 262, label: "Bytes", now: Math.log10(state.M), min: 2, max: 10, text: size(state.M),
        drag: (u) => ({ M: nearest(BYTES, x.inverse(u)) }), key: (dx, dy) => ({ M: next(BYTES, state.M, dx + dy) }) },
    ],
  };
}

const WHERE = { x: 52, y: 30, width: 274, height: 232 };

export function regionsPanel(state) {
  const [n, a, b] = args(state);
  const y = scale([SMALL, LARGE], [WHERE.y + WHERE.height, WHERE.y], true);
  const wide = WHERE.width / COLUMNS.length;
  const at = (ranks) => WHERE.x + wide * (2 * Math.log2(ranks / 2) + 0.5);
  let body = rect(WHERE.x, WHERE.y, WHERE.width, WHERE.height, { fill: INK.cSoft });
  COLUMNS.forEach((ranks, k) => {
    const u = WHERE.x + k * wide;
    const from = crossover("halving", "ring", ranks, a, b);
    if (!(from < LARGE)) return;
    const height = y(Math.max(SMALL, from)) - WHERE.y;
    body += rect(u, WHERE.y, wide, height, { fill: INK.a }) + rect(u, WHERE.y, wide, height, { fill: "none", stroke: INK.bg });
  });
  const u = Math.min(WHERE.x + WHERE.width - wide / 2, at(n));
  return {
    id: "regions", width: 340, height: 340, title: "The cheapest algorithm, by ranks and bytes",
    desc: "Columns: n = 2, 3, 4, 6, 8, 12 and so on. Halving-doubling is cheapest where n is a power of two and for small arrays; the ring elsewhere. A tree never is.",
    body: body + rect(WHERE.x, WHERE.y, WHERE.width, WHERE.height, { fill: "none", stroke: INK.muted })
      + [[1e3, "1 kB"], [1e6, "1 MB"], [1e9, "1 GB"]].map(([value, text]) => line(WHERE.x - 4, y(value), WHERE.x, y(value), { stroke: INK.muted })
        + label(WHERE.x - 6, y(value) + 4, text, { "text-anchor": "end", fill: INK.muted, halo: false })).join("")
      + [2, 8, 64, 512, 4096].map((ranks) => label(at(ranks), WHERE.y + WHERE.height + 17, ranks, { "text-anchor": "middle", fill: INK.muted, halo: false })).join("")
      + label(189, WHERE.y + WHERE.height + 36, "ranks n = 2, 3, 4, 6, 8, 12, …", { "text-anchor": "middle", halo: false })
      + label(WHERE.x, 21, "cheapest for", { halo: false })
      + circle(u, y(state.M), 8, { fill: "none", stroke: INK.bg, "stroke-width": 5 }) + circle(u, y(state.M), 8, { fill: "none", stroke: INK.ink, "stroke-width": 2.5 })
      + rect(52, 316, 18, 14, { fill: INK.a }) + label(76, 328, "ring", { halo: false })
      + rect(136, 316, 18, 14, { fill: INK.cSoft, stroke: INK.c }) + label(160, 328, "halving-doubling", { halo: false }),
  };
}

export const crossing = {
  start: () => ({ n: 12, M: 1e6, alpha: 1e-5, rate: 1.25e10 }),
  limits: { n: [2, 16384], M: [SMALL, LARGE], alpha: [1e-7, 1e-3], rate: [1e8, 1e12] },
  panels: (state) => [timePanel(state), regionsPanel(state)],
  controls: () => [
    { kind: "pick", key: "n", label: "ranks n", values: RANKS, show: (k) => k.toLocaleString("en-GB") },
    { kind: "pick", key: "M", label: "bytes M", values: BYTES, show: size },
    { kind: "pick", key: "alpha", label: "latency α", values: LATENCIES, show: duration },
    { kind: "pick", key: "rate", label: "bandwidth 1/β", values: RATES, show: (k) => `${size(k)}/s` },
  ],
  sentence(state) {
    const [n, a, b] = args(state);
    const [ring, tree, halving] = ["ring", "tree", "halving"].map((alg) => duration(cost(alg, n, state.M, a, b)));
    const [tr, hr] = ["tree", "halving"].map((small) => crossover(small, "ring", n, a, b));
    const above = (value) => value === 0 ? "always" : value === Infinity ? "never" : `above ${size(value)}`;
    return `${size(state.M)} on ${n.toLocaleString("en-GB")} ranks: ring ${ring}, tree ${tree}, halving-doubling ${halving}. `
      + `The ring beats the tree ${above(tr)}, halving-doubling ${above(hr)}.`;
  },
  hint: "Drag α up and down, β up and down, or the dot on the axis; or Tab to them and use the arrow keys.",
  reserve: [255, 374],
  traced: true,
  caption: "Latency lifts the left of each curve, bandwidth tilts the right. A tree moves whole arrays, a ring takes 2(n − 1) steps. "
    + "On a network where every pair of ranks has a wire of its own, halving-doubling pays for neither when n is a power of two.",
};
