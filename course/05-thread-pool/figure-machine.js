// Lesson 5: the queue, the threads of the pool, and the line that runs.
import { hatch, INK, label, line, rect, wrap } from "../../site/figures/draw.js";
import { booksOf, COLOURS, eventOf, ruleOf, runOf, said, threadsAt } from "./figure-runs.js";

const small = { "font-size": 12, halo: false };

export function machinePanel(state, trace) {
  const { run, step } = runOf(state, trace);
  const books = booksOf(run, step);
  const threads = threadsAt(run, step);
  const room = run.room ?? Math.max(4, ...run.states.map((one) => one.queue?.length ?? 0));
  let body = "";
  let y = 20;
  if (books.queue) {
    const size = Math.min(52, 300 / room);
    body += label(20, y + 8, run.room === null ? `queue: ${books.queue.length}, no bound` : `queue: ${books.queue.length} of ${run.room}`, { halo: false, "font-weight": 700 });
    for (let k = 0; k < room; k += 1) {
      const one = books.queue[k];
      const box = [20 + k * size, y + 18, size - 4, 34];
      body += rect(...box, { fill: one ? INK.dSoft : INK.bg, stroke: one ? INK.d : INK.muted, rx: 4, "stroke-dasharray": one ? undefined : "3 3" })
        + (one ? label(box[0] + box[2] / 2, y + 40, one, { "text-anchor": "middle", "font-weight": 700, fill: INK.d, halo: false }) : "");
    }
    body += label(20, y + 68, "next out: left", { ...small, fill: INK.muted });
    y += 84;
  }
  body += label(20, y + 8, books.pool === undefined ? "threads" : `threads; workers that the pool counts: ${books.pool}`, { halo: false, "font-weight": 700 });
  y += 18;
  threads.forEach((one, k) => {
    const job = books.doing?.[one.name];
    const colour = COLOURS[k];
    const words = !one.begun ? "not begun" : one.over && run.ends?.[one.name] ? run.ends[one.name] : one.asleep ? "asleep"
      : job ? `runs ${job}` : one.over ? "has ended" : k ? "between tasks" : "runs the program";
    body += rect(20, y, 300, 28, { rx: 6, fill: one.begun && !one.asleep ? INK.bg : INK.panel, stroke: INK[colour], "stroke-width": job ? 2.5 : 1.2,
      "stroke-dasharray": one.begun ? undefined : "3 3" })
      + (one.asleep ? hatch(21, y + 1, 298, 26, { stroke: INK.line, gap: 9 }) : "")
      + label(32, y + 19, one.name, { "font-weight": 700, fill: INK[colour], halo: one.asleep })
      + label(76, y + 19, words, { "font-size": 12, halo: one.asleep })
      + (one.holds.length ? label(312, y + 19, one.holds.length > 1 ? `holds ${one.holds.length} locks` : run.locks > 1 ? `holds ${one.holds[0]}` : "holds the lock",
        { "text-anchor": "end", "font-weight": 700, "font-size": 12, fill: INK.bad, halo: one.asleep }) : "");
    y += 34;
  });
  y += 8;
  for (const [name, value, bad] of books.facts ?? []) {
    body += label(20, y + 12, name, { halo: false, fill: INK.muted }) + label(320, y + 12, value, { "text-anchor": "end", halo: false, "font-weight": 700, fill: bad ? INK.bad : INK.ink });
    y += 22;
  }
  return {
    id: "machine", width: 340, height: 360, title: "The queue and the threads", body,
    desc: `${books.queue ? `Queue: ${books.queue.join(", ") || "empty"}. ` : ""}${threads.map((one) => `${one.name} ${one.asleep ? "asleep" : books.doing?.[one.name] ? `runs ${books.doing[one.name]}` : one.begun ? "awake" : "not begun"}`).join(", ")}.`,
  };
}

