// Lesson 7, the arithmetic behind the pictures: rounding, the loss scaler, what survives a scale.

/** Exponent bits, fraction bits and name of each 16-bit format. */
export const FORMATS = {
  fp16: { name: "float16", exponent: 5, fraction: 10 },
  bf16: { name: "bfloat16", exponent: 8, fraction: 7 },
};
const bias = (format) => 2 ** (FORMATS[format].exponent - 1) - 1;
/** Exponent of the smallest normal number, and the largest finite number. */
export const lowest = (format) => 1 - bias(format);
export const largest = (format) => (2 - 2 ** -FORMATS[format].fraction) * 2 ** bias(format);

const views = new DataView(new ArrayBuffer(4));
/** The 32 bits of a float32 as an unsigned integer, and back. */
export const bits32 = (value) => { views.setFloat32(0, value); return views.getUint32(0); };
const float32 = (bits) => { views.setUint32(0, bits); return views.getFloat32(0); };

/** The reader's number: a normal float32 from its fields. */
export const numberOf = ({ exp, hi, lo, negative }) =>
  (negative ? -1 : 1) * float32(((exp + 127) << 23) | (hi << 13) | lo);
/** The fields of a positive number, kept between 2^-30 and 2^18. */
export function fieldsOf(value) {
  const bits = bits32(Math.min(2 ** 18, Math.max(2 ** -30, value)));
  return { exp: (bits >>> 23) - 127, hi: (bits >>> 13) & 1023, lo: bits & 8191 };
}

/** Floor of the base-2 logarithm, exact at powers of two. */
export function exponentOf(size) {
  const guess = Math.floor(Math.log2(size));
  return 2 ** guess > size ? guess - 1 : 2 ** (guess + 1) <= size ? guess + 1 : guess;
}

/** A number of a format from its sixteen bits; past the largest, where the next one would be. */
export function valueOf(bits, format) {
  const { fraction } = FORMATS[format];
  const field = (bits & 0x7fff) >>> fraction;
  const rest = bits & (2 ** fraction - 1);
  const size = field === 0 ? rest * 2 ** (lowest(format) - fraction)
    : (2 ** fraction + rest) * 2 ** (field - bias(format) - fraction);
  return bits & 0x8000 ? -size : size;
}

/**
 * Round to a 16-bit format: "even" is right; "cut" and "away" are mistakes to look at.
 *
 * @returns {{below, above, rest, bits, value, tie}} patterns of the two neighbours (of the
 *   size), the place between them (0..1), the result and its bits
 */
export function roundTo(value, format, mode = "even") {
  const size = Math.abs(value);
  const { fraction } = FORMATS[format];
  const top = valueOf((2 ** FORMATS[format].exponent - 1) << fraction, format);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const place = Math.max(size === 0 ? -Infinity : exponentOf(size), lowest(format));
  const units = size / 2 ** (place - fraction);
  const whole = Math.floor(units);
  const rest = units - whole;
  const below = ((place - lowest(format)) << fraction) + whole;
  const tie = rest === 0.5;
  const up = mode === "cut" ? 0 : rest > 0.5 || (tie && (mode === "away" || below % 2 === 1)) ? 1 : 0;
  const infinite = (2 ** FORMATS[format].exponent - 1) << fraction;
  const bits = size >= top ? infinite : below + up;
  const rounded = bits >= infinite ? Infinity : valueOf(bits, format);
  return { below, above: below + 1, rest, tie, bits: bits | sign, value: sign ? -rounded : rounded };
}

/** Counts of gradients that a scale of 2^k zeroes, leaves subnormal or turns infinite. */
export function survey({ low, counts }, k) {
  const count = (from, to) => counts.reduce((sum, n, j) =>
    (low + j + k >= from && low + j + k < to ? sum + n : sum), 0);
  return [count(-Infinity, -25), count(-25, -14), count(16, Infinity)];
}

export const GOLDEN = [1, 1, 1, Infinity, 1, 1, NaN, 1, 1, 1];
/** A longer run: log2 of the largest scale whose gradients still fit, step by step. */
export const FITS = Array.from({ length: 48 }, (_, k) => (k < 18 ? 12 : k < 26 ? 8 : 13));
export const longRun = FITS.map((fits) => (scale) => (scale > 2 ** fits ? Infinity : 1));

/**
 * The loss scaler over a row of gradients (or functions of the scale): one record a step.
 *
 * `reset: false` forgets to clear the count after an overflow, `skip: false` takes the
 * step all the same. Both are mistakes to look at.
 */
export function scalerRun(gradients, { init, interval, reset = true, skip = true }) {
  let [scale, tracker, taken, poisoned] = [init, 0, 0, false];
  return gradients.map((given) => {
    const before = { scale, tracker };
    const gradient = poisoned ? NaN : typeof given === "function" ? given(scale) : given;
    const found = !Number.isFinite(gradient);
    if (!found || !skip) { taken += 1; poisoned ||= found; }
    let event = "count";
    if (found) {
      scale /= 2;
      event = "back off";
      if (reset) tracker = 0;
    } else if (tracker + 1 >= interval) {
      scale *= 2;
      tracker = 0;
      event = "grow";
    } else tracker += 1;
    return { before, gradient, found, event, scale, tracker, taken, poisoned };
  });
}

/** Length of the update that reaches the weights, for a gradient of length `norm`. */
export function updateLength(norm, scale, limit, { unscale = true, clip = "after" } = {}) {
  const cut = (length) => Math.min(length, limit);
  const inverse = unscale ? 1 / scale : 1;
  if (clip === "none") return norm * scale * inverse;
  return clip === "before" ? cut(norm * scale) * inverse : cut(norm * scale * inverse);
}
