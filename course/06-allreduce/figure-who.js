// Lesson 6: who has which contributions in which chunk, and the ring that they travel round.
import { arrow, circle, hatch, INK, label, line, path, rect } from "../../site/figures/draw.js";
import { grid } from "../../site/figures/grid.js";
import { count, ringOf, sent } from "./figure-model.js";

const BOX = { x: 62, y: 50, width: 262, height: 246 };
const middle = { "text-anchor": "middle", halo: false };

export function whoPanel(state) {
  const { n, cells, full, done, step, size, fault, at, waits } = ringOf(state);
  const g = grid(BOX, n, n);
  const [w, h] = [BOX.width / n, BOX.height / n];
  let body = rect(BOX.x, BOX.y, BOX.width, BOX.height, { fill: INK.bg });
  cells.forEach((row, r) => row.forEach((bits, c) => {
    const [x, y] = [g.x(c), g.y(r)];
    const complete = bits === full;
    const colour = complete ? "c" : count(bits) > 1 ? "a" : "muted";
    // One strip a contributor: rank 0 leftmost.
    for (let k = 0; k < n; k += 1) {
      const strip = [x + 3 + (k * (w - 6)) / n, y + h * 0.52, (w - 6) / n - 1.5, h * 0.4];
      body += rect(...strip, bits & (1 << k) ? { fill: INK[colour] } : { fill: "none", stroke: INK.line });
    }
    body += complete ? hatch(x + 3, y + h * 0.52, w - 6, h * 0.4, { stroke: INK.bg, gap: 8 }) : "";
    body += label(x + w / 2, y + h * 0.4, complete ? "all" : n > 6 ? count(bits) : `${count(bits)} of ${n}`,
      { ...middle, "font-weight": complete ? 700 : 400, fill: INK[colour], "font-size": n > 6 ? 12 : 13 });
  }));
  body += g.lines;
  done.forEach((steps, r) => {
    if (steps === 0 || steps < step) return;
    const { chunk } = sent((r + n - 1) % n, steps, n);
    body += g.span(r, chunk, chunk + 1, { fill: "none", stroke: INK.ink, "stroke-width": 2.5 });
  });
  for (let r = 0; r < n; r += 1) {
    const dead = fault === "dead" && r === at && step > done[r];
    body += label(54, g.y(r) + h / 2 + 4, `rank ${r}`, { "text-anchor": "end", halo: false,
      fill: dead || waits[r] ? INK.bad : INK.ink, "text-decoration": dead ? "line-through" : undefined });
    body += label(g.x(r) + w / 2, 26, n > 6 ? r : `chunk ${r}`, middle)
      + label(g.x(r) + w / 2, 42, n > 6 ? `(${size[r]})` : `${size[r]} el.`, { ...middle, fill: INK.muted, "font-size": 12 });
  }
  if (n > 6) body += label(54, 26, "chunk", { "text-anchor": "end", halo: false });
  const key = (x, colour, text) => rect(x, 312, 16, 12, { fill: INK[colour] }) + label(x + 22, 323, text, { halo: false })
    + (colour === "c" ? hatch(x, 312, 16, 12, { stroke: INK.bg, gap: 8 }) : "");
  return {
    id: "who", width: 340, height: 340, title: "Who has which contributions in which chunk",
    desc: "A row a rank, a column a chunk. In each cell one strip for each rank whose numbers are in it; a hatched cell is complete. A bold frame was received in this step.",
    body: body + key(62, "muted", "own") + key(132, "a", "partial sum") + key(242, "c", "complete"),
  };
}

