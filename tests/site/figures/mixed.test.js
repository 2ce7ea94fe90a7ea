// Lesson 7's figures: rounding, the scaler and the shares of gradients are the reference's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { look } from "../../../course/07-mixed-precision/figure-bits.js";
import { bits32, exponentOf, fieldsOf, GOLDEN, longRun, numberOf, roundTo, scalerRun, survey, updateLength, valueOf } from "../../../course/07-mixed-precision/figure-model.js";
import { round } from "../../../course/07-mixed-precision/figure-round.js";
import { runOf, scaler } from "../../../course/07-mixed-precision/figure-scaler.js";
import { training } from "../../../course/07-mixed-precision/figure-training.js";
import { underflow } from "../../../course/07-mixed-precision/figure-underflow.js";
import { readTrace } from "../../../site/figures/static.mjs";

const trace = readTrace("07-mixed-precision");
const view = new DataView(new ArrayBuffer(4));
const float32 = (bits) => { view.setUint32(0, bits); return view.getFloat32(0); };

test("rounding gives the reference's bits, in both formats", () => {
  assert.ok(trace.round.length >= 60);
  for (const [bits, half, brain] of trace.round) {
    assert.equal(roundTo(float32(bits), "fp16").bits, half, `float16 of ${float32(bits)}`);
    assert.equal(roundTo(float32(bits), "bf16").bits, brain, `bfloat16 of ${float32(bits)}`);
  }
});

test("every finite float16 pattern is its own rounding, and lies between its neighbours", () => {
  for (let bits = 1; bits < 0x7c00; bits += 1) {
    const value = valueOf(bits, "fp16");
    assert.equal(roundTo(value, "fp16").bits, bits);
    assert.ok(value > valueOf(bits - 1, "fp16"));
    const middle = (value + valueOf(bits - 1, "fp16")) / 2;
    assert.equal(roundTo(middle, "fp16").bits % 2, 0, `the tie below ${value}`);
  }
});

test("the wrong ways of rounding differ where the warning says so", () => {
  const start = round.start();
  for (const mode of ["cut", "away"]) {
    const at = (value) => round.warning({ ...start, ...fieldsOf(value), mode });
    assert.match(at(mode === "cut" ? 0.1 + 2 ** -14 * 0.4 : 2049), /Ties to even would store/);
    assert.match(at(2048), /agrees/);
  }
});

test("the reader's number survives its fields", () => {
  for (const value of [0.1, 65519.99, 2 ** -25 * (1 + 1e-6), 2049, 2 ** -30, 2 ** 17]) {
    const x = Math.fround(value);
    assert.equal(numberOf(fieldsOf(x)), x);
    assert.equal(numberOf({ ...fieldsOf(x), negative: true }), -x);
    assert.equal(bits32(x), bits32(numberOf(fieldsOf(x))));
  }
  assert.equal(exponentOf(1 - 2 ** -24), -1);
  assert.equal(exponentOf(8), 3);
});

test("dragging the number stays inside the window, and the window stays", () => {
  const start = { ...round.start() };
  for (const value of [0.1, 65519.99, 3e-8, 1.9999]) {
    const state = { ...start, ...fieldsOf(Math.fround(value)) };
    const { base } = look(state);
    for (let u = 0; u <= 340; u += 20) {
      const [panel] = round.panels(state);
      const moved = { ...state, ...panel.handles[0].drag(u) };
      assert.equal(look(moved).base, base, `from ${value} to pixel ${u}`);
    }
  }
});

test("shares of the histogram are the reference's counts", () => {
  const { gradients } = trace;
  const all = gradients.counts.reduce((sum, n) => sum + n, gradients.zeros);
  gradients.reports.forEach(([zeroed, subnormal, infinite], k) => {
    const seen = survey(gradients, k);
    // Bins end at powers of two; what rounds over such an edge is a sliver of one bin.
    [zeroed, subnormal, infinite].forEach((want, j) =>
      assert.ok(Math.abs(seen[j] - want) <= 1e-3 * all, `S = 2^${k}: ${seen[j]}, want ${want}`));
  });
  const { best, reports } = gradients;
  assert.equal(reports[best][2], 0);
  assert.ok(reports[best + 1][2] > 0);
});

test("the scaler's golden trace is the reference's", () => {
  const run = scalerRun(GOLDEN, { init: 8, interval: 3 });
  assert.deepEqual(run.map(({ scale, tracker }) => [scale, tracker]), trace.golden.rows);
  assert.equal(run.at(-1).taken, trace.golden.taken);
});

test("both mistakes of the scaler show", () => {
  const options = { init: 2 ** 12, interval: 4 };
  const right = scalerRun(longRun, options);
  assert.ok(!right.some((one) => one.poisoned) && right.some((one) => one.found));
  const taken = scalerRun(longRun, { ...options, skip: false });
  assert.ok(taken.at(-1).poisoned && taken.at(-1).scale < 1);
  const early = scalerRun(GOLDEN, { init: 8, interval: 3, reset: false });
  assert.notDeepEqual(early.map((one) => one.scale), right.slice(0, 10).map((one) => one.scale));
  assert.equal(early[7].event, "grow");
  assert.match(scaler.warning({ ...scaler.start(), reset: false }), /early/);
  assert.equal(runOf({ ...scaler.start(), step: 99 }).step, 10);
});

test("the order of unscaling and clipping decides the length of the update", () => {
  assert.equal(updateLength(0.5, 1024, 1), 0.5);
  assert.equal(updateLength(0.5, 1024, 1, { clip: "before" }), 1 / 1024);
  assert.equal(updateLength(0.5, 1024, 1, { unscale: false }), 1);
  assert.equal(updateLength(0.5, 1024, 1, { unscale: false, clip: "none" }), 512);
  const start = underflow.start(trace);
  for (const broken of [{ clip: "before" }, { unscale: false }, { unscale: false, clip: "none" }, { k: 35 }]) {
    assert.notEqual(underflow.warning({ ...start, ...broken }, trace), "", JSON.stringify(broken));
  }
});

test("the curves tell the chapter's story", () => {
  const last = (name) => trace.training.curves[name].at(-1);
  assert.ok(Math.abs(last("mixed") / last("float32") - 1) < 0.02);
  assert.ok(last("float16") > 10 * last("float32") && last("no_scale") > 10 * last("float32"));
  assert.ok(last("no_master") > 1.1 * last("mixed"));
  const { grown, skipped } = trace.training;
  const state = { ...training.start(trace), step: skipped[0] };
  assert.match(training.sentence(state, trace), /skipped/);
  assert.equal(skipped[0] - grown.filter((k) => k < skipped[0]).at(-1), 1);
});
