// Lesson 9, panels of the kernel: the matrix of tiles, the chip, the byte meters and the curve.
import { bytes, circle, hatch, INK, label, line, path, rect, through } from "../../site/figures/draw.js";
import { byteMeter } from "../../site/figures/bars.js";
import { grid } from "../../site/figures/grid.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { flashBytes, resident, schedule, standardBytes, tilesInRow } from "./figure-model.js";

const KIB = 1024;
/** Shared memory of one multiprocessor. */
export const LIMITS = [{ name: "A100", limit: 164 * KIB }, { name: "H100", limit: 228 * KIB }];
const BOX = { x: 48, y: 48, width: 244, height: 244 };

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

export function tilesPanel(state) {
  const shape = shapeOf(state);
  const { rows, columns, first, done, program, tile } = whereIs(state);
  const g = grid(BOX, rows, columns);
  const right = BOX.x + BOX.width;
  let body = rect(BOX.x, BOX.y, BOX.width, BOX.height, { fill: INK.bg });
  for (let i = 0; i < rows; i += 1) {
    const here = tilesInRow(i, shape);
    const count = Math.max(0, Math.min(here, done - first[i]));
    if (count) body += g.span(i, 0, count, { fill: INK.aSoft });
    if (here < columns) body += g.span(i, here, columns, { fill: INK.panel }) + g.hatched(i, here, columns, { stroke: INK.muted, "stroke-opacity": 0.55 });
    const finished = count === here;
    body += rect(306, g.y(i), 16, g.y(i + 1) - g.y(i), { fill: finished ? INK.c : INK.bg });
    body += rect(18, g.y(i), 16, g.y(i + 1) - g.y(i), { fill: i === program && done ? INK.b : INK.bg });
  }
  body += g.lines;
  if (state.causal) body += line(BOX.x, BOX.y, right, BOX.y + BOX.height, { "stroke-width": 1.5, "stroke-dasharray": "5 4" });
  for (const x of [18, 306]) body += rect(x, BOX.y, 16, BOX.height, { fill: "none", stroke: INK.muted });
  body += rect(BOX.x, 18, BOX.width, 16, { fill: INK.bg });
  if (done) {
    body += rect(g.x(tile), 18, g.x(tile + 1) - g.x(tile), 16, { fill: INK.d })
      + line(g.x(tile), 34, g.x(tile), g.y(program), { stroke: INK.d, "stroke-dasharray": "2 3" })
      + line(g.x(tile + 1), 34, g.x(tile + 1), g.y(program), { stroke: INK.d, "stroke-dasharray": "2 3" })
      + g.span(program, tile, tile + 1, { fill: INK.a, stroke: INK.ink, "stroke-width": 2 });
  }
  body += rect(BOX.x, 18, BOX.width, 16, { fill: "none", stroke: INK.muted })
    + label(BOX.x - 14, 31, "K V", { "text-anchor": "end", fill: INK.d, "font-weight": 700, halo: false })
    + label(26, BOX.y + BOX.height + 18, "Q", { "text-anchor": "middle", fill: INK.b, "font-weight": 700, halo: false })
    + label(314, BOX.y + BOX.height + 18, "O", { "text-anchor": "middle", fill: INK.c, "font-weight": 700, halo: false })
    + label(170, BOX.y + BOX.height + 18, `${state.n} × ${state.n} scores, never stored`, { "text-anchor": "middle", halo: false })
    + label(170, BOX.y + BOX.height + 36, `tiles of ${state.bq} × ${state.bk}: ${schedule(shape).total}${state.causal ? `, skipped ${rows * columns - schedule(shape).total} (hatched)` : ""}`,
      { "text-anchor": "middle", fill: INK.muted, halo: false });
  return {
    id: "tiles", width: 340, height: 340, title: "The score matrix, tile by tile", body,
    desc: "Rows of tiles are visited left to right, one program a row block. Done tiles are tinted, the current one is dark, skipped ones hatched.",
    press(u, v) {
      const [i, j] = g.at(u, v);
      return { step: first[i] + Math.min(j + 1, tilesInRow(i, shape)) };
    },
  };
}