export function ringPanel(state) {
  const { n, done, step, fault, at, waits, cells, full, size, slow } = ringOf(state);
  const [cx, cy, R, r0] = [170, 158, 112, 24];
  const turn = (r) => ((r / n) * 2 - 0.5) * Math.PI;
  const place = (r, radius = R) => [cx + radius * Math.cos(turn(r)), cy + radius * Math.sin(turn(r))];
  let body = circle(cx, cy, R, { fill: "none", stroke: INK.line, "stroke-width": 1.5 });
  for (let r = 0; r < n; r += 1) {
    const to = (r + 1) % n;
    const [[x1, y1], [x2, y2]] = [place(r), place(to)];
    const far = Math.hypot(x2 - x1, y2 - y1);
    const [ux, uy] = [(x2 - x1) / far, (y2 - y1) / far];
    const slowLink = fault === "slow" && r === at;
    const arrived = step > 0 && done[to] >= step;
    const from = [x1 + ux * (r0 + 3), y1 + uy * (r0 + 3), x2 - ux * (r0 + 5), y2 - uy * (r0 + 5)];
    if (arrived) {
      const { chunk } = sent(r, step, n);
      const wide = 1.5 + 5 * (size[chunk] / Math.max(1, ...size));
      body += arrow(...from, { stroke: slowLink ? INK.b : INK.a, width: size[chunk] ? wide : 1, head: 13,
        "stroke-dasharray": slowLink ? "9 6" : size[chunk] ? undefined : "2 4" });
      const [tx, ty] = place(r + 0.5, R * Math.cos(Math.PI / n) - (n > 3 ? 21 : 30));
      body += label(tx, ty + 5, `c${chunk}`, { "text-anchor": "middle", "font-weight": 700, fill: slowLink ? INK.b : INK.a });
    } else if (waits[to]) {
      // Somebody waits: the arrow points from the waiting rank to the one it waits for.
      const back = fault === "blocking" ? from : [from[2], from[3], from[0], from[1]];
      body += arrow(...back, { stroke: INK.bad, width: 2, head: 10, "stroke-dasharray": "3 4" });
    } else if (slowLink) body += line(...from, { stroke: INK.b, "stroke-width": 3, "stroke-dasharray": "9 6" });
    if (slowLink) {
      const [tx, ty] = place(r + 0.5, R * Math.cos(Math.PI / n) + 20);
      body += label(tx, ty + 5, `1/${slow}`, { "text-anchor": "middle", "font-weight": 700, fill: INK.b });
    }
  }
  for (let r = 0; r < n; r += 1) {
    const [x, y] = place(r);
    const whole = cells[r].filter((bits) => bits === full).length;
    const dead = fault === "dead" && r === at && step > done[r];
    const edge = dead || waits[r] ? INK.bad : whole === n ? INK.c : INK.ink;
    body += circle(x, y, r0, { fill: INK.bg, stroke: edge, "stroke-width": whole === n || dead ? 3 : 1.5, "stroke-dasharray": waits[r] ? "4 3" : undefined })
      + (dead ? path(`M${x - 17} ${y - 17}L${x + 17} ${y + 17}M${x + 17} ${y - 17}L${x - 17} ${y + 17}`, { stroke: INK.bad, "stroke-width": 2 }) : "")
      + label(x, y + 1, r, { ...middle, halo: dead, "font-weight": 700, "font-size": 16, fill: edge })
      + label(x, y + 15, dead ? "dead" : waits[r] ? "waits" : `${whole}/${n}`, { ...middle, halo: dead, "font-size": 11, fill: edge });
  }
  const stuck = waits.filter(Boolean).length;
  return {
    id: "ring", width: 340, height: 340, title: "The ring",
    desc: "Every rank sends to its right neighbour and receives from its left one. Arrows carry the chunks of this step, dashed red arrows say who waits for whom.",
    body: body
      + label(cx, cy - 2, step === 0 ? "start" : step < n ? "reduce-" : "all-", { ...middle, "font-weight": 700, "font-size": n > 6 ? 13 : 15 })
      + label(cx, cy + 16, step === 0 ? "" : step < n ? "scatter" : "gather", { ...middle, "font-weight": 700, "font-size": n > 6 ? 13 : 15 })
      + label(170, 326, fault === "blocking" && step > 0 ? "all send, nobody receives" : stuck ? `${stuck} of ${n} wait` : "in a rank: complete chunks", { ...middle, fill: stuck ? INK.bad : INK.muted }),
    press(u, v) {
      const distance = (r) => { const [x, y] = place(r); return Math.hypot(x - u, y - v); };
      const nearest = Array.from({ length: n }, (_, r) => r).reduce((best, r) => (distance(r) < distance(best) ? r : best), 0);
      return distance(nearest) < 40 ? { at: nearest } : undefined;
    },
  };
}
