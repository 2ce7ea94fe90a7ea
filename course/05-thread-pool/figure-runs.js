// Lesson 5: a recorded schedule, and what each thread is doing after so many events.
export const COLOURS = ["muted", "a", "b", "c", "d"];

/** The run that a state shows, and how many of its events have happened. */
export function runOf(state, trace) {
  const run = trace.runs[state.run];
  const step = Math.max(0, Math.min(run.events.length, Math.round(state.step)));
  return { run, step, event: step ? eventOf(run, step - 1) : null };
}

/** Event k as an object; a recording keeps texts, things and states once. */
export function eventOf(run, k) {
  const [thread, op, text, thing, state] = run.events[k];
  return { k, thread, op, text: run.texts[text], thing: run.things[thing], state: run.states[state] };
}

/** What the program's own books said before the first event, and after event `step`. */
export const booksOf = (run, step) => (step ? eventOf(run, step - 1).state : run.states[0]);

/**
 * What every thread is after `step` events: its locks, whether it sleeps, whether it has begun.
 *
 * @returns [{name, begun, asleep, over, holds: [thing]}], one a thread
 */
export function threadsAt(run, step) {
  const all = run.threads.map((name, k) => ({ name, begun: k === 0, asleep: false, over: false, holds: [] }));
  for (let k = 0; k < step; k += 1) {
    const { thread, op, thing } = eventOf(run, k);
    const one = all[thread];
    one.begun = true;
    if (op === "lock") one.holds.push(thing);
    if (op === "unlock") one.holds.splice(one.holds.lastIndexOf(thing), 1);
    // A sleeper gives its lock back; what wakes takes it again in the same step.
    if (op === "sleep") [one.asleep, one.kept, one.holds] = [true, one.holds, []];
    if (op === "wake") [one.asleep, one.holds] = [false, one.kept ?? []];
  }
  all.forEach((one, k) => {
    one.over = one.begun && (!one.asleep || Boolean(run.ending)) && !run.events.slice(step).some(([thread]) => thread === k);
  });
  return all;
}

/** Stretches of rows in which a thread holds a lock or sleeps: [{thread, from, to, kind}]. */
export function stretches(run) {
  const found = [];
  const open = new Map();
  const close = (thread, to) => {
    if (open.has(thread)) found.push({ thread, to, ...open.get(thread) });
    open.delete(thread);
  };
  let before = threadsAt(run, 0).map(() => "");
  for (let k = 0; k < run.events.length; k += 1) {
    const now = threadsAt(run, k + 1).map((one) => (one.asleep ? "asleep" : one.holds.length ? "holds" : ""));
    now.forEach((kind, thread) => {
      if (kind === before[thread]) return;
      close(thread, k);
      if (kind) open.set(thread, { from: k, kind });
    });
    before = now;
  }
  for (const thread of [...open.keys()]) close(thread, run.events.length);
  return found;
}

const WORDS = {
  lock: (what) => `takes ${what}`, unlock: (what) => `gives ${what} back`, begin: () => "begins",
  sleep: (what) => `gives its lock back and sleeps on ${what}`, wake: () => "is awake and has its lock again",
  notify: (what) => `wakes who sleeps on ${what}`, "notify 0": (what) => `notifies ${what}, where nobody sleeps`,
  read: (what) => `reads ${what}`, write: (what) => `writes ${what}`, refused: () => "is refused: its task goes nowhere",
  run: (what) => `begins to run ${what}`, end: (what) => `ends ${what}`, start: (what) => `starts ${what}`, join: (what) => `has seen the end of ${what}`,
};

/** One event in words. */
export function said(run, k) {
  const { thread, op, thing } = eventOf(run, k);
  const [verb, what] = op in WORDS ? [op, thing] : op.split(" ");
  return `${run.threads[thread]} ${WORDS[verb]?.(what || thing) ?? op}`;
}

/** Why the pool of a right run does what it does at event k, or "". */
export function ruleOf(name, run, k) {
  if (name !== "java" && name !== "python") return "";
  const { thread, op, state } = eventOf(run, k);
  const [verb, what] = op.split(" ");
  const java = name === "java";
  if (verb === "start" && !java) return "Nobody is idle, and there are fewer than 4 threads: a new one.";
  if (verb === "start") return `${Number(what.slice(1)) <= 2 ? "Fewer than 2 workers" : "The queue is full, and there are fewer than 4 workers"}: a new one, with this task.`;
  if (op === "refused") return "The queue is full, and there are 4 workers: the policy is asked, and refuses.";
  if (verb === "run" && java && !state.queue.includes(what)) {
    return ["t3", "t4", "t5"].includes(what) ? "A worker that has ended its task takes the oldest of the queue." : "Its worker was started for this very task.";
  }
  if (verb === "run") return "Every task passes through the queue: the oldest is next.";
  const before = booksOf(run, k).queue.length;
  return thread === 0 && state.queue.length > before ? (java ? "2 workers or more, and the queue has room: the task waits there." : "The queue has no bound: the task waits there.") : "";
}
