// The figures of the lessons: their arithmetic against the reference's trace, and their words.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { VERDICTS } from "../../../course/00-start/figure.js";
import { gridOf, walked } from "../../../course/00-first-kernel/figure-model.js";
import { above, expected } from "../../../course/01-gradients/figure-steps.js";
import { crease, hill, hillGradient, look } from "../../../course/01-gradients/figure-surfaces.js";
import { lawOf, returnsOf } from "../../../course/03-random-walks/figure-model.js";
import { binomial, covering, distances, means, poisson, recordOf } from "../../../course/04-poisson/figure-model.js";
import { bounds, bowl, energy, walk } from "../../../course/02-quadratic-forms/figure-walks.js";
import { ALGORITHMS, best } from "../../../course/06-allreduce/figure-cost.js";
import { ranking } from "../../../course/06-allreduce/figure-levels.js";
import { clock, contributions, cost, crossover, ITEM, reach, sent, totals } from "../../../course/06-allreduce/figure-model.js";
import { dilation, slopesAt, valueAt } from "../../../course/08-deformable-conv/figure-model.js";
import { flashBytes, resident, runOf, schedule, standardBytes, stream, toHalf, twoPass } from "../../../course/09-flash-attention/figure-model.js";
import { floors, fusedBytes, fusedIntensity, moved, roof } from "../../../course/09-flash-attention/figure-roof.js";
import { meanTokens, rightOf, texts } from "../../../course/10-multi-token-prediction/figure.js";
import { accepted, cells, fate, leaks, parents } from "../../../course/11-medusa/figure-model.js";
import { FIGURES, files, readTrace, ROOT } from "../../../site/figures/static.mjs";

const near = (got, want, where = "") =>
  assert.ok(Math.abs(got - want) <= 1e-12 * Math.max(1, Math.abs(want)), `${where}: got ${got}, want ${want}`);
const gradients = readTrace("01-gradients");
const reduced = readTrace("06-allreduce");
const attention = readTrace("09-flash-attention");
const specs = FIGURES.map((figure) => ({ ...figure, trace: figure.traced ? readTrace(figure.lesson) : null }));

test("deformable convolution: values and slopes between pixels, by both border rules", () => {
  const { image, samples, taps } = readTrace("08-deformable-conv");
  assert.ok(samples.length >= 5);
  for (const { y, x, value, slopes, old } of samples) {
    near(valueAt(image, y, x), value, `value at ${y}, ${x}`);
    near(valueAt(image, y, x, "2017"), old, `value of 2017 at ${y}, ${x}`);
    slopesAt(image, y, x).forEach((slope, k) => near(slope, slopes[k], `slope ${k} at ${y}, ${x}`));
  }
  const grown = taps.slice(0, 4).map(dilation);
  assert.deepEqual(grown, [...grown].sort((a, b) => a - b));
});

test("lesson 10: drafts are judged as by the reference, and means are its own", () => {
  const { means, clean, dirty, plain } = readTrace("10-multi-token-prediction");
  for (const [a, g, mean] of means) near(meanTokens(a, g), mean, `mean of ${g} drafts at ${a}`);
  assert.equal(texts(clean).at(-1), plain);
  assert.notEqual(texts(dirty).at(-1), plain);
  assert.ok(clean.some((pass) => rightOf(pass) === 2) && clean.some((pass) => rightOf(pass) === 0));
});

test("a first kernel: programs, bytes and collisions are the simulator's", () => {
  const { walks } = readTrace("00-first-kernel");
  assert.equal(walks.length, 6);
  for (const { block, masked, programs, loaded, stored, collisions, races } of walks) {
    const seen = walked({ block, mask: masked ? "both" : "end", step: programs });
    assert.deepEqual([gridOf(block).total, seen.loaded, seen.stored, seen.collisions], [programs, loaded, stored, collisions]);
    assert.equal(races, collisions > 0, `BLOCK = ${block}`);
  }
});

