// Lesson 1: the map and the dial of slopes.
import { arrow, circle, fixed, INK, label, line, path, rect, through } from "../../site/figures/draw.js";
import { contours } from "../../site/figures/field.js";
import { scale } from "../../site/figures/plot.js";
import { grid, look, SURFACES } from "./figure-surfaces.js";

const SIZE = 340;
const X = scale([-2, 2], [14, 326]);
const Y = scale([-2, 2], [326, 14]);

export function mapPanel(state) {
  const { u, g, steep, v } = look(state);
  const at = [X(state.x), Y(state.y)];
  const reach = 56;
  const tip = [at[0] + v[0] * reach, at[1] - v[1] * reach];
  const top = [at[0] + g[0] * reach, at[1] - g[1] * reach];
  const level = steep > 0.02 ? [-g[1] / steep, g[0] / steep] : null;
  const name = (point, d, text, fill) => label(Math.min(318, Math.max(22, point[0] + d[0] * 15)),
    Math.min(322, Math.max(24, point[1] - d[1] * 15 + 5)), text,
    { "text-anchor": "middle", "font-weight": 700, fill });
  return {
    id: "map", width: SIZE, height: SIZE, title: "Map of f with a point, its gradient and a direction",
    desc: "Contour map. The gradient arrow stands at a right angle to the contour line through the point.",
    body: rect(14, 14, 312, 312, { fill: INK.bg })
      + contours(grid(state.surface), SURFACES[state.surface].levels, X, Y)
      + rect(14, 14, 312, 312, { fill: "none", stroke: INK.line })
      + (level ? line(at[0] - level[0] * 46, at[1] + level[1] * 46, at[0] + level[0] * 46, at[1] - level[1] * 46,
        { "stroke-width": 1.5, "stroke-dasharray": "2 4" }) : "")
      + arrow(...at, ...top, { stroke: INK.b, width: 4, head: 13 })
      + arrow(...at, ...tip, { stroke: state.long ? INK.bad : INK.c, width: 3, head: 12, "stroke-dasharray": "7 4" })
      + (steep > 0.05 ? name(top, [g[0] / steep, g[1] / steep], "∇f", INK.b) : "")
      + name(tip, u, state.long ? "v" : "u", state.long ? INK.bad : INK.c)
      + circle(...at, 5.5, { fill: INK.ink, stroke: INK.bg, "stroke-width": 1.5 }),
    press: (px, py) => ({ x: X.inverse(px), y: Y.inverse(py) }),
    handles: [
      { id: "point", x: at[0], y: at[1], label: "Point", now: state.x, min: -2, max: 2,
        text: `x ${fixed(state.x)}, y ${fixed(state.y)}`,
        drag: (px, py) => snap(state, X.inverse(px), Y.inverse(py)),
        key: (dx, dy) => ({ x: state.x + dx * 0.05, y: state.y + dy * 0.05 }) },
      { id: "tip", x: tip[0], y: tip[1], ...turning(state, at) }],
  };
}

/** Near the crease's origin a dragged point falls onto it. */
function snap(state, x, y) {
  return state.surface === "crease" && Math.hypot(x, y) < 0.12 ? { x: 0, y: 0 } : { x, y };
}

function turning(state, [cx, cy]) {
  const wrap = (degrees) => ((Math.round(degrees) % 360) + 360) % 360;
  return { label: "Direction", now: state.turn, min: 0, max: 359, text: `${state.turn} degrees`,
    drag: (px, py) => ({ turn: wrap((Math.atan2(cy - py, px - cx) * 180) / Math.PI) }),
    key: (dx, dy) => ({ turn: wrap(state.turn + (dx + dy) * 1) }) };
}

