// Lesson 7: the reader's number, and the bits that decide where it goes.
import { fixed, hatch, INK, label, line, rect, raised } from "../../site/figures/draw.js";
import { scale } from "../../site/figures/plot.js";
import { bits32, exponentOf, FORMATS, largest, lowest, numberOf, roundTo } from "./figure-model.js";

export const MODES = { even: "to nearest, ties to even", cut: "cut off", away: "ties away from zero" };

/** Enough digits to tell neighbours apart, as people write them. */
export function written(value) {
  if (!Number.isFinite(value)) return fixed(value);
  const size = Math.abs(value);
  if (size === 0) return Object.is(value, -0) ? "−0" : "0";
  if (size >= 0.001 && size < 1e6) return String(Number(value.toPrecision(8))).replace("-", "−");
  const exponent = exponentOf(size);
  const mantissa = Number((value / 2 ** exponent).toPrecision(7));
  return `${mantissa === 1 ? "" : mantissa === -1 ? "−" : `${String(mantissa).replace("-", "−")}·`}2${raised(exponent)}`;
}

/** Everything a panel needs to know about the reader's number. */
export function look(state) {
  const x = numberOf(state);
  const seen = roundTo(x, state.format, state.mode);
  const right = roundTo(x, state.format);
  const infinite = (2 ** FORMATS[state.format].exponent - 1) << FORMATS[state.format].fraction;
  const base = Math.min(seen.below - (seen.below % 4), infinite - 3);
  return { x, size: Math.abs(x), ...seen, right, infinite, base, wrong: seen.bits !== right.bits };
}

function cells(y, width, bits, count, parts, dropped = 326) {
  const colours = parts.flatMap(([colour, n]) => Array(n).fill(colour));
  const on = (k) => Math.floor(bits / 2 ** (count - 1 - k)) % 2 === 1;
  return colours.map((colour, k) => rect(14 + k * width, y, width, 24,
    { fill: on(k) ? INK[`${colour}Soft`] : INK.bg, stroke: INK[colour], "stroke-width": on(k) ? 1.6 : 0.7 })).join("")
    + hatch(dropped, y, 326 - dropped, 24, { stroke: INK.muted, "stroke-opacity": 0.45, gap: 6 })
    + colours.map((_, k) => label(14 + (k + 0.5) * width, y + 17, on(k) ? "1" : "0",
      { "text-anchor": "middle", "font-size": 12, "font-weight": on(k) ? 700 : undefined, halo: false })).join("");
}

export function bitsPanel(state) {
  const { x, size, below, bits, rest, tie, wrong, infinite } = look(state);
  const { exponent, fraction, name } = FORMATS[state.format];
  const small = Math.max(0, lowest(state.format) - exponentOf(size));
  const kept = Math.max(0, fraction - small);
  const width = 312 / 32;
  const cut = 14 + (9 + kept) * width;
  const overflow = (bits & 0x7fff) >= infinite;
  const X = scale([-30, 18], [14, 326]);
  const why = overflow ? `past ${largest(state.format) > 1e6 ? "the largest number" : "65519.99…: the next would be 65536"}`
    : rest === 0 ? "nothing was dropped" : tie ? `a tie: the last kept bit is ${below % 2}, ${below % 2 ? "odd" : "even"}`
      : `dropped ${rest > 0.5 ? "more" : "less"} than half a gap`;
  const zone = (from, to, fill, extra) => rect(X(Math.max(-30, from)), 208, X(Math.min(18, to)) - X(Math.max(-30, from)), 18, { fill, stroke: INK.line, ...extra });
  const low = lowest(state.format);
  return {
    id: "bits", width: 340, height: 256, title: "The bits of x in float32 and of what it becomes",
    desc: `${small && fraction - small < 0 ? "No bit survives" : `The first ${kept} bits of the fraction are kept`}; ${why}.`,
    body: label(14, 24, "float32: sign, exponent, fraction", { fill: INK.muted, halo: false })
      + cells(32, width, bits32(x), 32, [["d", 1], ["b", 8], ["a", 23]], cut)
      + line(cut, 26, cut, 64, { "stroke-width": 2.5 })
      + label(Math.max(20, cut - 6), 76, small ? "leading 1 shifts in" : "kept", { "text-anchor": cut > 130 ? "end" : "start", fill: INK.a, "font-size": 12, halo: false })
      + label(326, 76, "dropped", { "text-anchor": "end", fill: INK.muted, "font-size": 12, halo: false })
      + label(14, 106, `${name}: 1 + ${exponent} + ${fraction} bits`, { fill: INK.muted, halo: false })
      + cells(114, width * 2, bits, 16, [["d", 1], ["b", exponent], ["a", fraction]])
      + label(14, 162, why, { "font-weight": 700, fill: overflow || wrong ? INK.bad : tie ? INK.d : INK.ink, halo: false })
      + label(14, 182, wrong ? `${MODES[state.mode]}: wrong` : tie && !overflow ? `${bits % 2 === below % 2 ? "stay" : "go up"}: the even neighbour` : rest > 0.5 ? "go up" : rest === 0 ? "the same number" : "stay", { fill: wrong ? INK.bad : INK.muted, halo: false })
      + zone(low - fraction - 1, low, INK.bSoft) + (state.format === "fp16" ? hatch(X(-25), 208, X(-14) - X(-25), 18, { stroke: INK.b, "stroke-opacity": 0.5 }) : "")
      + zone(low, 16, INK.aSoft)
      + (state.format === "fp16" ? zone(16, 18, INK.badSoft) + label(X(-27.5), 222, "0", { "text-anchor": "middle", "font-size": 12, halo: false })
        + label(X(-19.5), 222, "subnormal", { "text-anchor": "middle", "font-size": 12 }) + label(X(17), 222, "inf", { "text-anchor": "middle", "font-size": 11, fill: INK.bad, halo: false }) : "")
      + label(X(1), 222, "normal", { "text-anchor": "middle", "font-size": 12, halo: false })
      + [-24, -14, 0, 16].map((k) => label(X(k), 243, `2${raised(k)}`, { "text-anchor": "middle", "font-size": 12, fill: INK.muted, halo: false })).join("")
      + line(X(Math.log2(size)), 200, X(Math.log2(size)), 232, { "stroke-width": 3 }),
    press: (u, v) => (v > 196 ? { exp: Math.round(Math.min(17, Math.max(-30, X.inverse(u)))) } : null),
  };
}