test("lesson 1: heights, gradients and slopes are the reference's", () => {
  assert.ok(gradients.surface.samples.length >= 8);
  for (const { x, v, f, grad, slope } of gradients.surface.samples) {
    near(hill(...x), f, `f at ${x}`);
    hillGradient(...x).forEach((g, k) => near(g, grad[k], `gradient at ${x}`));
    const [turn, size] = [(Math.atan2(v[1], v[0]) * 180) / Math.PI, Math.hypot(...v)];
    const seen = look({ surface: "hill", x: x[0], y: x[1], turn, long: false });
    near(seen.slopeAlong(v), slope, `slope at ${x} along ${v}`);
    near(seen.slope * size, slope, `shadow at ${x} along ${v}`);
  }
});

test("lesson 1: the crease has slopes and no gradient", () => {
  for (const { angle_deg: turn, slope } of gradients.no_gradient.samples) {
    near(look({ surface: "crease", x: 0, y: 0, turn, long: false }).slope, slope, `${turn} degrees`);
  }
  const at = (turn) => look({ surface: "crease", x: 0, y: 0, turn, long: false }).slope;
  assert.ok(Math.abs(at(45) - (at(0) + at(90)) * Math.SQRT1_2) > 0.3, "the slopes add up like shadows");
  assert.equal(crease(0, 0), 0);
});

test("lesson 2: the steps, their energies and the bounds are the reference's", () => {
  const { runs } = readTrace("02-quadratic-forms");
  assert.equal(runs.length, 2);
  for (const { kappa, turn, x0, descent, conjugate, energies, bound } of runs) {
    const { H } = bowl({ kappa, turn, dip: false });
    for (const [points, isConjugate] of [[descent, false], [conjugate, true]]) {
      const seen = walk(H, x0, points.length - 1, isConjugate).points;
      points.forEach((x, k) => x.forEach((v, i) => near(seen[k][i], v, `kappa ${kappa}, step ${k}`)));
    }
    energies.forEach((v, k) => near(energy(H, descent[k]) / energy(H, x0), v, `energy ${k}`));
    bound.descent.forEach((v, k) => near(bounds(kappa, k).descent, v, `bound (5), step ${k}`));
    bound.conjugate.forEach((v, k) => near(bounds(kappa, k).conjugate, v, `bound (6), step ${k}`));
  }
});

test("lesson 2: on a saddle the walk ends with a falling direction", () => {
  const { H } = bowl({ kappa: 10, turn: 30, dip: true });
  const { down } = walk(H, [1.2, 0.9], 12, true);
  assert.ok(down[0] * (H[0][0] * down[0] + H[0][1] * down[1]) + down[1] * (H[1][0] * down[0] + H[1][1] * down[1]) < 0);
});

test("lesson 1: a vector twice as long doubles the number", () => {
  const state = { surface: "hill", x: 0.4, y: 0.1, turn: 75 };
  near(look({ ...state, long: true }).slope, 2 * look({ ...state, long: false }).slope);
});

test("lesson 1: the errors of the trace lie on the V that the figure explains", () => {
  const { h, forward, central, best } = gradients.steps;
  assert.ok(h.length === forward.length && h.length === central.length);
  h.forEach((step, k) => {
    for (const [scheme, error] of [["forward", forward[k]], ["central", central[k]]]) {
      const { truncation, rounding } = expected(scheme, step);
      assert.ok(error <= 1.1 * truncation + 3 * rounding, `${scheme}, h = ${step}: ${error}`);
      if (truncation > 100 * rounding) assert.ok(Math.abs(error / truncation - 1) < 0.1, `${scheme}, h = ${step}`);
    }
  });
  for (const [scheme, errors] of [["forward", forward], ["central", central]]) {
    const { truncation, rounding } = expected(scheme, best[scheme][0]);
    assert.ok(truncation / rounding > 0.05 && truncation / rounding < 20, `${scheme}: the best h is at the tip of the V`);
    assert.ok(Math.min(...errors) < 1e-6);
  }
});

test("lesson 4: laws, distances and bounds are the reference's", () => {
  const { cases } = readTrace("04-poisson");
  assert.equal(cases.length, 7);
  for (const { rate, slots, distance, le_cam: leCam, barbour_hall: barbourHall, poisson: law } of cases) {
    const [where, seen] = [`${rate} events in ${slots} slots`, distances(rate, slots)];
    near(seen.distance, distance, where);
    near(seen.leCam, leCam, where);
    near(seen.barbourHall, barbourHall, where);
    poisson(rate, 11).forEach((p, k) => near(p, law[k], `${where}, ${k}`));
    near(binomial(slots, rate / slots).reduce((sum, p) => sum + p, 0), 1, where);
  }
});

