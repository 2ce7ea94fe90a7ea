// Lesson 1: the slice along the direction, and the slope against the direction.
import { circle, fixed, INK, label, line } from "../../site/figures/draw.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { look } from "./figure-surfaces.js";

const SIZE = 340;

export function slicePanel(state) {
  const { f, u, v, slope } = look(state);
  const [x, y] = [scale([-1, 1], [34, 326]), scale([-1.4, 2], [206, 26])];
  const here = f(state.x, state.y);
  const along = (d) => Array.from({ length: 121 }, (_, k) => {
    const t = -1 + k / 60;
    return [t, f(state.x + t * d[0], state.y + t * d[1])];
  });
  const colour = state.long ? INK.bad : slope >= 0 ? INK.b : INK.a;
  const name = state.long ? "v" : "u";
  return {
    id: "slice", width: SIZE, height: 256, title: "The slice of f along the direction",
    desc: "The heights met on a straight walk, with the tangent line at the point.",
    body: frame(x, y, { xTitle: `t (one step = ${name})`, yTitle: `height f(p + t${name})`,
      xTicks: [[-1, "−1"], [0, "0"], [1, "1"]], yTicks: [[-1, "−1"], [0, "0"], [1, "1"], [2, "2"]] })
      + (state.long ? curve(along(u), x, y, { "stroke-dasharray": "2 4", "stroke-width": 1.5 }) : "")
      + curve(along(v), x, y, { stroke: INK.c, "stroke-width": 2.5 })
      + curve([-0.6, -0.3, 0, 0.3, 0.6].map((t) => [t, here + slope * t]), x, y, { stroke: colour, "stroke-width": 2, "stroke-dasharray": "8 3" })
      + circle(x(0), y(here), 5.5, { fill: INK.ink, stroke: INK.bg, "stroke-width": 1.5 })
      + label(x(0) + 10, y.clamp(here) + (slope > 0 ? 20 : -12), `slope ${fixed(slope)}`, { "font-weight": 700, fill: colour }),
  };
}

export function cosinePanel(state) {
  const { g, steep, rough, full: top, slope, slopeAlong, size } = look(state);
  const [x, y] = [scale([0, 360], [48, 318]), scale([-top, top], [206, 26])];
  const at = (k, length) => slopeAlong([length * Math.cos((k * Math.PI) / 180), length * Math.sin((k * Math.PI) / 180)]);
  const all = (length) => Array.from({ length: 121 }, (_, k) => [k * 3, at(k * 3, length)]);
  const tick = top > 2 ? 2 : top > 1.5 ? 1 : top / size > 0.6 ? 0.5 : 0.25;
  const uphill = ((Math.atan2(g[1], g[0]) * 180) / Math.PI + 360) % 360;
  const colour = state.long ? INK.bad : slope >= 0 ? INK.b : INK.a;
  const peak = !rough && steep > 0.05;
  return {
    id: "cosine", width: SIZE, height: 256, title: "Slope against direction",
    desc: rough ? "The slopes rise and fall three times around the circle: not one cosine." : "The slopes draw one cosine; its top is the direction of the gradient.",
    body: frame(x, y, { xTitle: "direction", yTitle: "slope", xTicks: [[0, "0°"], [90, "90°"], [180, "180°"], [270, "270°"], [360, "360°"]],
      yTicks: [-1, 0, 1].map((k) => k * tick).map((v) => [v, v === 0 ? "0" : fixed(v, tick === 0.25 ? 2 : tick === 0.5 ? 1 : 0)]) })
      + line(x(0), y(0), x(360), y(0), { stroke: INK.muted })
      + (peak ? line(x(uphill), y(0), x(uphill), y(steep * size), { stroke: INK.b, "stroke-dasharray": "2 3" })
        + label(Math.min(x(uphill), 300), y(0) + 17, "∇f", { "text-anchor": "middle", fill: INK.b, "font-weight": 700 }) : "")
      + (state.long ? curve(all(1), x, y, { "stroke-dasharray": "2 4", "stroke-width": 1.5 }) : "")
      + curve(all(size), x, y, { stroke: INK.ink, "stroke-width": 2 })
      + line(x(state.turn), y(0), x(state.turn), y(slope), { stroke: colour, "stroke-width": 5, "stroke-linecap": "round" })
      + circle(x(state.turn), y(slope), 5.5, { fill: colour, stroke: INK.bg, "stroke-width": 1.5 }),
    press: (px) => ({ turn: Math.max(0, Math.min(359, Math.round(x.inverse(px)))) }),
  };
}
