// Lesson 5: recorded schedules of a pool, right ones and failing ones, one operation at a time.
import "../../site/figures/index.js";
import { defineFigure } from "../../site/figures/figure.js";
import { lanesPanel } from "./figure-lanes.js";
import { codePanel, machinePanel, orderPanel } from "./figure-machine.js";
import { booksOf, runOf, said } from "./figure-runs.js";
import { twenty } from "./figure-twenty.js";

export const NAMES = ["java", "python", "lost", "stolen", "grow", "locks", "nest"];
const FAILING = NAMES.slice(2);
const next = (list, value) => list[(list.indexOf(value) + 1) % list.length];
const opening = (trace, run) => trace.runs[run].opening;

export const schedule = {
  start: (trace) => ({ run: "java", step: opening(trace, "java") }),
  limits: { run: NAMES, step: [0, 999] },
  panels: (state, trace) => [lanesPanel(state, trace), machinePanel(state, trace), codePanel(state, trace), orderPanel(state, trace)],
  controls(state, trace) {
    const { run } = runOf(state, trace);
    const other = state.run === "java" ? "python" : "java";
    const failing = next(FAILING, state.run);
    return [
      { kind: "step", key: "step", label: "step", min: 0, max: run.events.length, show: (k) => `${Math.min(k, run.events.length)} of ${run.events.length}` },
      { kind: "choice", key: "run", label: "schedule", options: NAMES.map((name) => [name, trace.runs[name].title]) },
      { kind: "button", label: "Java's order or Python's", patch: { run: other, step: opening(trace, other) } },
      { kind: "button", label: "Show a failing schedule", patch: { run: failing, step: trace.runs[failing].events.length } },
      { kind: "button", label: "To its start", patch: { step: 0 }, disabled: state.step === 0 },
    ];
  },
  sentence(state, trace) {
    const { run, step } = runOf(state, trace);
    const books = booksOf(run, step);
    const queue = books.queue ? ` Queue: ${books.queue.join(", ") || "empty"}.` : "";
    return `${step ? `${said(run, step - 1)}.` : "Nothing has happened yet. Step forward."}${queue}`;
  },
  warning(state, trace) {
    const { run, step } = runOf(state, trace);
    return run.ending && step === run.events.length ? `The run ends here: ${run.ending}` : "";
  },
  hint: "Click a row to go there; with the slider focused, the arrow keys step.",
  reserve: [257, 334],
  traced: true,
  caption: "A thread acts only in its own lane; the order of rows is the scheduler's choice. Nine tasks come to a pool: two "
    + "threads run t1 and t2, three tasks wait, and two more threads start with t6 and t7. Step 5 says why. "
    + "Every schedule here was recorded, and replays exactly.",
};

defineFigure("g2k-schedule", schedule);
defineFigure("g2k-twenty", twenty);
