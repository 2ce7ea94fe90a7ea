// The figure kit: states, numbers, shapes, colours and the size of the files.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stateBar } from "../../../site/figures/bars.js";
import { bytes, fixed, hatch, scientific, tag, wrap } from "../../../site/figures/draw.js";
import { loops, sample } from "../../../site/figures/field.js";
import { panelMarkup, readHash, writeHash } from "../../../site/figures/figure.js";
import { grid, maskGrid } from "../../../site/figures/grid.js";
import { scale } from "../../../site/figures/plot.js";
import { judge, judgeOption } from "../../../site/figures/predict.js";
import { normal, uniform } from "../../../site/figures/random.js";
import { drawing, ROOT, splice } from "../../../site/figures/static.mjs";

const START = { x: 0.5, turn: 30, long: false, surface: "hill" };
const LIMITS = { x: [-2, 2], turn: [0, 359], surface: ["hill", "crease"] };

test("a state survives the address bar", () => {
  const state = { x: -1.25, turn: 200, long: true, surface: "crease" };
  const hash = writeHash("g2k-x", state, START);
  assert.deepEqual(readHash(hash, "g2k-x", START, LIMITS), state);
  assert.equal(writeHash("g2k-x", START, START), "");
});

test("a hand-written address cannot break a figure", () => {
  const read = (query) => readHash(`#g2k-x?${query}`, "g2k-x", START, LIMITS);
  assert.equal(read("x=1e9").x, 2);
  assert.equal(read("x=NaN").x, START.x);
  assert.equal(read("surface=%3Cscript%3E").surface, "hill");
  assert.deepEqual(read("unknown=1&x="), START);
  assert.deepEqual(readHash("#another?x=1", "g2k-x", START, LIMITS), START);
  assert.deepEqual(readHash("#step-2", "g2k-x", START, LIMITS), START);
});

test("numbers read as people write them", () => {
  assert.equal(fixed(-0.001), "0.00");
  assert.equal(fixed(-1.5, 1), "−1.5");
  assert.equal(fixed(Infinity), "inf");
  assert.equal(fixed(NaN), "nan");
  assert.equal(scientific(6.6e-9), "6.6\u00a0×\u00a010⁻⁹");
  assert.equal(scientific(0.482), "0.48");
  assert.equal(bytes(1024), "1.0 KiB");
  assert.equal(bytes(2361344), "2.3 MiB");
  assert.deepEqual(wrap("one two three", 8), ["one two", "three"]);
});

test("text is escaped where it enters SVG", () => {
  assert.equal(tag("g", { id: 'a"<b' }), '<g id="a&quot;&lt;b"/>');
});

test("a logarithmic scale finds its way back", () => {
  const x = scale([1e-15, 0.1], [50, 330], true);
  assert.ok(Math.abs(x.inverse(x(1e-7)) / 1e-7 - 1) < 1e-12);
  assert.equal(x(1e-15), 50);
});

test("a contour of a cone is a circle", () => {
  const [loop, ...others] = loops(sample((x, y) => 1 - Math.hypot(x, y), [-2, 2], 40), 0);
  assert.equal(others.length, 0);
  for (const [i, j] of loop) assert.ok(Math.abs(Math.hypot(i / 10 - 2, j / 10 - 2) - 1) < 0.01);
});

test("a contour that leaves the map closes along its edge", () => {
  const found = loops(sample((x) => x, [-2, 2], 4), 0);
  assert.equal(found.length, 1);
  const columns = found[0].map(([i]) => i);
  assert.ok(Math.abs(Math.min(...columns) - 2) < 1e-6);
  assert.equal(Math.max(...columns), 4);
});

test("two hills joined by a saddle are two loops above it and one below", () => {
  const hills = sample((x, y) => Math.exp(-((x - 1) ** 2) - y * y) + Math.exp(-((x + 1) ** 2) - y * y), [-3, 3], 60);
  assert.equal(loops(hills, 0.9).length, 2);
  assert.equal(loops(hills, 0.5).length, 1);
});

test("a cell with two opposite corners inside is cut twice", () => {
  const grid = [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]];
  const points = loops(grid, 0.5).flat();
  assert.equal(points.length, 8);
  assert.equal(new Set(points.map(String)).size, 8);
});

test("a hatch stays inside its rectangle", () => {
  const numbers = [...hatch(10, 20, 30, 40).matchAll(/[ML]([\d.]+) ([\d.]+)/g)];
  assert.ok(numbers.length > 8);
  for (const [, x, y] of numbers) {
    assert.ok(x >= 10 && x <= 40 && y >= 20 && y <= 60, `${x} ${y}`);
  }
});

test("a bar draws infinity at its edge and not-a-number nowhere", () => {
  const bar = stateBar(0, scale([0, 10], [20, 320]), { before: 1, kept: 0.5, after: Infinity });
  assert.ok(!bar.includes("Infinity") && !bar.includes("NaN"));
  assert.ok(!stateBar(0, scale([-1, 1], [20, 320]), { before: 1, kept: 1, after: NaN }).includes("NaN"));
});