export function chipPanel(state) {
  const { d, bq, bk } = state;
  const { total } = resident(shapeOf(state));
  const above = Math.max(d, bk);
  const s = Math.min(176 / (above + bq), 236 / (2 * d + bk), 1.5);
  const [x1, y1] = [30 + d * s, 42 + above * s];
  const x2 = x1 + 8 + bk * s + 22;
  const block = (x, y, width, height, colour, name, text = "") => rect(x, y, width, height, { fill: INK[`${colour}Soft`], stroke: INK[colour], "stroke-width": 2 })
    + label(x + width / 2, y + height / 2 + 5, name, { "text-anchor": "middle", "font-weight": 700, fill: INK[colour], halo: false }) + text;
  const bar = scale([0, 288 * KIB], [20, 320]);
  const full = total > LIMITS[1].limit;
  const used = Math.min(total, 288 * KIB);
  const colour = full ? "bad" : total > LIMITS[0].limit ? "b" : "c";
  return {
    id: "chip", width: 340, height: 340, title: "What one program keeps on the chip",
    desc: `Q, K, V, the tile S, the accumulator and m and l take ${bytes(total)}; the walls of two GPUs are marked.`,
    body: rect(10, 10, 320, 232, { fill: INK.bg, stroke: INK.muted, rx: 6 })
      + label(20, 28, "on the chip (SRAM), to scale", { fill: INK.muted, halo: false })
      + block(x1 + 8, y1 - d * s - 8, bk * s, d * s, "d", "Kᵀ")
      + block(x2, y1 - bk * s - 8, d * s, bk * s, "d", "V")
      + block(x1 - d * s, y1, d * s, bq * s, "b", "Q")
      + block(x1 + 8, y1, bk * s, bq * s, "a", "S")
      + rect(x1 + 8 + bk * s + 5, y1, 4, bq * s, { fill: INK.c }) + rect(x1 + 8 + bk * s + 12, y1, 4, bq * s, { fill: INK.c })
      + block(x2, y1, d * s, bq * s, "c", "acc")
      + label(x1 + 8 + bk * s + 10, y1 - 5, "m l", { "text-anchor": "middle", "font-size": 11, fill: INK.c, halo: false })
      + rect(20, 284, 300, 22, { fill: INK.bg, stroke: INK.muted })
      + rect(20, 284, bar(used) - 20, 22, { fill: INK[colour] })
      + (total > LIMITS[0].limit ? hatch(bar(LIMITS[0].limit), 284, bar(used) - bar(LIMITS[0].limit), 22, { stroke: INK.bg }) : "")
      + LIMITS.map(({ name, limit }) => line(bar(limit), 276, bar(limit), 312, { "stroke-width": 2.5 })
        + label(bar(limit), 326, `${name} ${limit / KIB}`, { "text-anchor": "middle", "font-size": 12, halo: false })).join("")
      + label(20, 272, bytes(total), { "font-weight": 700, "font-size": 16, fill: INK[colour], halo: false })
      + label(128, 272, full ? "does not fit" : total > LIMITS[0].limit ? "H100 only" : "fits", { fill: INK[colour], halo: false })
      + label(20, 326, "KiB per SM:", { "font-size": 12, fill: INK.muted, halo: false }),
  };
}

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
  const [x, y] = [scale([11.3, 362], [52, 326], true), scale([Math.min(smooth(362), standard) / 1.6, top], [206, 28], true)];
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
        + label(x(at) - 4, 198, name, { "text-anchor": "end", "font-size": 12, fill: INK.bad })).join("")
      + line(52, y(standard), 326, y(standard), { stroke: INK.b, "stroke-width": 2, "stroke-dasharray": "8 3" })
      + label(320, y(standard) - 6, "standard", { "text-anchor": "end", fill: INK.b, "font-size": 12 })
      + curve(sizes.map((b) => [b, smooth(b)]), x, y, { stroke: INK.a, "stroke-width": 2 })
      + dots.map((one) => circle(x(one.bq), y(one.loaded + one.stored), 3.6, { fill: INK.bg, stroke: INK.a, "stroke-width": 2 })).join("")
      + circle(x(state.bq), y(sum(flashBytes(shape))), 6.5, { fill: INK.a, stroke: INK.bg, "stroke-width": 1.5 }),
    handles: [{ id: "bq", x: x(state.bq), y: y(sum(flashBytes(shape))), label: "BLOCK_M", now: state.bq, min: 16, max: 256, text: String(state.bq),
      drag: (u) => ({ bq: power(x.inverse(u)) }), key: (dx, dy) => ({ bq: dx + dy > 0 ? state.bq * 2 : state.bq / 2 }) }],
  };
}

const power = (value) => Math.min(256, Math.max(16, 2 ** Math.round(Math.log2(value))));
