// Lesson 1: a map with a direction dial, and the V of a finite difference.
import "../../site/figures/index.js";
import { fixed } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";
import { dialPanel, mapPanel } from "./figure-panels.js";
import { cosinePanel, slicePanel } from "./figure-slices.js";
import { steps } from "./figure-steps.js";
import { look } from "./figure-surfaces.js";

export const gradient = {
  start: () => ({ surface: "hill", x: 0.1, y: 0.2, turn: 105, long: false }),
  limits: { surface: ["hill", "crease"], x: [-1.9, 1.9], y: [-1.9, 1.9], turn: [0, 359] },
  panels: (state) => [mapPanel(state), dialPanel(state), slicePanel(state), cosinePanel(state)],
  controls: (state) => [
    { kind: "range", key: "turn", label: "direction", min: 0, max: 359, show: (v) => `${v}°` },
    { kind: "choice", key: "surface", label: "surface", options: [["hill", "hill and hollow"], ["crease", "x²y/(x² + y²)"]] },
    { kind: "check", key: "long", label: "v of length 2, not normalised", warn: true },
    { kind: "button", label: "Face uphill", patch: facing(state, 0) },
    { kind: "button", label: "Walk level", patch: facing(state, 90) },
    { kind: "button", label: "Go to the origin", patch: { x: 0, y: 0 } },
  ],
  sentence(state) {
    const { rough, g, steep, slope } = look({ ...state, long: false });
    const where = `At (${fixed(state.x)}, ${fixed(state.y)}), facing ${state.turn}°: slope ${fixed(slope)}`;
    if (rough) return `${where}. Every direction has a slope here, u₁²u₂, yet no single arrow has them all as shadows.`;
    const uphill = (Math.round((Math.atan2(g[1], g[0]) * 180) / Math.PI) + 360) % 360;
    const apart = Math.abs(((state.turn - uphill + 540) % 360) - 180);
    return `${where}, which is |∇f| ${fixed(steep)} × cos ${apart}°. Steepest ascent is at ${uphill}°.`;
  },
  warning: (state) => (state.long
    ? `Now v has length 2: the number doubles to ${fixed(look(state).slope)} though the hill is the same. Divide by |v| before you call it a slope.` : ""),
  hint: "Drag the point, the arrow u or the ring. With the keyboard: Tab to them, then arrow keys.",
  reserve: [256, 349],
  traced: true,
  caption: "The slope along a unit vector u is the shadow of ∇f on u. "
    + "Over all directions the slopes draw two touching circles: uphill (solid) and downhill (dashed). Dashed contours lie below zero.",
};

function facing(state, offset) {
  const { g, rough } = look(state);
  if (rough) return { turn: offset === 0 ? 35 : 0 };
  return { turn: (Math.round((Math.atan2(g[1], g[0]) * 180) / Math.PI) + offset + 360) % 360 };
}

defineFigure("g2k-gradient", gradient);
defineFigure("g2k-steps", steps);
