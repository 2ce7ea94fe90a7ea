// Draw the static pictures: `node site/figures/static.mjs [--update]`.
// A panel is a file, course/NN-slug/figures/NAME-PANEL.svg; the chapter holds the frame with
// the caption, and includes the panels. Without --update it only says what is out of date
// (exit status 1).
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { panelMarkup, SPECS, staticMarkup } from "./figure.js";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export function readTrace(lesson) {
  const path = join(ROOT, "course", lesson, "trace.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

/** The figures of one lesson: what its figure.js defines. */
async function figuresOf(lesson) {
  const script = join(ROOT, "course", lesson, "figure.js");
  if (!existsSync(script)) return [];
  await import(pathToFileURL(script));
  const names = readFileSync(script, "utf8").matchAll(/^defineFigure\("g2k-([a-z0-9-]+)"/gm);
  return [...names].map(([, name]) => {
    const spec = SPECS.get(`g2k-${name}`);
    return { lesson, name, spec, traced: spec.traced ?? false };
  });
}

/** Every figure of the course, lesson by lesson: [{lesson, name, spec, traced}]. */
export const FIGURES = (await Promise.all(
  readdirSync(join(ROOT, "course")).filter((name) => /^\d\d-/.test(name)).sort().map(figuresOf))).flat();

/** The chapter with the region of one figure replaced; unchanged where it has no such marker. */
export function splice(chapter, name, markup) {
  const region = new RegExp(`(<!-- figure:${name} -->)[\\s\\S]*?(<!-- /figure -->)`);
  return chapter.replace(region, (_, open, close) => `${open}\n\n${markup}\n\n${close}`);
}

/** A panel as a file of its own: a picture that opens by itself, one shape a line for diffs. */
export function drawing(panel, name) {
  return panelMarkup(panel, name)
    .replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ') // in a page the site drops it again
    .replace(/(?=<(?:title|desc|g|rect|circle|line|path|text)\b|<\/svg>)/g, "\n") + "\n";
}

const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : null);

/** Drawings that are there now, so that one which no figure draws any more is noticed. */
function present(lesson) {
  const folder = join(ROOT, "course", lesson, "figures");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".svg")).map((name) => join(folder, name));
}

/** Chapters and drawings as they should be: [{path, text, wanted}], null for no such file. */
export async function files() {
  const found = new Map();
  const unfinished = new Set(); // lessons without a chapter or whose traces are not made yet
  for (const figure of FIGURES) {
    const { lesson, name, spec } = figure;
    const path = join(ROOT, "course", lesson, "index.md");
    const trace = figure.traced ? readTrace(lesson) : null;
    if (!existsSync(path) || (figure.traced && !trace)) {
      unfinished.add(lesson);
      continue;
    }
    const page = found.get(path) ?? { path, text: read(path), wanted: read(path) };
    const markup = staticMarkup(`g2k-${name}`, spec, trace, (panel) => {
      const file = `course/${lesson}/figures/${name}-${panel.id}.svg`;
      const svg = join(ROOT, file);
      found.set(svg, { path: svg, text: read(svg), wanted: drawing(panel, `g2k-${name}`) });
      return `--8<-- "${file}"`;
    });
    page.wanted = splice(page.wanted, name, markup);
    found.set(path, page);
  }
  for (const lesson of new Set(FIGURES.map((figure) => figure.lesson))) {
    for (const svg of unfinished.has(lesson) ? [] : present(lesson)) {
      if (!found.has(svg)) found.set(svg, { path: svg, text: read(svg), wanted: null });
    }
  }
  return [...found.values()];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const update = process.argv.includes("--update");
  for (const { path, text, wanted } of await files()) {
    if (text === wanted) continue;
    if (!update) process.exitCode = 1;
    else if (wanted === null) rmSync(path);
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, wanted);
    }
    console.log(`${update ? "updated" : "out of date"}: ${path}`);
  }
}
