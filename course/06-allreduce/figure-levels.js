// Lesson 6: ten thousand ranks, once with a wire for every pair, once in machines and racks.
import { circle, INK, label, line } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { duration, size } from "./figure-cost.js";

const CURVES = {
  ring: { name: "ring", colour: "a" },
  tree: { name: "tree", colour: "b", dash: "8 4" },
  halving_doubling: { name: "halving-doubling", colour: "c", dash: "2 4" },
  two_level: { name: "rings on two levels", colour: "d", dash: "12 3 2 3" },
  two_level_halving: { name: "halving on two levels", colour: "ink", dash: "14 5" },
};

/** Each algorithm's seconds at one size, the fastest first. */
export function ranking(network, k) {
  return Object.keys(CURVES).filter((alg) => network[alg]).map((alg) => [alg, network[alg][k]]).sort((one, other) => one[1] - other[1]);
}

function panel(id, title, desc, network, { sizes }, k) {
  const [x, y] = [scale([sizes[0], sizes.at(-1)], [50, 324], true), scale([1e-4, 100], [240, 30], true)];
  const order = ranking(network, k);
  const draw = ([alg]) => curve(sizes.map((M, j) => [M, network[alg][j]]), x, y,
    { stroke: INK[CURVES[alg].colour], "stroke-width": 3, "stroke-dasharray": CURVES[alg].dash, "stroke-linecap": alg === "halving_doubling" ? "round" : undefined });
  return {
    id, width: 340, height: 334, title, desc,
    body: frame(x, y, { yTitle: title, xTicks: [[1e3, "1 kB"], [1e6, "1 MB"], [1e9, "1 GB"]], yTicks: [[1e-3, "1 ms"], [1e-2, "10 ms"], [0.1, "0.1 s"], [1, "1 s"], [10, "10 s"]] })
      + line(x(sizes[k]), 30, x(sizes[k]), 240, { "stroke-width": 1.5, "stroke-dasharray": "3 3" })
      + [...order].reverse().map(draw).join("")
      + order.map(([alg, seconds], place) => circle(x(sizes[k]), y.clamp(seconds), place ? 3.5 : 6.5, { fill: place ? INK.bg : INK[CURVES[alg].colour], stroke: INK[CURVES[alg].colour], "stroke-width": 2 })).join("")
      + Object.keys(CURVES).filter((alg) => network[alg]).map((alg, j) => {
        const [u, v] = [j % 2 ? 162 : 14, 278 + 22 * Math.floor(j / 2)];
        return line(u, v - 4, u + 28, v - 4, { stroke: INK[CURVES[alg].colour], "stroke-width": 3, "stroke-dasharray": CURVES[alg].dash })
          + label(u + 33, v, CURVES[alg].name, { halo: false });
      }).join(""),
    press: (u) => ({ at: Math.max(0, Math.min(sizes.length - 1, Math.round(((u - 50) / 274) * (sizes.length - 1)))) }),
  };
}

export const levels = {
  start: () => ({ at: 20 }),
  limits: { at: [0, 28] },
  panels({ at }, { levels: data }) {
    const k = Math.min(Math.round(at), data.sizes.length - 1);
    return [
      panel("flat", "seconds, a wire for each pair", `${data.n} ranks. Tree and halving-doubling are fastest up to about 1 GB, the ring above.`, data.flat, data, k),
      panel("racks", "seconds, machines of 8 in racks of 80", `${data.n} ranks that share uplinks. Halving-doubling falls behind, because its partners crowd the uplinks.`, data.racks, data, k),
    ];
  },
  controls: (state, { levels: { sizes } }) => [
    { kind: "step", key: "at", label: "bytes M", min: 0, max: sizes.length - 1, show: (k) => size(sizes[Math.min(k, sizes.length - 1)]) },
  ],
  sentence({ at }, { levels: data }) {
    const k = Math.min(Math.round(at), data.sizes.length - 1);
    const say = (network) => ranking(network, k).map(([alg, seconds]) => `${CURVES[alg].name} ${duration(seconds)}`).join(", ");
    return `${size(data.sizes[k])} on ${data.n.toLocaleString("en-GB")} ranks. A wire for each pair: ${say(data.flat)}. Machines and racks: ${say(data.racks)}.`;
  },
  hint: "Click a chart, or move the slider, to read it at another size.",
  reserve: [174, 308],
  traced: true,
  caption: "The same algorithms and arrays on two networks, simulated. Left every pair of ranks has a wire of its own; right machines and racks share uplinks, "
    + "and what counts is how many bytes must cross them. The large dot is the fastest.",
};
