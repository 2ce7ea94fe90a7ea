// Write the static pictures into the chapters: `node site/figures/static.mjs [--update]`.
// Without --update it only says which chapters are out of date (exit status 1).
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { staticMarkup } from "./figure.js";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Every figure of the course: its lesson folder and the module that exports its specification. */
export const FIGURES = [
  { lesson: "00-start", name: "verdict", module: "figure.js" },
  { lesson: "01-gradients", name: "gradient", module: "figure.js", traced: true },
  { lesson: "01-gradients", name: "steps", module: "figure-steps.js", traced: true },
  { lesson: "05-thread-pool", name: "schedule", module: "figure.js", traced: true },
  { lesson: "05-thread-pool", name: "twenty", module: "figure-twenty.js" },
  { lesson: "06-allreduce", name: "ring", module: "figure.js", traced: true },
  { lesson: "06-allreduce", name: "crossing", module: "figure-cost.js", traced: true },
  { lesson: "06-allreduce", name: "levels", module: "figure-levels.js", traced: true },
  { lesson: "07-mixed-precision", name: "underflow", module: "figure-underflow.js", traced: true },
  { lesson: "07-mixed-precision", name: "round", module: "figure-round.js" },
  { lesson: "07-mixed-precision", name: "scaler", module: "figure-scaler.js" },
  { lesson: "07-mixed-precision", name: "training", module: "figure-training.js", traced: true },
  { lesson: "09-flash-attention", name: "flash", module: "figure.js", traced: true },
  { lesson: "09-flash-attention", name: "row", module: "figure-row.js", traced: true },
];

export function readTrace(lesson) {
  const path = join(ROOT, "course", lesson, "trace.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

export async function loadSpec({ lesson, name, module }) {
  return (await import(pathToFileURL(join(ROOT, "course", lesson, module))))[name];
}

/** The chapter with the region of one figure replaced; unchanged where it has no such marker. */
export function splice(chapter, name, markup) {
  const region = new RegExp(`(<!-- figure:${name} -->)[\\s\\S]*?(<!-- /figure -->)`);
  return chapter.replace(region, (_, open, close) => `${open}\n\n${markup}\n\n${close}`);
}

/** Chapters as they should read: [{path, text, wanted}]. */
export async function chapters() {
  const pages = new Map();
  for (const figure of FIGURES) {
    const path = join(ROOT, "course", figure.lesson, "index.md");
    if (!existsSync(path)) continue;
    const trace = figure.traced ? readTrace(figure.lesson) : null;
    if (figure.traced && !trace) continue; // a lesson whose traces are not made yet
    const page = pages.get(path) ?? { path, text: readFileSync(path, "utf8") };
    const spec = await loadSpec(figure);
    page.wanted = splice(page.wanted ?? page.text, figure.name,
      staticMarkup(`g2k-${figure.name}`, spec, trace));
    pages.set(path, page);
  }
  return [...pages.values()];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const update = process.argv.includes("--update");
  for (const { path, text, wanted } of await chapters()) {
    if (text === wanted) continue;
    if (update) writeFileSync(path, wanted);
    else process.exitCode = 1;
    console.log(`${update ? "updated" : "out of date"}: ${path}`);
  }
}
