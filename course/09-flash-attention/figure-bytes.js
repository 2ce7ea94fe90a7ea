// Lesson 9: the byte meters, and traffic against the height of a block.
import { byteMeter } from "../../site/figures/bars.js";
import { bytes, circle, hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { flashBytes, LIMITS, shapeOf, standardBytes, whereIs } from "./figure-model.js";

export function bytesPanel(state) {
  const shape = shapeOf(state);
  const [now, all, standard] = [flashBytes(shape, whereIs(state).done), flashBytes(shape), standardBytes(shape)];
  const sum = ({ loaded, stored }) => loaded + stored;
  const bar = scale([0, Math.max(sum(all), sum(standard))], [20, 320]);
  return {
    id: "bytes", width: 340, height: 256, title: "Bytes moved to and from HBM",
    desc: `Standard attention moves ${bytes(sum(standard))}, flash ${bytes(sum(all))}.`,
    body: label(20, 26, "HBM traffic, fp32", { fill: INK.muted, halo: false })
      + byteMeter(64, bar, standard, sum(standard), { name: "standard: S and P stored", colour: "b" })
      + byteMeter(136, bar, now, sum(all), { name: "flash, so far", colour: "a" })
      + label(20, 184, `flash in total: ${bytes(sum(all))}`, { halo: false })
      + rect(20, 206, 18, 14, { fill: INK.muted }) + label(44, 218, "loaded", { halo: false })
      + rect(116, 206, 18, 14, { fill: "none", stroke: INK.muted }) + hatch(116, 206, 18, 14, { stroke: INK.muted, gap: 6 }) + label(140, 218, "stored", { halo: false })
      + rect(212, 206, 18, 14, { fill: "none", stroke: INK.muted, "stroke-dasharray": "3 3" }) + label(236, 218, "still to come", { halo: false }),
  };
}

export function curvePanel(state, trace) {
  const shape = shapeOf(state);
  const sum = ({ loaded, stored }) => loaded + stored;
  const sizes = Array.from({ length: 65 }, (_, k) => 2 ** (3.5 + (5 * k) / 64));
  const smooth = (bq) => 4 * (2 * shape.n * shape.d + shape.n
    + (2 * shape.m * shape.d * shape.n / bq) * (shape.causal ? 0.5 + bq / (2 * shape.n) : 1));
  const standard = sum(standardBytes(shape));
  const top = Math.max(smooth(11.3), standard) * 1.5;
  const [x, y] = [scale([11.3, 362], [62, 326], true), scale([Math.min(smooth(362), standard) / 1.6, top], [206, 28], true)];
  const wall = LIMITS.map(({ name, limit }) => ({ name,
    at: (limit / 4 - 2 * state.bk * shape.d) / (2 * shape.d + state.bk + 2) })).filter(({ at }) => at < 362);
  const dots = (trace?.bytes ?? []).filter((one) =>
    one.n === shape.n && one.m === shape.m && one.d === shape.d && one.causal === shape.causal);
  const end = Math.max(11.3, wall.find(({ name }) => name === "H100")?.at ?? 362);
  const ticks = [];
  for (let p = 10; 2 ** p < top * 2; p += 1) if (2 ** p >= y.domain[0] && 2 ** p <= y.domain[1]) ticks.push([2 ** p, bytes(2 ** p).replace(".0", "")]);
  return {
    id: "curve", width: 340, height: 256, title: "HBM bytes against the height of a block",
    desc: "Doubling BLOCK_M halves the traffic until the chip is full; dots were metered by the tile simulator.",
    body: frame(x, y, { xTitle: `BLOCK_M${dots.length ? "   (dots: metered)" : ""}`, yTitle: "HBM bytes",
      xTicks: [16, 32, 64, 128, 256].map((v) => [v, String(v)]), yTicks: ticks.filter((_, k) => ticks.length < 5 || k % 2 === 0) })
      + (end < 362 ? hatch(x(end), 28, 326 - x(end), 178, { stroke: INK.bad, "stroke-opacity": 0.45 }) : "")
      + wall.filter(({ at }) => at > 11.3).map(({ name, at }) => line(x(at), 28, x(at), 206, { stroke: INK.bad, "stroke-width": 1.5 })
        + label(x(at) - 4, name === "A100" ? 182 : 199, name, { "text-anchor": "end", "font-size": 12, fill: INK.bad })).join("")
      + line(62, y(standard), 326, y(standard), { stroke: INK.b, "stroke-width": 2, "stroke-dasharray": "8 3" })
      + label(320, y(standard) - 6, "standard", { "text-anchor": "end", fill: INK.b, "font-size": 12 })
      + curve(sizes.map((b) => [b, smooth(b)]), x, y, { stroke: INK.a, "stroke-width": 2 })
      + dots.map((one) => circle(x(one.bq), y(one.loaded + one.stored), 3.6, { fill: INK.bg, stroke: INK.a, "stroke-width": 2 })).join("")
      + circle(x(state.bq), y(sum(flashBytes(shape))), 6.5, { fill: INK.a, stroke: INK.bg, "stroke-width": 1.5 }),
    handles: [{ id: "bq", x: x(state.bq), y: y(sum(flashBytes(shape))), label: "BLOCK_M", now: state.bq, min: 16, max: 256, text: String(state.bq),
      drag: (u) => ({ bq: power(x.inverse(u)) }), key: (dx, dy) => ({ bq: dx + dy > 0 ? state.bq * 2 : state.bq / 2 }) }],
  };
}

const power = (value) => Math.min(256, Math.max(16, 2 ** Math.round(Math.log2(value))));