export function dialPanel(state) {
  const { u, size, rough, full, g, steep, slope, slopeAlong } = look(state);
  const c = 170;
  const s = 142 / full;
  const at = (d, value) => [c + d[0] * Math.abs(value) * s, c - d[1] * Math.abs(value) * s];
  const petals = runs(slopeAlong, size).map(({ up, points }) => {
    const colour = state.long ? "bad" : up ? "b" : "a";
    return path(through([[c, c], ...points.map(([d, value]) => at(d, value))], true), { stroke: INK[colour],
      "stroke-width": 2, "stroke-dasharray": up ? undefined : "5 4", fill: INK[`${colour}Soft`], "fill-opacity": 0.55 });
  }).join("");
  const ghosts = runs(slopeAlong, 1).map(({ points }) =>
    path(through([[c, c], ...points.map(([d, value]) => at(d, value))], true), { "stroke-width": 1.5, "stroke-dasharray": "2 4" })).join("");
  const rings = (rough ? [0.2, 0.4] : full / size > 1.5 ? [0.5, 1, 1.5] : [0.3, 0.6, 0.9]).map((r) => r * size);
  const foot = [c + u[0] * slope * s, c - u[1] * slope * s];
  const tip = [c + g[0] * s, c - g[1] * s];
  const edge = [c + u[0] * 136, c - u[1] * 136];
  const colour = state.long ? INK.bad : slope >= 0 ? INK.b : INK.a;
  return {
    id: "dial", width: SIZE, height: SIZE, title: "Slope in every direction from the point",
    desc: rough ? "The curve of slopes has four petals: it is not a pair of circles, so no gradient exists."
      : "Two touching circles: uphill slopes solid, downhill slopes dashed. The slope along u is the shadow of the gradient on u.",
    body: rings.map((r) => circle(c, c, r * s, { fill: "none", stroke: INK.line })
      + label(c + 5, c - r * s - 4, fixed(r, 1), { fill: INK.muted, "font-size": 11 })).join("")
      + line(14, c, 326, c, { stroke: INK.line }) + line(c, 14, c, 326, { stroke: INK.line })
      + petals + (state.long ? ghosts : "")
      + line(c - u[0] * 136, c + u[1] * 136, ...edge, { stroke: INK.c, "stroke-width": 1.5, "stroke-dasharray": "7 4" })
      + (rough ? "" : arrow(c, c, ...tip, { stroke: INK.b, width: 4, head: 13 }))
      + (rough || state.long || steep < 0.05 ? "" : line(...tip, ...foot, { "stroke-width": 1.2 }) + corner(foot, tip, u, slope))
      + line(c, c, ...foot, { stroke: colour, "stroke-width": 5, "stroke-linecap": "round" })
      + circle(...foot, 5.5, { fill: colour, stroke: INK.bg, "stroke-width": 1.5 })
      + circle(c, c, 3.5, { fill: INK.ink, stroke: "none" })
      + circle(...edge, 8, { fill: INK.bg, stroke: state.long ? INK.bad : INK.c, "stroke-width": 2.5 })
      + label(14, 328, state.long ? `slope along v: ${fixed(slope)}` : `slope along u: ${fixed(slope)}`,
        { "font-weight": 700, fill: colour }),
    press: (px, py) => turning(state, [c, c]).drag(px, py),
    handles: [{ id: "dial", x: edge[0], y: edge[1], ...turning(state, [c, c]) }],
  };
}

/** The directions around the circle, cut where the slope changes its sign. */
function runs(slopeAlong, size) {
  const all = Array.from({ length: 180 }, (_, k) => {
    const a = (k * Math.PI) / 90;
    const d = [Math.cos(a), Math.sin(a)];
    return [d, slopeAlong([d[0] * size, d[1] * size])];
  });
  const up = ([, value]) => value >= 0;
  const first = all.findIndex((one, k) => up(one) !== up(all.at(k - 1)));
  const found = [];
  for (const one of [...all.slice(first), ...all.slice(0, first)]) {
    if (found.at(-1)?.up !== up(one)) found.push({ up: up(one), points: [] });
    found.at(-1).points.push(one);
  }
  return found;
}

/** The small square that marks a right angle at the foot of the shadow. */
function corner(foot, tip, u, slope) {
  const away = Math.hypot(tip[0] - foot[0], tip[1] - foot[1]);
  if (away < 16 || Math.abs(slope) < 0.05) return "";
  const side = [(tip[0] - foot[0]) / away, (tip[1] - foot[1]) / away];
  const back = [-u[0] * Math.sign(slope), u[1] * Math.sign(slope)];
  const q = 9;
  return path(through([[foot[0] + side[0] * q, foot[1] + side[1] * q],
    [foot[0] + (side[0] + back[0]) * q, foot[1] + (side[1] + back[1]) * q],
    [foot[0] + back[0] * q, foot[1] + back[1] * q]]), { "stroke-width": 1.2 });
}