test("lesson 4: a metronome's gaps are alike, short slots make the gap that is met twice as long", () => {
  const even = means(recordOf({ rate: 3, slots: 1, seed: 4 }).gaps.slice(1));
  near(even.met, even.plain);
  const { times, gaps } = recordOf({ rate: 3, slots: 1000, seed: 4 });
  const { plain, met } = means(gaps);
  assert.ok(Math.abs(3 * plain - 1) < 0.1 && Math.abs(met / plain - 2) < 0.15, `${plain} and ${met}`);
  const { from, to } = covering(times, 3);
  assert.ok(from <= 3 && to > 3 && !times.some((t) => t > from && t < to));
});

test("lesson 1: the lens shows the forward error as the height at one step", () => {
  gradients.steps.h.forEach((h, k) => {
    const [t, height] = above(1, h);
    // Libraries differ in the last bit of exp, which the division by h magnifies.
    const allowed = 1e-12 + 2 * expected("forward", h).rounding;
    assert.ok(Math.abs(Math.abs(height / t) - gradients.steps.forward[k]) <= allowed, `h = ${h}`);
  });
});

test("lesson 3: laws and first returns are the reference's", () => {
  const { laws, returns } = readTrace("03-random-walks");
  for (const { n, p, x, law } of laws) {
    assert.ok(x.length >= 2);
    const seen = lawOf(n, p);
    x.forEach((place, k) => near(seen[(place + n) / 2], law[k], `n = ${n}, p = ${p}, x = ${place}`));
  }
  for (const { p, u, f } of returns) {
    const seen = returnsOf(p, u.length - 1);
    u.forEach((value, m) => near(seen.u[m], value, `u at ${2 * m}, p = ${p}`));
    f.forEach((value, m) => near(seen.f[m], value, `f at ${2 * m}, p = ${p}`));
  }
});

test("lesson 6: chunks, bytes and contributions are those that the network saw", () => {
  assert.ok(reduced.rings.length >= 5);
  for (const { n, L, sent_bytes: bytes, steps, masks } of reduced.rings) {
    assert.deepEqual(totals(L, n).map((one) => one * ITEM), bytes, `${n} ranks, ${L} elements`);
    assert.equal(steps, 2 * (n - 1));
    const held = contributions(n);
    masks.forEach((row, r) => row.forEach((mask, k) => {
      const { chunk } = sent((r + n - 1) % n, k + 1, n);
      if (mask !== null) assert.equal(held[k][(r + n - 1) % n][chunk], mask, `rank ${r}, step ${k + 1} of ${n}`);
    }));
    assert.ok(held.at(-1).flat().every((bits) => bits === 2 ** n - 1));
  }
});

test("lesson 6: the clock is the network's, slow links included", () => {
  for (const { arrived, ...how } of reduced.rings) {
    const { ready, total } = clock(how);
    arrived.forEach((row, r) => row.forEach((at, k) => near(ready[r][k + 1], Math.max(at, ready[r][k]), `rank ${r}, step ${k + 1}`)));
    near(total, Math.max(...arrived.flat()));
  }
});

test("lesson 6: a dead rank stops the others when the network says", () => {
  for (const { n, at, die, received } of reduced.deaths) {
    assert.deepEqual(reach({ n, at, die, fault: "dead" }), received, `rank ${at} of ${n}, after ${die}`);
  }
});

test("lesson 6: costs and crossovers are the reference's", () => {
  const short = (alg) => alg.replace("halving_doubling", "halving");
  for (const { alg, n, M, a, b, g, seconds } of reduced.costs) near(cost(short(alg), n, M, a, b, g), seconds, `${alg} on ${n}`);
  for (const { small, large, n, at } of reduced.crossings) {
    const got = crossover(short(small), short(large), n, 10e-6, 1 / 12.5e9);
    if (at === null) assert.equal(got, Infinity, `${small} to ${large} on ${n}`);
    else near(got, at, `${small} to ${large} on ${n}`);
  }
  assert.ok(["ring", "tree", "halving"].every((alg) => alg in ALGORITHMS));
  assert.equal(best(1000, 1e3, 1e-5, 1e-10), "halving");
  assert.equal(best(12, 1e9, 1e-5, 1e-10), "ring");
});

