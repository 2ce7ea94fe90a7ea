// Lesson 7: the number line under a microscope.
import { arrow, circle, fixed, hatch, INK, label, line, rect, raised } from "../../site/figures/draw.js";
import { scale } from "../../site/figures/plot.js";
import { bitsPanel, look, MODES, written } from "./figure-bits.js";
import { fieldsOf, FORMATS, roundTo, valueOf } from "./figure-model.js";

function linePanel(state) {
  const { x, size, below, above, rest, tie, bits, value, infinite, base, wrong, right } = look(state);
  const sign = state.negative ? "−" : "";
  const at = (pattern) => valueOf(pattern, state.format);
  const gap = at(base + 4) - at(base + 3);
  const last = base + 4;
  const X = scale([at(base) - 0.55 * (at(base + 1) - at(base)), at(last) + 0.3 * gap], [14, 326]);
  const inside = (value_) => Math.min(326, Math.max(14, X(value_)));
  const colour = wrong ? "bad" : "c";
  const Y = 150;
  let body = rect(14, 60, 312, Y - 60, { fill: INK.bg }) + line(14, Y, 326, Y, { "stroke-width": 1.5 });
  for (let p = base; p <= last; p += 1) {
    const even = p % 2 === 0;
    const beyond = p >= infinite;
    // The stretch that rounds to this number: half of the gap on each side.
    const left = p === base ? 14 : inside((at(p) + at(p - 1)) / 2);
    const end = p === last ? 326 : inside((at(p) + at(p + 1)) / 2);
    body += rect(left, Y - 20, end - left, 20, { fill: even ? INK.aSoft : INK.bSoft })
      + (even ? "" : hatch(left, Y - 20, end - left, 20, { stroke: INK.b, "stroke-opacity": 0.35 }))
      + line(X(at(p)), Y - 34, X(at(p)), Y + 8, { stroke: beyond ? INK.bad : even ? INK.a : INK.b, "stroke-width": 2.5, "stroke-dasharray": beyond ? "3 3" : undefined })
      + label(X(at(p)), Y + 26, beyond ? `${sign}inf` : `…${p % 2}`, { "text-anchor": "middle", "font-weight": 700, fill: beyond ? INK.bad : even ? INK.a : INK.b, halo: false });
    if (p < last) body += line(inside((at(p) + at(p + 1)) / 2), Y - 20, inside((at(p) + at(p + 1)) / 2), Y + 3, { stroke: INK.muted, "stroke-dasharray": "2 3" });
  }
  const here = inside(size);
  const target = inside(at(Math.min(bits & 0x7fff, last)));
  body += arrow(here, 84, target, Y - 36, { stroke: INK[colour], width: 3, head: 11 })
    + (wrong ? arrow(here, 84, inside(at(Math.min(right.bits & 0x7fff, last))), Y - 36, { stroke: INK.muted, width: 1.5, head: 8, "stroke-dasharray": "3 3" }) : "")
    + circle(here, 80, 8, { fill: INK.ink, stroke: INK.bg, "stroke-width": 2 })
    + label(Math.min(300, Math.max(40, here)), 48, `x = ${written(x)}`, { "text-anchor": here > 220 ? "end" : here < 120 ? "start" : "middle", "font-weight": 700 })
    + label(14, 24, `${FORMATS[state.format].name}, gap ${sign ? "of " : ""}${written(at(above) - at(below))}`, { fill: INK.muted, halo: false })
    + label(14, 202, `below ${sign}${written(at(below))}`, { halo: false })
    + label(326, 202, `above ${above >= infinite ? `${sign}inf` : sign + written(at(above))}`, { "text-anchor": "end", halo: false })
    + label(14, 232, `→ ${written(value)}`, { "font-weight": 700, "font-size": 18, fill: INK[colour], halo: false })
    + label(326, 232, tie ? "a tie" : rest === 0 ? "exact" : `${fixed(rest, 3)} of the gap`, { "text-anchor": "end", fill: tie ? INK.d : INK.muted, halo: false });
  const set = (value_) => {
    const bounded = Math.min(at(last) - gap / 64, Math.max(at(base), value_));
    const { below: p } = roundTo(bounded, state.format);
    const step = (at(p + 1) - at(p)) / 64;
    return fieldsOf(at(p) + Math.round((bounded - at(p)) / step) * step);
  };
  return {
    id: "line", width: 340, height: 256, title: `Numbers of ${FORMATS[state.format].name} near x`,
    desc: `x = ${written(x)} becomes ${written(value)}. Each tick shows its last bit; the band under it is what rounds to it.`, body,
    press: (u) => set(X.inverse(u)),
    handles: [{ id: "x", x: here, y: 80, label: "x", now: Math.round(1000 * rest), min: 0, max: 1000, text: `x = ${written(x)}, rounds to ${written(value)}`,
      drag: (u) => set(X.inverse(u)), key: (dx, dy) => fieldsOf(size + ((dx + dy) * (at(above) - at(below))) / 16) }],
  };
}

const preset = (text, value, extra = {}) => ({ kind: "button", label: text, patch: { ...fieldsOf(Math.fround(value)), negative: false, ...extra } });

export const round = {
  start: () => ({ format: "fp16", mode: "even", ...fieldsOf(Math.fround(0.1)), negative: false }),
  limits: { format: Object.keys(FORMATS), mode: Object.keys(MODES), exp: [-30, 17], hi: [0, 1023], lo: [0, 8191] },
  panels: (state) => [linePanel(state), bitsPanel(state)],
  controls: () => [
    { kind: "range", key: "exp", label: "exponent", min: -30, max: 17, show: (k) => `2${raised(k)}` },
    { kind: "range", key: "hi", label: "first 10 bits", min: 0, max: 1023 },
    { kind: "range", key: "lo", label: "last 13 bits", min: 0, max: 8191 },
    { kind: "choice", key: "format", label: "format", options: [["fp16", "float16"], ["bf16", "bfloat16"]] },
    { kind: "choice", key: "mode", label: "rounding", options: Object.entries(MODES) },
    { kind: "check", key: "negative", label: "negative" },
    preset("0.1", 0.1), preset("2048 + 1", 2049), preset("2050 + 1", 2051), preset("65519.99", 65519.99), preset("65520", 65520),
    preset("2⁻²⁵", 2 ** -25), preset("2⁻²⁵ and a hair", 2 ** -25 * (1 + 1e-6)),
  ],
  sentence(state) {
    const { x, value, rest, tie, below } = look(state);
    const how = rest === 0 ? "it is a number of the format" : tie
      ? `halfway between two numbers; the one below ends in ${below % 2}` : `${fixed(rest, 3)} of the way to the next number`;
    return `x = ${written(x)} lies at ${how}. ${FORMATS[state.format].name} stores ${written(value)}.`.replace("lies at it is", "is exact: it is").replace("lies at halfway", "lies halfway");
  },
  warning(state) {
    const { wrong, right } = look(state);
    if (wrong) return `Ties to even would store ${written(right.value)}. Rounding always ${state.mode === "cut" ? "down loses half a gap on average" : "up at ties adds a little at every tie"}, and sums of many terms drift.`;
    return state.mode === "even" ? "" : "Here this rule agrees with ties to even. Move x to a place where it does not.";
  },
  hint: "Drag the dot, or Tab to it and use the arrow keys: one press is a sixteenth of a gap.",
  reserve: [303, 538],
  caption: "Under the microscope 0.1 lies between two float16 numbers. The dropped bits say which is nearer; "
    + "when they say exactly half, the number whose last bit is 0 wins.",
};