/** The line of code that runs now, and what collides with what. */
export function codePanel(state, trace) {
  const { run, step, event } = runOf(state, trace);
  let body = label(20, 26, event ? `operation ${step}, by ${run.threads[event.thread]}` : "nothing has happened yet", { halo: false, fill: INK.muted });
  let y = 52;
  const code = (text, colour) => {
    for (const piece of wrap(text || "…", 42)) {
      body += label(20, y, piece, { "font-family": "ui-monospace, monospace", "font-size": 12, halo: false, fill: INK[colour] });
      y += 18;
    }
  };
  if (event) {
    if (event.text) code(event.text, "ink");
    for (const [text, bold] of [[said(run, step - 1), 0], [ruleOf(state.run, run, step - 1), 1]]) {
      for (const piece of text ? wrap(text, 44) : []) {
        body += label(20, y + 6, piece, { halo: false, "font-weight": bold ? 700 : 400 });
        y += 20;
      }
      y += 8;
    }
  }
  if (run.link && step) {
    const [from, to] = run.link;
    body += line(20, y + 8, 320, y + 8, { stroke: INK.line });
    y += 30;
    body += label(20, y, "what collides", { halo: false, fill: INK.bad, "font-weight": 700 });
    y += 22;
    [from, to].forEach((k, which) => {
      body += label(20, y, `${k + 1}`, { halo: false, fill: INK.bad, "font-weight": 700 })
        + label(44, y, `${run.threads[eventOf(run, k).thread]} ${run.words[which]}`, { halo: false });
      y += 20;
    });
  }
  return { id: "code", width: 340, height: 236, title: "The line that runs", desc: event ? `${said(run, step - 1)}. ${event.text || ruleOf(state.run, run, step - 1)}` : "Nothing yet.", body };
}

/** In which order the tasks start, by both rules; or what a failing schedule teaches. */
export function orderPanel(state, trace) {
  const { run, step } = runOf(state, trace);
  if (run.why) {
    let y = 28;
    let body = label(20, y, "why it fails", { halo: false, "font-weight": 700, fill: INK.bad });
    for (const piece of wrap(run.why, 46)) body += label(20, (y += 20), piece, { halo: false });
    y += 32;
    body += label(20, y, "the remedy", { halo: false, "font-weight": 700, fill: INK.c });
    for (const piece of wrap(run.remedy, 46)) body += label(20, (y += 20), piece, { halo: false });
    return { id: "order", width: 340, height: 236, title: "Why this schedule fails", desc: `${run.why} ${run.remedy}`, body };
  }
  const started = booksOf(run, step).started ?? [];
  let body = label(20, 26, "tasks in the order in which they start", { halo: false, fill: INK.muted });
  [["java", "Java: core 2, at most 4, queue 3", 58], ["python", "Python: at most 4, queue without bound", 140]].forEach(([key, title, y]) => {
    const { order, refused } = trace.order[key];
    const here = key === state.run;
    body += label(20, y, title, { halo: false, "font-weight": here ? 700 : 400 });
    [...order, ...refused].forEach((name, k) => {
      const box = [20 + k * 33.5, y + 10, 30, 30];
      const no = refused.includes(name);
      const done = here && started.includes(name);
      const early = key === "java" && ["t6", "t7"].includes(name);
      body += rect(...box, { rx: 4, fill: done ? INK[early ? "b" : "a"] : INK.bg, stroke: INK[no ? "bad" : early ? "b" : "a"], "stroke-width": early ? 2.5 : 1.2, "stroke-dasharray": no ? "3 3" : undefined })
        + (no ? hatch(...box, { stroke: INK.badSoft, gap: 6 }) : "")
        + label(box[0] + 15, y + 30, name, { "text-anchor": "middle", "font-weight": 700, "font-size": 12, halo: no, fill: done ? INK.bg : INK[no ? "bad" : early ? "b" : "ink"] });
    });
  });
  body += label(20, 206, "hatched: refused.  t6 and t7 overtake t3, t4, t5:", { ...small, fill: INK.muted })
    + label(20, 222, "a new thread brings its first task along.", { ...small, fill: INK.muted });
  return { id: "order", width: 340, height: 236, title: "The order in which tasks start", body,
    desc: `Java: ${trace.order.java.order.join(", ")}; refused ${trace.order.java.refused.join(", ")}. Python: ${trace.order.python.order.join(", ")}.` };
}