test("lesson 6: on ten thousand ranks the figure names the fastest, and the flat ring costs its formula", () => {
  const { n, sizes, flat, racks } = reduced.levels;
  sizes.forEach((M, k) => {
    const want = cost("ring", n, M, 10e-6, 1 / 12.5e9);
    assert.ok(Math.abs(flat.ring[k] / want - 1) < 1e-5, `${M} bytes`);
    for (const network of [flat, racks]) {
      const order = ranking(network, k).map(([, seconds]) => seconds);
      assert.equal(order[0], Math.min(...Object.values(network).map((all) => all[k])));
    }
  });
  assert.equal(ranking(racks, 28)[0][0], "ring");
  assert.equal(ranking(racks, 20)[0][0], "two_level");
  assert.equal(ranking(racks, 4)[0][0], "tree");
});

test("lesson 9: the row's stream is the reference's", () => {
  const { tiles, v, m, l, o, alpha, out, lse } = attention.row;
  const run = stream(tiles, v);
  run.forEach((one, j) => {
    for (const [key, want] of Object.entries({ m: m[j], l: l[j], o: o[j], alpha: alpha[j] })) near(one[key], want, `${key}, tile ${j}`);
    assert.ok(one.gap < 1e-14);
  });
  near(run.at(-1).out, out, "output");
  near(run.at(-1).m + Math.log(run.at(-1).l), lse, "lse");
  near(twoPass(tiles.flat(), v.flat()).out, out, "two passes");
});

test("lesson 9: both mistakes show, and both can be taken back", () => {
  const { tiles, v } = attention.row;
  assert.ok(stream(tiles, v, { rescale: false }).at(-1).gap > 1e-3);
  const half = stream(tiles, v, { subtract: false });
  assert.equal(half.at(-1).l, Infinity);
  assert.ok(Number.isNaN(half.at(-1).out) || !Number.isFinite(half.at(-1).o));
  const start = specs.find(({ name }) => name === "row").spec.start(attention);
  const moved = runOf({ ...start, step: 6, moved: 2, score: 13.5 }, attention);
  assert.equal(moved.now.m, 13.5);
  assert.ok(moved.now.gap < 1e-14);
});

test("lesson 9: bytes are those the simulator metered", () => {
  assert.ok(attention.bytes.length >= 5);
  for (const { loaded, stored, tiles, ...shape } of [...attention.bytes, ...(attention.samples ?? [])]) {
    assert.deepEqual(flashBytes(shape), { loaded, stored }, JSON.stringify(shape));
    if (tiles !== undefined) assert.equal(schedule(shape).total, tiles, JSON.stringify(shape));
  }
  for (const { loaded, stored, ...shape } of attention.standard ?? []) {
    assert.deepEqual(standardBytes(shape), { loaded, stored }, JSON.stringify(shape));
  }
});

test("lesson 9: bytes grow tile by tile up to the total", () => {
  for (const causal of [false, true]) {
    const shape = { n: 300, m: 300, d: 16, bq: 64, bk: 32, causal };
    const { total } = schedule(shape);
    let before = -1;
    for (let k = 0; k <= total; k += 1) {
      const { loaded, stored } = flashBytes(shape, k);
      assert.ok(loaded + stored > before || k === 0);
      before = loaded + stored;
    }
    assert.deepEqual(flashBytes(shape, total), flashBytes(shape));
    assert.deepEqual(flashBytes(shape, 0), { loaded: 0, stored: 0 });
  }
});

test("lesson 9: on-chip memory by hand, and fp16 by its known corners", () => {
  assert.equal(resident({ d: 64, bq: 64, bk: 64 }).total, 4 * (5 * 4096 + 128));
  for (const [value, want] of [[65504, 65504], [65519, 65504], [65520, Infinity], [2048.5, 2048], [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9], [2 ** -24, 2 ** -24], [2 ** -26, 0], [-0.1, -0.0999755859375]]) {
    assert.equal(toHalf(value), want, `fp16 of ${value}`);
  }
});

