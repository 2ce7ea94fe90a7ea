// Builders of SVG text. Pure: they run in Node (static pictures, tests) and in the page.

/** Colours by role. Without the stylesheet every one falls back to the text colour. */
const role = (name) => `var(--g2k-${name}, currentColor)`;
const soft = (name) => `var(--g2k-${name}-soft, transparent)`;
export const INK = {
  ink: "currentColor", mutedSoft: "var(--g2k-panel, transparent)", muted: role("muted"), line: role("line"),
  panel: "var(--g2k-panel, transparent)", bg: "var(--g2k-bg, transparent)",
  a: role("a"), b: role("b"), c: role("c"), d: role("d"), bad: role("bad"),
  aSoft: soft("a"), bSoft: soft("b"), cSoft: soft("c"), dSoft: soft("d"), badSoft: soft("bad"),
};

/** A coordinate with at most two decimals and no trailing zeros. */
export function px(value) {
  return String(Math.round(value * 100) / 100);
}

export function escapeText(value) {
  return String(value).replace(/&/g, "&amp;").replace(/</g, "&lt;")
    .replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** `tag("rect", {x: 1, fill: "red"})`; numbers are rounded, undefined attributes dropped. */
export function tag(name, attributes = {}, children = "") {
  let text = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    text += ` ${key}="${typeof value === "number" ? px(value) : escapeText(value)}"`;
  }
  return children === "" ? `${text}/>` : `${text}>${children}</${name}>`;
}

export const group = (attributes, ...children) => tag("g", attributes, children.flat().join("") || " ");
export const rect = (x, y, width, height, attributes) =>
  tag("rect", { x, y, width: Math.max(0, width), height: Math.max(0, height), ...attributes });
export const circle = (cx, cy, r, attributes) => tag("circle", { cx, cy, r, ...attributes });
export const line = (x1, y1, x2, y2, attributes) =>
  tag("line", { x1, y1, x2, y2, stroke: INK.ink, ...attributes });
export const path = (d, attributes) => tag("path", { d, fill: "none", stroke: INK.ink, ...attributes });

/** Text with a halo in the panel colour, so that it reads over lines. `halo: false` drops it. */
export function label(x, y, value, { halo = true, ...attributes } = {}) {
  const behind = halo
    ? { stroke: INK.panel, "stroke-width": 4, "paint-order": "stroke", "stroke-linejoin": "round" } : {};
  return tag("text", { x, y, fill: INK.ink, ...behind, ...attributes }, escapeText(value));
}

/** Path data through points `[[x, y], ...]`, to a tenth; `close` joins the ends. */
export function through(points, close = false) {
  if (points.length === 0) return "";
  const near = (value) => Math.round(value * 10) / 10;
  return `M${points.map(([x, y]) => `${near(x)} ${near(y)}`).join("L")}${close ? "Z" : ""}`;
}

/** Many small marks as one path: "round" or "square" caps of lines without length. */
export function dots(points, size, cap, attributes) {
  const d = points.map(([x, y]) => `M${px(x)} ${px(y)}h0`).join("");
  return path(d, { "stroke-width": size, "stroke-linecap": cap, ...attributes });
}

/** A shaft with a filled head, drawn without markers so that it needs no ids. */
export function arrow(x1, y1, x2, y2, { width = 2.5, head = 9, ...attributes } = {}) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length < 0.5) return "";
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const size = Math.min(head, length);
  const [bx, by] = [x2 - ux * size, y2 - uy * size];
  const colour = attributes.stroke ?? INK.ink;
  const tip = through([[x2, y2], [bx - uy * size * 0.5, by + ux * size * 0.5],
    [bx + uy * size * 0.5, by - ux * size * 0.5]], true);
  return line(x1, y1, bx, by, { "stroke-width": width, "stroke-linecap": "round", ...attributes })
    + path(tip, { fill: colour, stroke: "none" });
}

/** Diagonal lines filling a rectangle: the texture that doubles a colour. */
export function hatch(x, y, width, height, { gap = 7, ...attributes } = {}) {
  let d = "";
  for (let c = gap * Math.ceil((x + y) / gap); c < x + y + width + height; c += gap) {
    const fromX = Math.max(x, c - (y + height));
    const toX = Math.min(x + width, c - y);
    if (toX > fromX) d += `M${px(fromX)} ${px(c - fromX)}L${px(toX)} ${px(c - toX)}`;
  }
  return d ? path(d, { "stroke-width": 1.2, ...attributes }) : "";
}

/** Break a sentence into lines of at most `most` characters. */
export function wrap(text, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1) && lines.at(-1).length + word.length + 1 > most) lines.push("");
    lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
  }
  return lines;
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
export const raised = (value) => [...String(value)].map((c) => RAISED[c] ?? c).join("");
/** A signed number with a true minus sign. */
export const fixed = (value, digits = 2) =>
  Number.isFinite(value) ? value.toFixed(digits).replace(/^-(?=0(\.0+)?$)/, "").replace("-", "−")
    : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "−inf";
/** Scientific notation for people: 6.6 × 10⁻⁹. */
export function scientific(value, digits = 1) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return fixed(value);
  if (Math.abs(value) >= 0.1 && Math.abs(value) < 1000) return String(Number(value.toPrecision(digits + 1))).replace("-", "−");
  const [mantissa, exponent] = value.toExponential(digits).split("e");
  return `${mantissa.replace("-", "−")}\u00a0×\u00a010${raised(Number(exponent))}`;
}
/** Two decimals for everyday sizes, powers of ten for large ones. */
export const amount = (value) => (Math.abs(value) >= 1000 ? scientific(value) : fixed(value));
/** Bytes in binary units: 82.5 KiB. */
export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${unit === 0 ? value : value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}