test("a grid knows the cell under a pixel", () => {
  const g = grid({ x: 10, y: 10, width: 80, height: 40 }, 4, 8);
  assert.deepEqual(g.at(11, 11), [0, 0]);
  assert.deepEqual(g.at(89, 49), [3, 7]);
  assert.deepEqual(g.at(-5, 500), [3, 0]);
  assert.ok(maskGrid({ x: 0, y: 0, width: 40, height: 40 }, [[1, 0], [-1, 1]], { row: 1 }).includes("g2k-bad"));
});

test("the same seed gives the same numbers", () => {
  const [a, b] = [uniform(9), uniform(9)];
  const first = Array.from({ length: 1000 }, a);
  assert.deepEqual(first, Array.from({ length: 1000 }, b));
  const mean = first.reduce((sum, x) => sum + x, 0) / 1000;
  assert.ok(Math.abs(mean - 0.5) < 0.03);
  const draw = normal(uniform(1));
  assert.ok(Array.from({ length: 1000 }, draw).every(Number.isFinite));
});

test("a prediction is told its gap", () => {
  assert.deepEqual(judge(91, 90, { tolerance: 2, unit: "°" }), { right: true, gap: "Right: it is 90°." });
  assert.deepEqual(judge(45, 90, { unit: "°" }), { right: false, gap: "It is 90°: you are 45° too low." });
  assert.deepEqual(judge(800, 100, { log: true, tolerance: 2 }), { right: false, gap: "It is 100: you are 8 times too high." });
  assert.equal(judge(0, 100, { log: true }).right, false);
  assert.equal(judge(150, 100, { log: true, tolerance: 2 }).right, true);
  assert.match(judgeOption(2, 1, ["None", "All"]).gap, /“All”.*“None”/);
  assert.equal(judgeOption(1, 1, ["None", "All"]).right, true);
});

test("a picture goes between its markers and nowhere else", () => {
  const chapter = "a\n<!-- figure:x -->\nold\n<!-- /figure -->\nb <!-- figure:y -->\n<!-- /figure -->\n";
  const wanted = splice(chapter, "x", "$& new");
  assert.equal(wanted, "a\n<!-- figure:x -->\n\n$& new\n\n<!-- /figure -->\nb <!-- figure:y -->\n<!-- /figure -->\n");
  assert.equal(splice(wanted, "x", "$& new"), wanted);
  assert.equal(splice(chapter, "z", "new"), chapter);
});

test("a drawing in a file is the panel, a shape a line, and opens by itself", () => {
  const panel = { id: "p", width: 9, height: 9, title: "T", desc: "D", body: '<g><path d="M0 0"/></g><text>a<tspan>b</tspan></text>' };
  const file = drawing(panel, "g2k-x");
  assert.ok(file.startsWith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"'));
  assert.ok(file.endsWith('\n<g>\n<path d="M0 0"/></g>\n<text>a<tspan>b</tspan></text>\n</svg>\n'));
  assert.equal(file.replace(' xmlns="http://www.w3.org/2000/svg"', "").replaceAll("\n", ""), panelMarkup(panel, "g2k-x"));
});

/** All modules of the kit and of the lessons. */
function modules() {
  const kit = readdirSync(join(ROOT, "site/figures")).map((name) => join(ROOT, "site/figures", name));
  const lessons = readdirSync(join(ROOT, "course")).filter((name) => /^\d\d-/.test(name))
    .flatMap((name) => readdirSync(join(ROOT, "course", name)).map((file) => join(ROOT, "course", name, file)));
  return [...kit, ...lessons].filter((path) => path.endsWith(".js"));
}

test("no module is larger than 10 kB, asks another machine, moves by itself or draws unseeded numbers", () => {
  assert.ok(modules().length > 12);
  for (const path of modules()) {
    const text = readFileSync(path, "utf8");
    assert.ok(statSync(path).size <= 10_000, `${path}: ${statSync(path).size} bytes`);
    assert.ok(!/export default|import \*|https?:\/\/(?!www\.w3\.org\/2000\/svg)/.test(text), path);
    assert.ok(!/setInterval|\.animate\(/.test(text), `${path} moves by itself`);
    assert.ok(!/Math\.random/.test(text), `${path} is not seeded`);
  }
});

/** WCAG contrast of two #rrggbb colours. */
function contrast(one, other) {
  const luminance = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test("colours of text reach 4.5 : 1 in light and in dark", () => {
  const css = readFileSync(join(ROOT, "site/figures/figures.css"), "utf8");
  const schemes = [/:root \{([^}]*)\}/, /\[data-md-color-scheme="slate"\] \{([^}]*)\}/];
  for (const scheme of schemes) {
    const colours = Object.fromEntries([...scheme.exec(css)[1].matchAll(/--g2k-([\w-]+): (#\w{6})/g)].map(([, k, v]) => [k, v]));
    assert.equal(Object.keys(colours).length, 15);
    for (const name of ["ink", "muted", "a", "b", "c", "d", "bad"]) {
      for (const ground of ["bg", "panel"]) {
        const ratio = contrast(colours[name], colours[ground]);
        assert.ok(ratio >= 4.5, `${name} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
    for (const name of ["a", "b", "c", "d", "bad"]) {
      const ratio = contrast(colours[name], colours[`${name}-soft`]);
      assert.ok(ratio >= 3, `${name} on its soft: ${ratio.toFixed(2)}`);
    }
  }
});