test("lesson 9: tiles of the fused kernel lie on the roof where the simulator metered them", () => {
  assert.equal(attention.tiles.length, 4);
  for (const one of attention.tiles) {
    assert.equal(fusedBytes(one.tile), moved(one), `tile ${one.tile}`);
    near(fusedIntensity(one.tile), one.intensity);
  }
});

test("lesson 9: no rung of the ladder reaches the corner, and small tiles are warned of", () => {
  for (const one of attention.rungs) {
    near(one.operations / moved(one), one.intensity, one.name);
    assert.ok(floors(one).memory > floors(one).units, one.name);
  }
  const start = roof.start();
  assert.equal(roof.warning(start, attention), "");
  assert.match(roof.warning({ ...start, tile: 16 }, attention), /buys nothing/);
});

test("start: every verdict of the report is explained", () => {
  assert.deepEqual(Object.keys(VERDICTS).sort(),
    ["crash", "infra", "memory", "not_attempted", "output", "passed", "security", "timeout", "wrong"]);
});

for (const { name, spec, trace } of specs) {
  test(`${name}: every corner of its controls draws without a hole`, () => {
    const start = spec.start(trace);
    const states = [start];
    for (const [key, limits] of Object.entries(spec.limits)) {
      for (const value of limits) states.push({ ...start, [key]: value });
    }
    for (const [key, value] of Object.entries(start)) if (typeof value === "boolean") states.push({ ...start, [key]: !value });
    for (const one of spec.controls(start, trace)) {
      if (one.kind === "button") states.push({ ...start, ...one.patch });
      for (const value of one.values ?? []) states.push({ ...start, [one.key]: value });
    }
    for (const state of states) {
      const words = spec.sentence(state, trace) + (spec.warning?.(state, trace) ?? "");
      assert.ok(!/NaN|undefined|Infinity/.test(words), `${JSON.stringify(state)}: ${words}`);
      for (const panel of spec.panels(state, trace)) {
        assert.ok(!/NaN|undefined|Infinity/.test(panel.body), `${panel.id} at ${JSON.stringify(state)}`);
        assert.ok(panel.title && panel.desc, panel.id);
        assert.ok(panel.width <= 340, `${panel.id}: text would shrink on a phone`);
      }
    }
  });

  test(`${name}: opens without a warning`, () => {
    assert.equal(spec.warning?.(spec.start(trace), trace) ?? "", "");
  });
}

test("lesson 11: a tree's cells, parents, and the path that is accepted", () => {
  const { full, best, chain } = readTrace("11-medusa").trees;
  assert.deepEqual([cells(full), cells(full, false), leaks(full)], [34, 91, 57]);
  assert.deepEqual(parents(full), [-1, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  assert.deepEqual(accepted(full, 2), [0, 1, 5]);
  assert.deepEqual(accepted(chain, 4), [0, 1]);
  assert.deepEqual([0, 1, 5, 7].map((i) => fate(full, i, 1)), ["kept", "kept", "open", "open"]);
  assert.equal(fate(best, 2, 1), "refused");
});

test("every figure has its place in the chapter, and every place its figure", () => {
  for (const lesson of new Set(FIGURES.map((figure) => figure.lesson))) {
    const chapter = readFileSync(join(ROOT, "course", lesson, "index.md"), "utf8");
    const places = [...chapter.matchAll(/^<!-- figure:(\S+) -->$/gm)].map(([, name]) => name);
    const names = FIGURES.filter((figure) => figure.lesson === lesson).map((figure) => figure.name);
    assert.deepEqual(places.sort(), names.sort(), lesson);
  }
  assert.equal(new Set(FIGURES.map((figure) => figure.name)).size, FIGURES.length, "two figures share a name");
});

test("the pictures in the chapters are the ones the figures draw, and no others lie there", async () => {
  const all = await files();
  assert.ok(all.filter(({ path }) => path.endsWith(".svg")).length >= 2 * FIGURES.length);
  for (const { path, text, wanted } of all) {
    assert.ok(text === wanted, `${path} is out of date: run node site/figures/static.mjs --update`);
  }
});
