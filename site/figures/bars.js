// Bars: `bar-state` (a value, what is kept of it and what is added) and `byte-meter`.
import { bytes, hatch, INK, label, line, rect } from "./draw.js";

/**
 * One state variable as a horizontal bar: solid = kept, hatched = added, dashed outline = before.
 *
 * `scale` maps values to pixels and its domain holds 0; values outside are cut at the edge.
 */
export function stateBar(y, scale, { before, kept, after, height = 24, colour = "a" }) {
  const zero = scale.clamp(0);
  const at = (value) => (Number.isNaN(value) ? zero : scale.clamp(value));
  const span = (from, to, attributes) =>
    rect(Math.min(from, to), y, Math.abs(to - from), height, attributes);
  const added = span(at(kept), at(after), { fill: INK[`${colour}Soft`], stroke: INK[colour], "stroke-width": 1.5 })
    + hatch(Math.min(at(kept), at(after)), y, Math.abs(at(after) - at(kept)), height, { stroke: INK[colour] });
  return rect(scale.range[0], y, scale.range[1] - scale.range[0], height, { fill: INK.bg, stroke: INK.line })
    + span(zero, at(kept), { fill: INK[colour] })
    + added
    + (before === undefined || before === 0 ? "" : rect(Math.min(zero, at(before)), y - 4, Math.abs(at(before) - zero), height + 8,
      { fill: "none", stroke: INK.ink, "stroke-width": 1.5, "stroke-dasharray": "3 3" }))
    + line(zero, y - 5, zero, y + height + 5, { "stroke-width": 1.5 })
    + line(at(after), y - 5, at(after), y + height + 5, { stroke: INK[colour], "stroke-width": 3 });
}

/**
 * Bytes moved: `loaded` solid, `stored` hatched, out of a dashed total.
 *
 * @param {{loaded: number, stored: number}} moved
 * @param {number} total outline to be filled, in bytes
 */
export function byteMeter(y, scale, moved, total, { name, colour = "a", height = 22 } = {}) {
  const [x0, x1, x2] = [scale(0), scale(moved.loaded), scale(moved.loaded + moved.stored)];
  return label(x0, y - 8, name, { halo: false })
    + label(scale.range[1], y - 8, bytes(moved.loaded + moved.stored), { "text-anchor": "end", "font-weight": 700, "font-size": 16, fill: INK[colour], halo: false })
    + rect(x0, y, scale(total) - x0, height, { fill: INK.bg, stroke: INK.muted, "stroke-dasharray": "3 3" })
    + rect(x0, y, x1 - x0, height, { fill: INK[colour] })
    + rect(x1, y, x2 - x1, height, { fill: INK[`${colour}Soft`], stroke: INK[colour] })
    + hatch(x1, y, x2 - x1, height, { stroke: INK[colour], gap: 6 });
}
