// Start here: the loop of a lesson, and what each kind of feedback asks you to do next.
import "../../site/figures/index.js";
import { arrow, circle, hatch, INK, label, rect, wrap } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";

/** Each verdict: what it means, an example in three lines, and the station to go to next. */
export const VERDICTS = {
  passed: { word: "passed", colour: "c", next: "submit", means: "Every hidden test of the task agrees.",
    lines: ["halvings, all tests", "every one passed", "Nothing to mend: go on."] },
  not_attempted: { word: "not attempted", colour: "muted", next: "solve", means: "The cell still raises NotImplementedError.",
    lines: ["mean", "not attempted yet", "Chapter, step 1."] },
  wrong: { word: "wrong", colour: "b", next: "solve", means: "It ran, and the answer differs.",
    lines: ["normalise of equal values", "position 0: got nan, expected 0.0", "Chapter, step 2: no spread, no scale."] },
  crash: { word: "crash", colour: "bad", next: "solve", means: "It raised an error nobody asked for.",
    lines: ["normalise of integers", "TypeError in cell 8, line 4", "Your own line comes first in the traceback."] },
  timeout: { word: "timeout", colour: "bad", next: "solve", means: "It used more than its CPU seconds.",
    lines: ["halvings of infinity", "stopped: it may use 1 CPU second", "Chapter, step 3: this loop never ends."] },
  memory: { word: "memory", colour: "bad", next: "solve", means: "It used more than its megabytes.",
    lines: ["mean of 101 random numbers", "more than 256 MB", "Look for an array that keeps growing."] },
  output: { word: "output", colour: "bad", next: "solve", means: "It printed or returned too much.",
    lines: ["mean of integers", "printed more than its share", "Remove the print from the loop."] },
  security: { word: "security", colour: "bad", next: "solve", means: "It tried what no solution needs.",
    lines: ["mean", "tried to open a connection", "Only the standard library and NumPy are needed."] },
  infra: { word: "infra", colour: "a", next: "none", means: "The grader failed, not you: no points are lost.",
    lines: ["normalise", "not your fault, not graded", "It is tried again for you."] },
};

const STATIONS = [
  { id: "read", x: 90, y: 70, text: "the chapter" }, { id: "solve", x: 250, y: 70, text: "in the notebook" },
  { id: "check", x: 250, y: 200, text: "public tests" }, { id: "submit", x: 90, y: 200, text: "hidden tests" },
];

function loopPanel(state) {
  const { next, colour } = VERDICTS[state.verdict];
  const back = (to) => (next === to ? { stroke: INK[colour], width: 4, head: 13 } : { stroke: INK.muted, width: 2 });
  const station = ({ id, x, y, text }, k) => circle(x, y, 34, { fill: next === id ? INK[`${colour}Soft`] : INK.bg,
    stroke: next === id ? INK[colour] : INK.muted, "stroke-width": next === id ? 3 : 1.5 })
    + label(x, y + 5, id, { "text-anchor": "middle", "font-weight": 700, halo: false })
    + label(x, y + (k < 2 ? -44 : 54), `${k + 1}. ${text}`, { "text-anchor": "middle", "font-size": 12, fill: INK.muted, halo: false });
  return {
    id: "loop", width: 340, height: 270, title: "Read, solve, check, submit",
    desc: "Four stations in a loop. Feedback after checking or submitting sends you back to solve, or on.",
    body: arrow(128, 70, 210, 70, { stroke: INK.muted, width: 2 })
      + arrow(262, 106, 262, 162, { stroke: INK.muted, width: 2 })
      + arrow(238, 164, 238, 108, back("solve"))
      + arrow(212, 200, 130, 200, back("submit"))
      + arrow(119, 177, 217, 97, { stroke: next === "solve" ? INK[colour] : INK.muted, width: 1.5, "stroke-dasharray": "4 4" })
      + STATIONS.map(station).join(""),
  };
}

function cardPanel(state) {
  const { word, colour, means, lines } = VERDICTS[state.verdict];
  const ink = INK[colour];
  let y = 96;
  let body = rect(14, 14, 312, 242, { fill: INK.bg, stroke: INK.line, rx: 8 })
    + rect(14, 14, 8, 242, { fill: ink }) + (word === "passed" ? "" : hatch(14, 14, 8, 242, { stroke: INK.bg, gap: 8 }))
    + label(36, 46, word, { "font-weight": 700, "font-size": 20, fill: ink, halo: false })
    + label(36, 68, means, { "font-size": 12, fill: INK.muted, halo: false });
  ["where", "evidence", "look next"].forEach((name, k) => {
    body += label(36, y + 6, name, { "font-size": 11, fill: INK.muted, halo: false });
    for (const piece of wrap(lines[k], 38)) {
      y += 18;
      body += label(36, y + 6, piece, { "font-weight": k === 0 ? 700 : 400, "font-size": 14, halo: false });
    }
    y += 30;
  });
  return { id: "card", width: 340, height: 270, title: `Feedback: ${word}`, desc: `${means} ${lines.join(". ")}`, body };
}

export const verdict = {
  start: () => ({ verdict: "wrong" }),
  limits: { verdict: Object.keys(VERDICTS) },
  panels: (state) => [loopPanel(state), cardPanel(state)],
  controls: () => [{ kind: "choice", key: "verdict", label: "kind of feedback",
    options: Object.entries(VERDICTS).map(([key, { word }]) => [key, word]) }],
  sentence(state) {
    const { word, means, next } = VERDICTS[state.verdict];
    return `${word}: ${means} ${next === "submit" ? "Submit." : next === "none" ? "You need do nothing." : "Back to solve."}`;
  },
  reserve: [126, 131],
  caption: "A lesson is a loop. Every message has three lines: where it went wrong, the evidence, and where to look next.",
};

defineFigure("g2k-verdict", verdict);
