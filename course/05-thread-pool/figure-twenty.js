// Lesson 5: the twenty schedules of two threads that each run x += 1.
import { hatch, INK, label, line, rect } from "../../site/figures/draw.js";

const STEPS = ["LOAD", "ADD", "STORE"];

/** Every merge of a and b, an item of a first; as `interleavings` yields them. */
export function merges(a, b) {
  if (!a.length || !b.length) return [a + b];
  return [...merges(a.slice(1), b).map((rest) => a[0] + rest), ...merges(a, b.slice(1)).map((rest) => b[0] + rest)];
}

/** Run a schedule such as "ABAABB": the books after each step, and its preemptions. */
export function play(schedule) {
  const books = { x: 0, A: null, B: null };
  const count = { A: 0, B: 0 };
  const rows = [...schedule].map((who) => {
    const op = STEPS[count[who]++];
    if (op === "LOAD") books[who] = books.x;
    if (op === "ADD") books[who] += 1;
    if (op === "STORE") books.x = books[who];
    return { who, op, ...books };
  });
  const preemptions = [...schedule].filter((who, k) => k && schedule[k - 1] !== who && schedule.slice(k).includes(schedule[k - 1])).length;
  return { schedule, rows, preemptions, x: books.x };
}

const ALL = merges("AAA", "BBB").map(play);
const INKS = { A: "a", B: "b" };

function stepsPanel({ pick, step }) {
  const { rows } = ALL[pick - 1];
  const columns = [["A", 78, "a"], ["B", 150, "b"], ["r of A", 212, "a"], ["r of B", 264, "b"], ["x", 314, "ink"]];
  let body = columns.map(([name, x, ink]) => label(x, 28, name, { "text-anchor": "middle", "font-weight": 700, fill: INK[ink], halo: false })).join("")
    + line(20, 38, 330, 38, { stroke: INK.line });
  rows.forEach(({ who, op, x, A, B }, k) => {
    const y = 64 + k * 38;
    const [done, now] = [k < step, k === step - 1];
    const before = k ? rows[k - 1] : { x: 0, A: null, B: null };
    const at = who === "A" ? 78 : 150;
    body += label(22, y + 5, String(k + 1), { fill: INK.muted, halo: false })
      + rect(at - 32, y - 14, 64, 28, { rx: 5, fill: now ? INK[INKS[who]] : INK.bg, stroke: INK[INKS[who]], "stroke-width": 1.5, "stroke-dasharray": done ? undefined : "3 3" })
      + label(at, y + 5, op, { "text-anchor": "middle", "font-weight": 700, halo: false, fill: now ? INK.bg : done ? INK.ink : INK.muted });
    if (!done) return;
    [[A, before.A, 212, "a"], [B, before.B, 264, "b"], [x, before.x, 314, "ink"]].forEach(([value, old, u, ink]) => {
      const fresh = value !== old || (u === 314 && op === "STORE") || (op !== "STORE" && u === (who === "A" ? 212 : 264));
      body += label(u, y + 5, value ?? "", { "text-anchor": "middle", halo: false, fill: fresh ? INK[ink] : INK.muted, "font-weight": fresh ? 700 : 400, "font-size": fresh ? 15 : 13 });
    });
  });
  return { id: "steps", width: 340, height: 300, title: "One schedule, step by step", body,
    desc: `${step} of 6 steps: ${rows.slice(0, step).map(({ who, op }) => `${who} ${op}`).join(", ") || "none"}.`,
    press: (u, v) => ({ step: Math.max(0, Math.min(6, Math.floor((v - 45) / 38) + 1)) }) };
}

/** Where each schedule stands: in rows by its preemptions. */
const PLACES = (() => {
  const places = [];
  let y = 44;
  for (let p = 0; p <= 4; p += 1) {
    const group = ALL.map((one, k) => [one, k]).filter(([one]) => one.preemptions === p);
    group.forEach(([, k], n) => { places[k] = { x: 52 + (n % 4) * 72, y: y + Math.floor(n / 4) * 40 }; });
    y += Math.ceil(group.length / 4) * 40;
  }
  return places;
})();

function allPanel({ pick }) {
  let body = label(20, 26, "all twenty, by preemptions", { halo: false, fill: INK.muted });
  for (let p = 0; p <= 4; p += 1) {
    const first = ALL.findIndex((one) => one.preemptions === p);
    body += label(24, PLACES[first].y + 15, String(p), { halo: false, "font-weight": 700, "text-anchor": "middle" });
  }
  ALL.forEach(({ schedule, x }, k) => {
    const place = PLACES[k];
    const chosen = k === pick - 1;
    body += rect(place.x - 4, place.y - 4, 68, 36, { rx: 5, fill: chosen ? INK.bg : "none", stroke: chosen ? INK.ink : INK.line, "stroke-width": chosen ? 2.5 : 1 });
    [...schedule].forEach((who, j) => {
      const box = [place.x + j * 10, place.y, 9, 12];
      body += rect(...box, { fill: INK[who === "A" ? "a" : "bSoft"], stroke: INK[INKS[who]] }) + (who === "B" ? hatch(...box, { stroke: INK.b, gap: 4 }) : "");
    });
    body += label(place.x + 30, place.y + 27, x === 2 ? "x = 2" : "x = 1: lost", { "text-anchor": "middle", "font-size": 11, halo: false, fill: INK[x === 2 ? "c" : "bad"], "font-weight": x === 2 ? 700 : 400 });
  });
  return { id: "all", width: 340, height: 300, title: "All twenty schedules, by their number of preemptions", body,
    desc: `Solid cells are steps of A, hatched ones of B. ${ALL.filter((one) => one.x === 1).length} of ${ALL.length} lose an update; the chosen one is number ${pick}.`,
    press(u, v) {
      const hit = PLACES.findIndex(({ x, y }) => u >= x - 4 && u < x + 68 && v >= y - 4 && v < y + 36);
      return hit < 0 ? null : { pick: hit + 1, step: 6 };
    } };
}

export const twenty = {
  start: () => ({ step: 4, pick: ALL.findIndex(({ schedule }) => schedule === "ABAABB") + 1 }),
  limits: { step: [0, 6], pick: [1, ALL.length] },
  panels: (state) => [stepsPanel(state), allPanel(state)],
  controls: () => [
    { kind: "step", key: "step", label: "step", min: 0, max: 6, show: (k) => `${k} of 6` },
    { kind: "range", key: "pick", label: "schedule", min: 1, max: ALL.length, step: 1, show: (k) => `${k} of ${ALL.length}` },
  ],
  sentence({ pick, step }) {
    const { schedule, preemptions, x, rows } = ALL[pick - 1];
    const now = step ? rows[step - 1].x : 0;
    return `Schedule ${[...schedule].join(" ")}, ${preemptions} preemption${preemptions === 1 ? "" : "s"}. After ${step} step${step === 1 ? "" : "s"} x is ${now}; `
      + (x === 2 ? "it ends as 2, which is right." : "it ends as 1, and one update is lost.");
  },
  hint: "Click a schedule to see its steps.",
  reserve: [209, 230],
  caption: "Only the two schedules without a preemption are right. A single preemption, in any place, loses an update.",
};
