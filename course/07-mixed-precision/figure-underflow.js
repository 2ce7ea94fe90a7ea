// Lesson 7: gradients over the window of float16, and what the optimiser receives.
import { circle, hatch, INK, label, line, path, raised, rect, through } from "../../site/figures/draw.js";
import { frame, scale } from "../../site/figures/plot.js";
import { updateLength } from "./figure-model.js";

const X = scale([-42, 20], [26, 326]);
const Y = scale([0.7, 2e6], [250, 92], true);
const [NORM, LIMIT] = [0.5, 1];
const total = ({ counts, zeros }) => counts.reduce((sum, n) => sum + n, zeros);

/** A share in percent, as short as it can be told. */
export function percent(count, all) {
  const share = (100 * count) / all;
  return share === 0 ? "0 %" : share >= 99.95 && share < 100 ? `${share.toFixed(2)} %` : share >= 10 ? `${share.toFixed(1)} %` : `${Number(share.toPrecision(2))} %`;
}

/** Counts of zeroed, subnormal and infinite gradients in the format at hand. */
export function found(state, { gradients }) {
  return state.format === "bf16" ? [0, 0, 0] : gradients.reports[state.k];
}

function stairs({ low, counts }, k) {
  const points = [];
  counts.forEach((n, j) => { for (const edge of [0, 1]) points.push([X(low + j + k + edge), Y(Math.max(0.7, n))]); });
  const inside = points.filter(([x]) => x >= 26 && x <= 326);
  return inside.length ? [[inside[0][0], 250], ...inside, [inside.at(-1)[0], 250]] : [];
}

function histogramPanel(state, trace) {
  const { gradients } = trace;
  const all = total(gradients);
  const [zeroed, subnormal, infinite] = found(state, trace);
  const half = state.format === "fp16";
  const band = (from, to, fill) => rect(X(from), 92, X(to) - X(from), 158, { fill });
  const colours = (at) => (!half ? "a" : at < -25 ? "bad" : at < -14 ? "b" : at < 16 ? "a" : "bad");
  const bars = gradients.counts.map((n, j) => {
    const at = gradients.low + j + state.k;
    if (at < -42 || at >= 20) return "";
    const [x, y] = [X(at), Y(Math.max(0.75, n))];
    const colour = colours(at);
    return rect(x, y, X(at + 1) - x, 250 - y, { fill: INK[colour], stroke: INK.bg, "stroke-width": 0.6 })
      + (colour === "a" ? "" : hatch(x, y, X(at + 1) - x, 250 - y, { stroke: INK.bg, gap: colour === "b" ? 8 : 4, "stroke-width": 1 }));
  }).join("");
  const peak = gradients.low + gradients.counts.indexOf(Math.max(...gradients.counts)) + 0.5;
  const counter = (x, name, count, colour) => label(x, 24, name, { fill: INK.muted, "font-size": 12, halo: false })
    + label(x, 46, percent(count, all), { "font-weight": 700, "font-size": 16, fill: count ? INK[colour] : INK.c, halo: false });
  const here = Math.min(19, peak + state.k);
  return {
    id: "histogram", width: 340, height: 300, title: `Gradients times 2^${state.k}, by size, over the window of ${half ? "float16" : "bfloat16"}`,
    desc: `${percent(zeroed, all)} become zero, ${percent(subnormal, all)} subnormal, ${percent(infinite, all)} infinite.`,
    body: counter(26, "zeroed", zeroed, "bad") + counter(136, "subnormal", subnormal, "b") + counter(246, "infinite", infinite, "bad")
      + frame(X, Y, { grid: false, xTitle: `S · |gradient|, S = 2${raised(state.k)} (height: log of the count)`,
        xTicks: [-40, -25, -14, 0, 16].map((v) => [v, `2${raised(v)}`]), yTicks: [] })
      + (half ? band(-42, -25, INK.badSoft) + band(-25, -14, INK.bSoft) + band(-14, 16, INK.aSoft) + band(16, 20, INK.badSoft) : band(-42, 20, INK.aSoft))
      + bars
      + (state.k ? path(through(stairs(gradients, 0)), { "stroke-width": 1.5, "stroke-dasharray": "3 3" }) : "")
      + (half ? [-25, -14, 16].map((v) => line(X(v), 74, X(v), 250, { stroke: INK.muted, "stroke-dasharray": "4 3" })).join("")
        + [[-33.5, "zero", "bad"], [-19.5, "subnormal", "b"], [1, "normal", "a"], [18.2, "inf", "bad"]].map(([v, text, colour]) =>
          label(X(v), 86, text, { "text-anchor": "middle", "font-size": 11, fill: INK[colour], halo: false })).join("")
        : label(X(-11), 86, "normal from 2⁻¹²⁶ to 2¹²⁸", { "text-anchor": "middle", "font-size": 12, fill: INK.a, halo: false }))
      + circle(X(here), Y(Math.max(...gradients.counts)), 6.5, { fill: INK.bg, stroke: INK.ink, "stroke-width": 2 }),
    handles: [{ id: "s", x: X(here), y: Y(Math.max(...gradients.counts)), label: "Loss scale", now: state.k, min: 0, max: 40, text: `2 to the ${state.k}`,
      drag: (u) => ({ k: Math.round(X.inverse(u) - peak) }), key: (dx, dy) => ({ k: state.k + dx + dy }) }],
  };
}

