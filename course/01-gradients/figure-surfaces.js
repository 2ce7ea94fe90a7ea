// Lesson 1: the two surfaces and everything the picture says about a point and a direction.
import { sample } from "../../site/figures/field.js";

/** A hill at (-0.8, 0.5), a hollow at (0.9, -0.6), all on a gentle slope to the east. */
export function hill(x, y) {
  return 1.6 * Math.exp(-((x + 0.8) ** 2 + (y - 0.5) ** 2))
    - 1.2 * Math.exp(-((x - 0.9) ** 2 + (y + 0.6) ** 2) / 0.8) + 0.15 * x;
}

export function hillGradient(x, y) {
  const up = 1.6 * Math.exp(-((x + 0.8) ** 2 + (y - 0.5) ** 2));
  const down = 1.2 * Math.exp(-((x - 0.9) ** 2 + (y + 0.6) ** 2) / 0.8);
  return [
    -2 * (x + 0.8) * up + (2 * (x - 0.9) / 0.8) * down + 0.15,
    -2 * (y - 0.5) * up + (2 * (y + 0.6) / 0.8) * down,
  ];
}

/** x^2 y / (x^2 + y^2): every directional derivative exists at 0, yet there is no gradient there. */
export function crease(x, y) {
  const square = x * x + y * y;
  return square === 0 ? 0 : (x * x * y) / square;
}

export function creaseGradient(x, y) {
  const square = x * x + y * y;
  return square === 0 ? [NaN, NaN]
    : [(2 * x * y ** 3) / square ** 2, (x * x * (x * x - y * y)) / square ** 2];
}

// `steepest` is a little above the largest |gradient|: the scale of the dial.
export const SURFACES = {
  hill: { steepest: 1.9, f: hill, gradient: hillGradient, levels: [-0.9, -0.7, -0.5, -0.3, -0.1, 0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.1, 1.3] },
  crease: { steepest: 1.1, f: crease, gradient: creaseGradient, levels: [-0.9, -0.7, -0.5, -0.3, -0.1, 0, 0.1, 0.3, 0.5, 0.7, 0.9] },
};

/** The values of a surface on a grid over [-2, 2] squared, for the map. */
export function grid(surface) {
  if (!grids.has(surface)) grids.set(surface, sample(SURFACES[surface].f, [-2, 2], 45));
  return grids.get(surface);
}
const grids = new Map();

/** Everything the picture shows: point, direction, gradient and the slope D_v f. */
export function look({ surface, x, y, turn, long }) {
  const { f, gradient, steepest } = SURFACES[surface];
  const angle = (turn * Math.PI) / 180;
  const u = [Math.cos(angle), Math.sin(angle)];
  const size = long ? 2 : 1;
  const rough = surface === "crease" && x === 0 && y === 0;
  const [gx, gy] = rough ? [0, 0] : gradient(x, y);
  // f(hu) = h u1^2 u2 exactly, so the limit at the origin needs no gradient.
  const slopeAlong = (v) => (rough ? crease(v[0], v[1]) : gx * v[0] + gy * v[1]);
  return { f, u, size, rough, full: (rough ? 0.5 : steepest) * size, g: [gx, gy], steep: Math.hypot(gx, gy),
    v: [u[0] * size, u[1] * size], slopeAlong, slope: slopeAlong([u[0] * size, u[1] * size]) };
}
