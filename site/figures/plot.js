// Axes for small plots: linear or logarithmic. `log-plot` of the kit.
import { INK, label, line, path, raised, rect, through } from "./draw.js";

/** A function from data to pixels; `scale.log` and `scale.domain` describe it. */
export function scale(domain, range, log = false) {
  const at = log ? Math.log10 : (value) => value;
  const [lo, hi] = domain.map(at);
  const map = (value) => range[0] + ((at(value) - lo) / (hi - lo)) * (range[1] - range[0]);
  map.domain = domain;
  map.range = range;
  map.log = log;
  map.inverse = (pixel) => {
    const value = lo + ((pixel - range[0]) / (range[1] - range[0])) * (hi - lo);
    return log ? 10 ** value : value;
  };
  map.clamp = (value) => Math.min(Math.max(range[0], range[1]), Math.max(Math.min(range[0], range[1]), map(value)));
  return map;
}

/** Powers of ten inside a domain, every `every` decades. */
export function decades([lo, hi], every = 1) {
  const first = Math.ceil(Math.log10(lo) - 1e-9);
  const last = Math.floor(Math.log10(hi) + 1e-9);
  const all = [];
  for (let p = first; p <= last; p += 1) if (p % every === 0) all.push(p);
  return all;
}

/**
 * The frame, ticks and titles of a plot.
 *
 * `x` and `y` are scales; `xTicks`, `yTicks` are lists of `[value, text]`, and
 * default to powers of ten on a logarithmic axis.
 */
export function frame(x, y, { xTitle = "", yTitle = "", xTicks, yTicks, every = 4, grid = true } = {}) {
  const [left, right] = x.range;
  const [bottom, top] = y.range;
  const powers = (s) => (s.log ? decades(s.domain, every).map((p) => [10 ** p, `10${raised(p)}`]) : []);
  let out = rect(left, top, right - left, bottom - top, { fill: INK.bg, stroke: INK.line });
  for (const [value, text] of xTicks ?? powers(x)) {
    if (grid) out += line(x(value), top, x(value), bottom, { stroke: INK.line });
    out += label(x(value), bottom + 17, text, { "text-anchor": "middle", fill: INK.muted, halo: false });
  }
  for (const [value, text] of yTicks ?? powers(y)) {
    if (grid) out += line(left, y(value), right, y(value), { stroke: INK.line });
    out += label(left - 6, y(value) + 4, text, { "text-anchor": "end", fill: INK.muted, halo: false });
  }
  if (xTitle) out += label((left + right) / 2, bottom + 36, xTitle, { "text-anchor": "middle", halo: false });
  if (yTitle) out += label(left, top - 9, yTitle, { halo: false });
  return out;
}

/** A curve through data points; breaks where a value is missing or leaves the plot. */
export function curve(points, x, y, attributes = {}) {
  const [y0, y1] = [Math.min(...y.range), Math.max(...y.range)];
  const runs = [[]];
  for (const [a, b] of points) {
    const [u, v] = [x(a), y(b)];
    if (Number.isFinite(u) && Number.isFinite(v) && v >= y0 - 0.5 && v <= y1 + 0.5) runs.at(-1).push([u, v]);
    else if (runs.at(-1).length) runs.push([]);
  }
  return path(runs.filter((run) => run.length > 1).map((run) => through(run)).join(""),
    { "stroke-width": 2, "stroke-linejoin": "round", ...attributes });
}
