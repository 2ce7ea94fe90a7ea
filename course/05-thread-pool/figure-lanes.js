// Lesson 5: one lane a thread, time downwards, one row an operation.
import { circle, INK, label, line, path, px, rect } from "../../site/figures/draw.js";
import { COLOURS, eventOf, runOf, stretches } from "./figure-runs.js";

const ROWS = 13;
const TOP = 56;
const ROW = 22;

/** The first row in view: the current one stays below the middle. */
export const firstRow = (run, step) => Math.max(0, Math.min(run.events.length - ROWS, step - 10));

export function lanesPanel(state, trace) {
  const { run, step } = runOf(state, trace);
  const first = firstRow(run, step);
  const last = Math.min(run.events.length, first + ROWS);
  const width = 306 / run.threads.length;
  const x = (thread) => 30 + (thread + 0.5) * width;
  const y = (k) => TOP + (k - first + 0.5) * ROW;
  const bottom = y(last - 1) + ROW / 2;
  let body = "";
  run.threads.forEach((name, k) => {
    body += label(x(k), 26, name, { "text-anchor": "middle", "font-weight": 700, fill: INK[COLOURS[k]], halo: false })
      + line(x(k), 36, x(k), bottom, { stroke: INK.line });
  });
  for (const { thread, from, to, kind } of stretches(run)) {
    const [top, end] = [Math.max(y(from), 40), Math.min(y(Math.min(to, last - 1)), bottom)];
    if (end <= top || to < first || from >= last) continue;
    body += kind === "holds"
      ? rect(x(thread) - width / 2 + 2, top - 9, width - 4, end - top + 18, { fill: thread ? INK[`${COLOURS[thread]}Soft`] : INK.line, rx: 5 })
      : line(x(thread), top, x(thread), end, { stroke: INK[COLOURS[thread]], "stroke-width": 4, "stroke-dasharray": "1 6", "stroke-linecap": "round" });
  }
  for (let k = Math.max(1, first); k < last; k += 1) {
    const [a, b] = [eventOf(run, k - 1).thread, eventOf(run, k).thread];
    if (a !== b) {
      body += path(`M${px(x(a))} ${px(y(k - 1) + 8)}L${px(x(b))} ${px(y(k) - 9)}`,
        { stroke: k < step ? INK.ink : INK.muted, "stroke-opacity": k < step ? 0.7 : 0.4, "stroke-dasharray": k < step ? undefined : "3 3" });
    }
  }
  const flagged = new Set((run.link ?? []).slice(0, 2));
  for (let k = first; k < last; k += 1) {
    const { thread, op } = eventOf(run, k);
    const [now, past] = [k === step - 1, k < step];
    const colour = flagged.has(k) ? "bad" : COLOURS[thread];
    const wide = Math.min(width - 8, 56);
    body += label(24, y(k) + 4, String(k + 1), { "text-anchor": "end", "font-size": 10.5, fill: INK.muted, halo: false, "font-weight": now ? 700 : 400 })
      + rect(x(thread) - wide / 2, y(k) - 9, wide, 18, { rx: 4, fill: now ? INK[colour] : INK.bg,
        stroke: INK[colour], "stroke-width": flagged.has(k) ? 2.5 : 1.2, "stroke-dasharray": past ? undefined : "3 2" })
      + label(x(thread), y(k) + 4, op, { "text-anchor": "middle", "font-size": 11, halo: false, fill: now ? INK.bg : past ? INK.ink : INK.muted,
        "font-weight": now ? 700 : 400 });
  }
  body += linkMarkup(run, x, y, first, last, width);
  if (step > first) body += line(28, y(step - 1) + ROW / 2, 336, y(step - 1) + ROW / 2, { stroke: INK.ink, "stroke-width": 1.5 });
  const more = run.events.length - last;
  if (first) body += label(30, 44, `⋮ ${first} before`, { "font-size": 10.5, fill: INK.muted });
  if (more) body += label(336, 354, `${more} more ⋮`, { "text-anchor": "end", "font-size": 10.5, fill: INK.muted });
  return {
    id: "lanes", width: 340, height: 360, title: "The schedule: one lane a thread, time downwards", body,
    desc: `${step} of ${run.events.length} operations have happened. A tinted stretch holds a lock, a dotted one sleeps.`,
    press: (u, v) => ({ step: Math.max(0, Math.min(run.events.length, first + Math.floor((v - TOP) / ROW) + 1)) }),
  };
}

/** The two operations that collide, joined by a red bow. */
function linkMarkup(run, x, y, first, last, width) {
  if (!run.link) return "";
  const [from, to] = run.link;
  if (from < first || to >= last) return "";
  const ends = [from, to].map((k) => [x(eventOf(run, k).thread), y(k)]);
  const side = Math.max(ends[0][0], ends[1][0]) + Math.min(width / 2, 30) + 6;
  const half = Math.min((width - 8) / 2, 28);
  const d = ends.map(([u, v]) => [u + half, v]);
  return path(`M${px(d[0][0])} ${px(d[0][1])}C${px(side + 20)} ${px(d[0][1])} ${px(side + 20)} ${px(d[1][1])} ${px(d[1][0])} ${px(d[1][1])}`,
    { stroke: INK.bad, "stroke-width": 2.5 }) + d.map(([u, v]) => circle(u, v, 4, { fill: INK.bad })).join("");
}
