// Lesson 10: a text decoded with two drafts a pass, and what acceptance is worth.
import "../../site/figures/index.js";
import { arrow, fixed, hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";
import { curve, frame, scale } from "../../site/figures/plot.js";

const [CELL, GAP, LEFT] = [66, 30, 88]; // boxes of a pass, in units of the picture
const shown = (text) => (text === " " ? "␣" : text);

/** The mean number of tokens of a pass over g drafts, each right with probability a. */
export function meanTokens(a, g) {
  let [sum, power] = [1, 1];
  for (let k = 0; k < g; k += 1) sum += (power *= a);
  return sum;
}

/** How many drafts of a pass are right before the first wrong one. */
export function rightOf([, drafts, answers]) {
  let right = 0;
  while (right < drafts.length && drafts[right] === answers[right]) right += 1;
  return right;
}

/** The text after each pass; the first token comes from reading the prompt. */
export function texts(passes) {
  const found = [passes[0][0][0]];
  for (const pass of passes) found.push(found.at(-1) + pass[2].slice(0, rightOf(pass) + 1).join(""));
  return found;
}

const passesOf = ({ keeps }, trace) => (keeps ? trace.dirty : trace.clean);
const placeOf = (state, trace) => Math.min(state.pass, passesOf(state, trace).length);

function box(x, y, text, kind) {
  const look = {
    read: { fill: INK.bg, stroke: INK.ink }, own: { fill: INK.aSoft, stroke: INK.a },
    right: { fill: INK.cSoft, stroke: INK.c }, wrong: { fill: INK.badSoft, stroke: INK.bad },
    lost: { fill: "none", stroke: INK.muted, "stroke-dasharray": "4 3" },
  }[kind];
  return rect(x, y, CELL, 34, { ...look, "stroke-width": 1.6, rx: 3 })
    + (kind === "wrong" ? line(x + 6, y + 28, x + CELL - 6, y + 6, { stroke: INK.bad, "stroke-width": 1.6 }) : "")
    + label(x + CELL / 2, y + 23, shown(text), { "text-anchor": "middle", "font-size": 17 });
}

/** The text found, a cell a token, above the text that plain decoding finds. */
function strip(text, fresh, plain) {
  const size = 12.6;
  return [...text].map((token, k) => {
    const [x, isFresh, isOff] = [20 + k * size, k >= text.length - fresh, token !== plain[k]];
    return rect(x, 222, size - 1.4, 22, { fill: isOff ? INK.badSoft : isFresh ? INK.cSoft : INK.bg, stroke: isOff ? INK.bad : isFresh ? INK.c : INK.line })
      + (isOff ? line(x, 244, x + size - 1.4, 244, { stroke: INK.bad, "stroke-width": 3 }) : "")
      + label(x + (size - 1.4) / 2, 238, shown(token), { "text-anchor": "middle", "font-size": 13, halo: false });
  }).join("") + [...plain].map((token, k) => label(20 + k * size + 5.6, 282, shown(token), { "text-anchor": "middle", "font-size": 13, fill: INK.muted, halo: false })).join("");
}

function passPanel(state, trace) {
  const [passes, place] = [passesOf(state, trace), placeOf(state, trace)];
  const pass = passes[place - 1];
  const [[read], drafts, answers] = pass;
  const [right, text] = [rightOf(pass), texts(passes)[place]];
  const x = (k) => LEFT + k * (CELL + GAP - 12);
  let body = label(20, 24, `pass ${place} of ${passes.length}`, { "font-weight": 700 })
    + label(20, 72, "reads") + label(20, 158, "says") + box(x(0), 50, read, "read");
  drafts.forEach((token, k) => { body += box(x(k + 1), 50, token, k < right ? "right" : k === right ? "wrong" : "lost"); });
  answers.forEach((token, k) => {
    body += line(x(k) + CELL / 2, 84, x(k) + CELL / 2, 134, { stroke: k <= right ? INK.ink : INK.muted, "stroke-dasharray": k <= right ? undefined : "4 3" });
    body += box(x(k), 136, token, k <= right ? "own" : "lost");
    if (k < drafts.length && k <= right) body += arrow(x(k) + CELL, 140, x(k + 1) + 8, 87, { stroke: k < right ? INK.c : INK.bad, width: 1.8 });
  });
  drafts.forEach((_, k) => { body += label(x(k + 1) + CELL / 2, 44, `draft ${k + 1}`, { "text-anchor": "middle", "font-size": 12, fill: INK.muted }); });
  body += label(20, 212, "the text found") + strip(text, right + 1, trace.plain) + label(20, 264, "without drafts", { fill: INK.muted });
  return { id: "pass", width: 340, height: 296, title: `Pass ${place} of ${passes.length}`,
    desc: `It reads ${shown(read)} and the drafts ${drafts.map(shown).join(", ") || "none"}; the model says ${answers.map(shown).join(", ")}. ${right} of ${drafts.length} drafts are right. The text is now: ${text}.`, body };
}

function worthPanel({ g, c }) {
  const [X, Y] = [scale([0.5, 1], [46, 326]), scale([0, 6], [244, 30])];
  const line_of = (depth) => Array.from({ length: 51 }, (_, k) => [0.5 + k / 100, meanTokens(0.5 + k / 100, depth) / (1 + c * depth)]);
  const box = rect(X(0.85), Y(1.95), X(0.9) - X(0.85), Y(1.65) - Y(1.95), { fill: "none", stroke: INK.b, "stroke-width": 2 });
  return { id: "worth", width: 340, height: 296, title: "What acceptance is worth",
    desc: `Speed-up against acceptance with ${g} drafts a pass, each at ${fixed(100 * c, 0)} % of a pass; dashed: one draft. A box marks what DeepSeek-V3 reports: 85 to 90 %, 1.8 times.`,
    body: frame(X, Y, { xTitle: "acceptance a", yTitle: `speed-up, ${g} drafts (line), 1 draft (dashed)`, xTicks: [[0.5, "0.5"], [0.6, "0.6"], [0.7, "0.7"], [0.8, "0.8"], [0.9, "0.9"], [1, "1"]],
      yTicks: [0, 1, 2, 3, 4, 5, 6].map((v) => [v, String(v)]) })
      + line(X(0.5), Y(1), X(1), Y(1), { stroke: INK.bad, "stroke-dasharray": "2 4" })
      + curve(line_of(1), X, Y, { stroke: INK.ink, "stroke-width": 1.6, "stroke-dasharray": "6 4" })
      + curve(line_of(g), X, Y, { stroke: INK.a, "stroke-width": 2.6 }) + box
      + hatch(X(0.85), Y(1.95), X(0.9) - X(0.85), Y(1.65) - Y(1.95), { stroke: INK.b, gap: 5 })
      + label(X(0.875), Y(1.2), "DeepSeek-V3", { "text-anchor": "middle" }) };
}

export const drafts = {
  traced: true,
  start: () => ({ pass: 3, keeps: false, g: 3, c: 0.05 }),
  limits: { pass: [1, 24], g: [1, 7], c: [0, 0.5] },
  panels: (state, trace) => [passPanel(state, trace), worthPanel(state)],
  controls: (state, trace) => [
    { kind: "step", key: "pass", label: "pass", min: 1, max: passesOf(state, trace).length },
    { kind: "check", key: "keeps", label: "leave wrong drafts in the cache", warn: true },
    { kind: "range", key: "g", label: "drafts g", min: 1, max: 7, step: 1, show: (v) => String(v) },
    { kind: "range", key: "c", label: "cost of a draft", min: 0, max: 0.5, step: 0.01, show: (v) => `${fixed(100 * v, 0)} %` },
  ],
  sentence(state, trace) {
    const [passes, place] = [passesOf(state, trace), placeOf(state, trace)];
    const [pass, text] = [passes[place - 1], texts(passes)[place]];
    const [right, count] = [rightOf(pass), pass[1].length];
    const judged = count === 0 ? "no drafts, since one token is wanted" : `${right} of ${count} drafts right`;
    return `Pass ${place}: ${judged}, ${right + 1} ${right ? "tokens" : "token"} found; ${text.length} so far, without drafts each but the first takes a pass. `
      + `With a = 0.9 and ${state.g} ${state.g > 1 ? "drafts" : "draft"} a pass gives ${fixed(meanTokens(0.9, state.g))} tokens; the speed-up is ${fixed(meanTokens(0.9, state.g) / (1 + state.c * state.g))}.`;
  },
  warning(state, trace) {
    if (!state.keeps) return "";
    const text = texts(trace.dirty)[placeOf(state, trace)];
    const off = [...text].findIndex((token, k) => token !== trace.plain[k]);
    return off < 0 ? "A wrong draft stays in the cache. Nothing shows yet: step on."
      : `Wrong drafts stayed in the cache: from token ${off + 1} on the text is no longer the model's own.`;
  },
  reserve: [230, 300],
  caption: "Left: a pass reads the last token and two drafts; the answers judge the drafts (arrows), and the first wrong one (crossed out) ends the block. What is found equals decoding without drafts. Right: what acceptance is worth, with DeepSeek-V3's report as a box.",
};

defineFigure("g2k-drafts", drafts);