function updatePanel(state) {
  const S = 2 ** state.k;
  const got = updateLength(NORM, S, LIMIT, state);
  const want = updateLength(NORM, S, LIMIT);
  const x = scale([2 ** -44, 2 ** 44], [20, 320], true);
  const steps = [["the gradient that you want", NORM, "ink"], ["after the backward pass: times S", NORM * S, "a"]];
  const unscaled = ["after unscaling", (state.clip === "before" ? Math.min(LIMIT, NORM * S) : NORM * S) / S, "c"];
  const clipped = (length) => [`after clipping at ${LIMIT}`, Math.min(LIMIT, length), "d"];
  if (state.clip === "before") steps.push(clipped(NORM * S));
  if (state.unscale) steps.push(unscaled);
  if (state.clip === "after") steps.push(clipped(steps.at(-1)[1]));
  const wrong = got !== want;
  const power = (value) => (value >= 0.001 && value < 10000 ? String(Number(value.toPrecision(4))) : `2${raised(Math.log2(value))}`);
  return {
    id: "update", width: 340, height: 300, title: "Length of the gradient on its way to the optimiser",
    desc: steps.map(([name, value]) => `${name}: ${power(value)}`).join("; "),
    body: label(20, 24, "length of a gradient, logarithmic", { fill: INK.muted, halo: false })
      + line(x(LIMIT), 34, x(LIMIT), 262, { stroke: INK.muted, "stroke-dasharray": "3 3" })
      + label(x(LIMIT), 275, "1 (clip)", { "text-anchor": "middle", "font-size": 12, fill: INK.muted, halo: false })
      + steps.map(([name, value, colour], j) => {
        const y = 62 + 54 * j;
        const last = j === steps.length - 1;
        const shade = INK[last ? (wrong ? "bad" : "c") : colour];
        return label(20, y - 12, name) + label(320, y - 12, power(value), { "text-anchor": "end", "font-weight": 700, fill: shade, halo: false })
          + rect(20, y - 4, 300, 16, { fill: INK.bg, stroke: INK.line }) + line(x(NORM), y - 6, x(NORM), y + 14, { stroke: INK.ink, "stroke-width": 1.5 })
          + rect(Math.min(x(value), x(LIMIT)), y - 4, Math.max(1.5, Math.abs(x(value) - x(LIMIT))), 16, { fill: shade, "fill-opacity": 0.55 })
          + circle(x(value), y + 4, 7, { fill: shade, stroke: INK.bg, "stroke-width": 1.5 });
      }).join("")
      + label(320, 292, wrong ? `off by ${power(got / want)}` : "as wanted", { "text-anchor": "end", "font-weight": 700, fill: INK[wrong ? "bad" : "c"], halo: false })
      + label(20, 292, "reaches the optimiser:", { halo: false }),
  };
}

export const underflow = {
  start: () => ({ k: 7, format: "fp16", unscale: true, clip: "after" }),
  limits: { k: [0, 40], format: ["fp16", "bf16"], clip: ["none", "after", "before"] },
  panels: (state, trace) => [histogramPanel(state, trace), updatePanel(state)],
  controls: (state, trace) => [
    { kind: "range", key: "k", label: "loss scale S", min: 0, max: 40, show: (k) => `2${raised(k)}` },
    { kind: "choice", key: "format", label: "format", options: [["fp16", "float16"], ["bf16", "bfloat16"]] },
    { kind: "check", key: "unscale", label: "unscale before the step", warn: true },
    { kind: "choice", key: "clip", label: "clip", options: [["after", "after unscaling"], ["before", "before unscaling"], ["none", "never"]] },
    { kind: "button", label: "No scale", patch: { k: 0 } },
    { kind: "button", label: "Largest without inf", patch: { k: trace.gradients.best } },
  ],
  sentence(state, trace) {
    const all = total(trace.gradients);
    const [zeroed, subnormal, infinite] = found(state, trace).map((count) => percent(count, all));
    if (state.format === "bf16") return "bfloat16 has the exponents of float32: at any scale in reach nothing is zeroed, subnormal or infinite. What it lacks is digits.";
    return `S = 2${raised(state.k)}: ${zeroed} of the gradients become zero, ${subnormal} subnormal, ${infinite} infinite.`;
  },
  warning(state, trace) {
    const S = 2 ** state.k;
    const [got, want] = [updateLength(NORM, S, LIMIT, state), updateLength(NORM, S, LIMIT)];
    if (got !== want && !state.unscale) return state.clip === "none" ? `The optimiser receives a gradient 2${raised(state.k)} times too long: the learning rate has exploded.` : "Still scaled, almost every gradient is longer than the limit: all are cut to length 1, and their size is lost.";
    if (got !== want) return `The scaled gradient was cut to length 1 and then divided by S: an update 2${raised(state.k - 1)} times too short.`;
    const infinite = found(state, trace)[2];
    return infinite ? `${infinite.toLocaleString("en-GB")} gradients overflow: one is enough, and the step must be skipped.` : "";
  },
  hint: "Drag the ring sideways, or use the slider: one octave a press.",
  reserve: [256, 392],
  traced: true,
  caption: "A loss scale slides all gradients over the fixed window of float16 (dashed: without a scale). "
    + "Left of the window they become zero, right of it infinite. Before the step the scale must come off again, and only then may you clip.",
};


