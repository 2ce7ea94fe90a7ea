// Renders TeX for katex.py: one JSON list a line in, one JSON list a line out.
// In:  [{"tex": "x^2", "display": false}, ...]
// Out: [{"html": "..."} or {"error": "..."}, ...]
import { createInterface } from "node:readline";
import katex from "../node_modules/katex/dist/katex.mjs";

function render({ tex, display }) {
  try {
    const html = katex.renderToString(tex, {
      displayMode: display,
      output: "htmlAndMathml", // pictures for eyes, MathML for screen readers
      throwOnError: true,
      strict: "error", // what KaTeX only tolerates is a mistake here
      trust: false,
    });
    return { html };
  } catch (problem) {
    return { error: problem.message };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(JSON.parse(line).map(render)) + "\n");
}
