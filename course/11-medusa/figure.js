// Medusa decoding: numbers, and what each of their running sums holds.
// Template: a specification of pure functions; site/figures/README.md says what each is for.
// After a change: node site/figures/static.mjs --update
import "../../site/figures/index.js";
import { hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";

const [LEFT, FLOOR, WIDTH] = [40, 190, 44]; // of the bars, in units of the picture

/** Bars over a floor; those that `held(k)` picks are filled and hatched. */
function bars(values, unit, held) {
  return values.map((value, k) => {
    const [x, height] = [LEFT + k * 56, value * unit];
    const marked = held(k);
    return rect(x, FLOOR - height, WIDTH, height, { fill: marked ? INK.aSoft : INK.bg, stroke: marked ? INK.a : INK.muted })
      + (marked ? hatch(x, FLOOR - height, WIDTH, height, { stroke: INK.a }) : "")
      + label(x + WIDTH / 2, FLOOR - height - 8, String(value), { "text-anchor": "middle" })
      + label(x + WIDTH / 2, FLOOR + 18, String(k), { "text-anchor": "middle", fill: INK.muted });
  }).join("") + line(LEFT - 10, FLOOR, 330, FLOOR, { stroke: INK.muted });
}

const heading = (text) => label(LEFT - 10, 20, text, { "font-weight": 700 });

const spec = {
  traced: true,
  start: () => ({ k: 2 }),
  limits: { k: [0, 4] },
  panels: ({ k }, { x, sums }) => [
    { id: "numbers", width: 340, height: 220, title: "Numbers", desc: `The numbers are ${x.join(", ")}.`,
      body: heading(`numbers 0 to ${k}`) + bars(x, 10, (place) => place <= k) },
    { id: "sums", width: 340, height: 220, title: "Running sums", desc: `Their running sums are ${sums.join(", ")}.`,
      body: heading(`running sum ${k}`) + bars(sums, 10, (place) => place === k) },
  ],
  controls: (_, { x }) => [{ kind: "step", key: "k", label: "place", min: 0, max: x.length - 1 }],
  sentence: ({ k }, { x, sums }) => `Running sum ${k} is ${x.slice(0, k + 1).join(" + ")} = ${sums[k]}.`,
  caption: "A running sum holds every number up to its own place, that number included.",
  reserve: [127, 132],
};

defineFigure("g2k-medusa", spec);
