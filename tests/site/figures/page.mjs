// Print every figure's static picture and data as JSON, for the browser tests.
import { staticMarkup } from "../../../site/figures/figure.js";
import { FIGURES, readTrace } from "../../../site/figures/static.mjs";

const pages = {};
for (const figure of FIGURES) {
  const trace = figure.traced ? readTrace(figure.lesson) : null;
  const html = staticMarkup(`g2k-${figure.name}`, figure.spec, trace);
  pages[figure.name] = { lesson: figure.lesson, html, trace };
}
console.log(JSON.stringify(pages));
