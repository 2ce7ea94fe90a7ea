// Lesson 6: the odometer of every rank against the bound, and the clock of every rank.
import { hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { scale } from "../../site/figures/plot.js";
import { ALPHA, clock, ITEM, ringOf } from "./figure-model.js";

export function odometerPanel(state) {
  const { n, L, moved, all, fault } = ringOf(state);
  const bound = (2 * (n - 1) * L) / n;
  const root = (n - 1) * L;
  const x = scale([0, root * 1.04], [58, 322]);
  const [top, pitch] = [56, 144 / n];
  const height = pitch * 0.66;
  let body = label(14, 22, `bytes sent, of M = ${L * ITEM}`, { fill: INK.muted, halo: false })
    + label(14, top - 10, "rank", { fill: INK.muted, halo: false, "font-size": 12 });
  for (let r = 0; r < n; r += 1) {
    const y = top + r * pitch;
    body += label(14, y + height / 2 + 5, r, { halo: false })
      + label(50, y + height / 2 + 5, moved[r] * ITEM, { "text-anchor": "end", halo: false, "font-weight": 700, fill: INK.a, "font-size": n > 6 ? 12 : 13 })
      + rect(58, y, x(all[r]) - 58, height, { fill: INK.bg, stroke: INK.muted, "stroke-dasharray": "3 3" })
      + rect(58, y, x(moved[r]) - 58, height, { fill: INK.a });
  }
  const low = top + n * pitch;
  body += line(x(bound), top - 8, x(bound), low + 2, { stroke: INK.ink, "stroke-width": 2.5 })
    + label(x(bound), top - 14, `bound ${Number((bound * ITEM).toFixed(1))}`, { "text-anchor": n === 2 ? "end" : "middle", "font-weight": 700 })
    + line(x(root), top - 8, x(root), low + 2, { stroke: INK.b, "stroke-width": 2.5, "stroke-dasharray": "6 4" })
    + label(318, low + 20, `a root that sends all: ${root * ITEM}`, { "text-anchor": "end", fill: INK.b, halo: false });
  const mean = moved.reduce((sum, one) => sum + one, 0) / n;
  return {
    id: "odometer", width: 340, height: 256, title: "Bytes sent by each rank, against the bound",
    desc: `The bound 2(n - 1)/n M is ${Number((bound * ITEM).toFixed(1))} bytes on the mean; ranks send ${Math.min(...all) * ITEM} to ${Math.max(...all) * ITEM} in all.`,
    body: body + label(14, 246, `mean so far ${Number((mean * ITEM).toFixed(1))}`, { halo: false })
      + label(326, 246, fault === "dead" || fault === "blocking" ? "" : `in the end ${Math.min(...all) * ITEM} to ${Math.max(...all) * ITEM}`, { "text-anchor": "end", halo: false }),
  };
}

export function clockPanel(state) {
  const ring = ringOf(state);
  const { n, L, step, done, waits, fault, at } = ring;
  const { ready, began, total } = clock(ring);
  const even = clock({ n, L }).total;
  const x = scale([0, Math.max(total, 1)], [40, 326]);
  const [top, pitch] = [42, 150 / n];
  const height = pitch * 0.72;
  const bar = (r, from, to, attributes) => rect(x(from), top + r * pitch, x(to) - x(from), height, attributes);
  let body = "";
  for (let r = 0; r < n; r += 1) {
    const y = top + r * pitch;
    body += label(30, y + height / 2 + 5, r, { "text-anchor": "end", halo: false }) + rect(40, y, 286, height, { fill: INK.bg });
    for (let t = 1; t <= done[r]; t += 1) {
      const from = Math.max(ready[r][t - 1], began[r][t]);
      body += bar(r, from, ready[r][t], { fill: INK[t < n ? "a" : "c"], stroke: INK.bg })
        + (t < n ? "" : hatch(x(from), y, x(ready[r][t]) - x(from), height, { stroke: INK.bg, gap: 8 }));
    }
    if (waits[r] || (fault === "dead" && r === at && step > done[r])) {
      const from = x(ready[r][done[r]]);
      body += rect(from, y, 326 - from, height, { fill: INK.badSoft }) + hatch(from, y, 326 - from, height, { stroke: INK.bad, gap: 6 })
        + label((from + 326) / 2, y + height / 2 + 5, waits[r] ? "waits" : "dead", { "text-anchor": "middle", "font-weight": 700, fill: INK.bad });
    }
    body += rect(40, y, 286, height, { fill: "none", stroke: INK.line });
  }
  const now = Math.max(...ready.map((row, r) => row[done[r]]));
  const low = top + n * pitch;
  body += line(x(now), top - 8, x(now), low, { "stroke-width": 2 });
  const ends = fault === "blocking" || (fault === "dead" && done.some((steps) => steps < step));
  return {
    id: "clock", width: 340, height: 256, title: "The clock of every rank",
    desc: `Receiving in each step, rank by rank: reduce-scatter solid, all-gather hatched. All links equal: ${even} ticks; now ${total}.`,
    body: label(14, 22, ends ? "the clock runs, nothing moves" : `${now} of ${total} ticks`, { halo: false, "font-weight": 700, "font-size": 15, fill: ends ? INK.bad : INK.ink })
      + label(326, 22, ends ? "" : fault === "slow" ? `all links equal: ${even}` : `a message: ${ALPHA} + 1 per el.`, { "text-anchor": "end", fill: INK.muted, halo: false })
      + body
      + rect(14, low + 16, 18, 13, { fill: INK.a }) + label(37, low + 27, "reduce-scatter", { halo: false })
      + rect(140, low + 16, 18, 13, { fill: INK.c }) + hatch(140, low + 16, 18, 13, { stroke: INK.bg, gap: 8 }) + label(163, low + 27, "all-gather", { halo: false })
      + rect(238, low + 16, 18, 13, { fill: INK.bg, stroke: INK.muted }) + label(261, low + 27, "idle", { halo: false }),
  };
}
