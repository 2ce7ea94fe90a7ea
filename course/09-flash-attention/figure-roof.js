// Lesson 9: every rung of the ladder under the roofline of an A100.
import { circle, hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";

/** Float16 operations and HBM bytes of an A100, a second. */
export const [PEAK, BANDWIDTH] = [312e12, 1.5e12];
/** What the rungs were metered on: N = M, and d. */
const [N, D] = [512, 64];
const TILES = [16, 32, 64, 128, 256];
const NAMES = {
  naive: "naive", tiled: "tiled", online: "online", fused: "fused", causal: "causal", one: "1 split", split: "64 splits",
};

export const moved = ({ loaded, stored }) => loaded + stored;
/** Bytes of the fused kernel by step 6, in float16; and its operations for each byte. */
export const fusedBytes = (tile) => 2 * (2 * N * D + Math.ceil(N / tile) * 2 * N * D) + 4 * N;
export const fusedIntensity = (tile) => (4 * N * N * D) / fusedBytes(tile);
/** The least seconds that a rung can take, by what limits it. */
export const floors = (one) => ({ memory: moved(one) / BANDWIDTH, units: one.operations / PEAK });
const attainable = (intensity) => Math.min(PEAK, BANDWIDTH * intensity);
const chosen = (state, trace) => trace.rungs.find(({ name }) => name === state.rung);
const tera = (value) => `${Number((value / 1e12).toPrecision(3))} TFLOP/s`;
const micro = (seconds) => `${Number((seconds * 1e6).toPrecision(2))} µs`;

// Where the name of each rung stands beside its dot.
const BESIDE = { naive: [10, 5], tiled: [8, 20], online: [-10, -8], fused: [10, 16], causal: [-10, -6], one: [10, 16], split: [-10, -6] };

function roofPanel(state, trace) {
  const [x, y] = [scale([0.5, 1000], [58, 326], true), scale([4e11, 1e15], [206, 28], true)];
  const corner = PEAK / BANDWIDTH;
  const at = (intensity) => [x(intensity), y(attainable(intensity))];
  const [u, v] = at(fusedIntensity(state.tile));
  const dots = trace.rungs.map((one) => {
    const [a, b] = at(one.intensity);
    const [dx, dy] = BESIDE[one.name];
    const here = one.name === state.rung;
    const colour = one.name === "one" || one.name === "split" ? INK.d : INK.b;
    return (here ? circle(a, b, 9, { fill: "none", stroke: INK.ink, "stroke-width": 2 }) : "")
      + circle(a, b, 4.5, { fill: colour, stroke: INK.bg, "stroke-width": 1 })
      + label(a + dx, b + dy, NAMES[one.name], { "text-anchor": dx < 0 ? "end" : "start", "font-size": 12, "font-weight": here ? 700 : 400 });
  }).join("");
  return {
    id: "plot", width: 340, height: 256, title: "The roofline of an A100, float16",
    desc: `${trace.rungs.map((one) => `${NAMES[one.name]}: ${one.intensity.toPrecision(2)} operations a byte`).join("; ")}. The corner is at ${corner.toFixed(0)}.`,
    body: frame(x, y, { xTitle: "operations a byte   (dots: metered)", yTitle: "at most, operations a second",
      xTicks: [1, 10, 100, 1000].map((value) => [value, String(value)]), yTicks: [[1e12, "10¹²"], [1e13, "10¹³"], [1e14, "10¹⁴"], [1e15, "10¹⁵"]] })
      + hatch(58, 28, x(corner) - 58, y(PEAK) - 28, { stroke: INK.line })
      + curve([[0.5, attainable(0.5)], [corner, PEAK], [1000, PEAK]], x, y, { stroke: INK.ink, "stroke-width": 2.5 })
      + line(x(corner), y(PEAK), x(corner), 206, { stroke: INK.muted, "stroke-dasharray": "4 3" })
      + label(x(corner) + 4, 198, corner.toFixed(0), { "font-size": 12, fill: INK.muted })
      + trace.tiles.map((one) => circle(...at(one.intensity), 3, { fill: INK.bg, stroke: INK.a, "stroke-width": 1.5 })).join("")
      + dots + rect(u - 5, v - 5, 10, 10, { fill: INK.a, stroke: INK.bg, "stroke-width": 1.5 }),
    handles: [{ id: "tile", x: u, y: v, label: "tile of the fused kernel", now: state.tile, min: 16, max: 256, text: String(state.tile),
      drag: (a) => ({ tile: nearest(x.inverse(a)) }), key: (dx, dy) => ({ tile: dx + dy > 0 ? state.tile * 2 : state.tile / 2 }) }],
  };
}

/** The tile whose intensity is nearest, by ratio. */
const nearest = (intensity) => TILES.reduce((best, tile) =>
  (Math.abs(Math.log(fusedIntensity(tile) / intensity)) < Math.abs(Math.log(fusedIntensity(best) / intensity)) ? tile : best));

function timePanel(state, trace) {
  const x = scale([0.01e-6, 300e-6], [84, 326], true);
  let body = label(84, 22, "least time, µs: memory, arithmetic", { fill: INK.muted, halo: false });
  trace.rungs.forEach((one, k) => {
    const { memory, units } = floors(one);
    const top = 34 + 25 * k;
    body += label(78, top + 14, NAMES[one.name], { "text-anchor": "end", "font-size": 12, "font-weight": one.name === state.rung ? 700 : 400, halo: false })
      + rect(84, top, x(memory) - 84, 10, { fill: INK.a })
      + rect(84, top + 11, x(units) - 84, 8, { fill: INK.cSoft, stroke: INK.c }) + hatch(84, top + 11, x(units) - 84, 8, { stroke: INK.c, gap: 5 })
      + label(x(memory) + 5, top + 10, micro(memory).replace(" µs", ""), { "font-size": 12 });
  });
  for (const [value, text] of [[1e-8, "0.01"], [1e-7, "0.1"], [1e-6, "1"], [1e-5, "10"], [1e-4, "100"]]) {
    body += line(x(value), 212, x(value), 217, { stroke: INK.muted })
      + label(x(value), 232, text, { "text-anchor": "middle", fill: INK.muted, halo: false });
  }
  body += rect(84, 244, 14, 9, { fill: INK.a }) + label(103, 253, "bytes", { "font-size": 12, halo: false })
    + rect(160, 244, 14, 9, { fill: INK.cSoft, stroke: INK.c }) + hatch(160, 244, 14, 9, { stroke: INK.c, gap: 5 }) + label(179, 253, "operations", { "font-size": 12, halo: false });
  return {
    id: "time", width: 340, height: 260, title: "The least time of each rung",
    desc: trace.rungs.map((one) => `${NAMES[one.name]}: ${micro(floors(one).memory)} for its bytes, ${micro(floors(one).units)} for its operations`).join("; ") + ".",
    body,
  };
}

export const roof = {
  start: () => ({ rung: "fused", tile: 128 }),
  limits: { rung: Object.keys(NAMES), tile: [16, 256] },
  panels: (state, trace) => [roofPanel(state, trace), timePanel(state, trace)],
  controls: () => [
    { kind: "choice", key: "rung", label: "rung", options: Object.entries(NAMES) },
    { kind: "pick", key: "tile", label: "tile of the fused kernel", values: TILES },
  ],
  sentence(state, trace) {
    const one = chosen(state, trace);
    const { memory, units } = floors(one);
    const work = state.rung === "one" ? " One program loads it all, on one of 108 multiprocessors: no roof is near."
      : state.rung === "split" ? ` No program loads more than ${(one.busiest / 1e3).toFixed(0)} kB, so all of the chip can work.` : "";
    return `${NAMES[state.rung]}: ${(moved(one) / 1e6).toFixed(2)} MB, ${one.intensity.toPrecision(2)} operations a byte, at most ${tera(attainable(one.intensity))}. `
      + `Bytes take ${micro(memory)}, operations ${micro(units)}.${work} By step 6, tiles of ${state.tile} make ${fusedIntensity(state.tile).toPrecision(3)} operations a byte.`;
  },
  warning: (state, trace) => (fusedIntensity(state.tile) <= trace.rungs.find(({ name }) => name === "online").intensity
    ? `Tiles of ${state.tile} reload the keys so often that fusing buys nothing over online softmax. Make the tile larger.` : ""),
  hint: "Drag the square along the roof to resize the tiles of the fused kernel.",
  reserve: [209, 280],
  traced: true,
  caption: "Left of the corner memory decides. Fusing moves attention right, larger tiles further; decoding stays left, whatever the splits.",
};
