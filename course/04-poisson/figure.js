// Poisson arrivals: a record in slots, and its counts and gaps beside their laws.
import "../../site/figures/index.js";
import { circle, fixed, hatch, INK, label, line, rect } from "../../site/figures/draw.js";
import { defineFigure } from "../../site/figures/figure.js";
import { curve, frame, scale } from "../../site/figures/plot.js";
import { covering, distances, means, poisson, RATES, recordOf, SHOWN, SLOTS, slotsOf } from "./figure-model.js";

const TOP = 11; // the largest count shown
const plain = { halo: false, fill: INK.muted, "font-size": 12 };
const short = (value) => (value >= 0.00995 ? fixed(value) : value.toPrecision(1));

function linePanel(state) {
  const slots = slotsOf(state);
  const { times } = recordOf(state);
  const x = scale([0, SHOWN], [14, 326]);
  const [y, at] = [104, state.at];
  const shown = times.filter((t) => t < SHOWN);
  const gap = covering(times, at);
  const right = Math.min(x(gap.to), 336);
  let body = label(14, 22, `${shown.length} events in ${SHOWN} hours`, { halo: false, "font-weight": 700 })
    + rect(x(gap.from), y - 40, right - x(gap.from), 40, { fill: INK.bSoft, stroke: INK.b, "stroke-width": 1.5 })
    + hatch(x(at), y - 40, right - x(at), 40, { stroke: INK.b })
    + line(14, y, 336, y, { "stroke-width": 1.5 });
  for (let k = 0; k <= SHOWN; k += 1) {
    body += line(x(k), y, x(k), y + 9, { "stroke-width": 1.5 }) + label(x(k), y + 24, String(k), { ...plain, "text-anchor": "middle" });
  }
  if (slots <= 20) for (let k = 0; k <= SHOWN * slots; k += 1) body += line(x(k / slots), y, x(k / slots), y + 5, { stroke: INK.muted });
  body += line(x(at), y - 48, x(at), y, { "stroke-width": 1.5, "stroke-dasharray": "3 2" }) + label(x(at), y - 54, "you", { "text-anchor": "middle", "font-weight": 700 });
  for (const t of shown) body += line(x(t), y - 26, x(t), y, { stroke: INK.a, "stroke-width": 2 }) + circle(x(t), y - 28, 3.5, { fill: INK.a });
  const minutes = (hours) => `${Math.round(60 * hours)} min`;
  body += label(14, 168, `You come at ${fixed(at)} h, into a gap of ${minutes(gap.to - gap.from)},`, { halo: false })
    + label(14, 186, `and wait ${minutes(gap.to - at)} for the next event (hatched).`, { halo: false });
  const { plain: mean, met } = means(recordOf(state).gaps);
  body += label(14, 216, `mean gap of 2,000 hours: ${minutes(mean)}`, { ...plain })
    + label(14, 234, `mean of the gap that you meet: ${minutes(met)}`, { ...plain, fill: INK.b, "font-weight": 700 });
  const move = (value) => ({ at: Math.min(SHOWN, Math.max(0, Math.round(value * 50) / 50)) });
  return {
    id: "line", width: 340, height: 250, title: "A record of events, and the moment at which you come",
    desc: `Events on a line of ${SHOWN} hours. The gap that covers the moment ${fixed(at)} is framed; what is left of it is hatched.`,
    body,
    press: (u) => move(x.inverse(u)),
    handles: [{ id: "at", x: x(at), y, label: "Your moment", now: at, min: 0, max: SHOWN, text: `${fixed(at)} hours`,
      drag: (u) => move(x.inverse(u)), key: (dx, dy) => move(at + (dx - dy) / 10) }],
  };
}

function countPanel(state) {
  const { counts } = recordOf(state);
  const law = poisson(state.rate, TOP);
  const share = law.map((_, k) => counts.filter((count) => count === k).length / counts.length);
  const top = Math.max(...law, ...share) * 1.12;
  const [x, y] = [scale([-0.6, TOP + 0.6], [44, 326]), scale([0, top], [198, 28])];
  const width = (x(1) - x(0)) * 0.72;
  const bars = share.map((s, k) => rect(x(k) - width / 2, y(s), width, 198 - y(s), { fill: INK.aSoft, stroke: INK.a })).join("");
  const marks = law.map((q, k) => circle(x(k), y(q), 4, { fill: INK.c, stroke: INK.bg, "stroke-width": 1.5 })).join("");
  const tick = top > 0.6 ? 0.5 : top > 0.3 ? 0.2 : 0.1;
  return {
    id: "counts", width: 340, height: 250, title: "How many events an hour has",
    desc: "Bars: the share of hours with each count. Points: the Poisson law.",
    body: frame(x, y, { xTitle: "events in an hour (bars: 2,000 hours, points: Poisson)", yTitle: "share of hours",
      xTicks: [0, 2, 4, 6, 8, 10].map((k) => [k, String(k)]), yTicks: [[0, "0"], [tick, String(tick)]] }) + bars + marks,
  };
}

function gapPanel(state) {
  const { gaps } = recordOf(state);
  const sorted = [...gaps].sort((a, b) => a - b);
  const far = 4 / state.rate;
  const [x, y] = [scale([0, far], [44, 326]), scale([0, 1.04], [198, 28])];
  const places = Array.from({ length: 161 }, (_, k) => (k * far) / 160);
  let passed = 0;
  const seen = places.map((t) => {
    while (passed < sorted.length && sorted[passed] <= t) passed += 1;
    return [t, 1 - passed / sorted.length];
  });
  const mean = 1 / state.rate;
  return {
    id: "gaps", width: 340, height: 250, title: "How many gaps outlast a time",
    desc: "Solid: the share of gaps longer than t. Dashed: the exponential law.",
    body: frame(x, y, { xTitle: "t in mean gaps (solid: seen, dashed: exponential)", yTitle: "share of gaps longer than t",
      xTicks: [0, 1, 2, 3, 4].map((k) => [k / state.rate, String(k)]), yTicks: [[0, "0"], [0.5, "0.5"], [1, "1"]] })
      + curve(seen, x, y, { stroke: INK.a, "stroke-width": 2.5 })
      + curve(places.map((t) => [t, Math.exp(-state.rate * t)]), x, y, { stroke: INK.c, "stroke-width": 2, "stroke-dasharray": "6 4" })
      + circle(x(mean), y(Math.exp(-1)), 4, { fill: INK.c })
      + label(x(mean) + 8, y(Math.exp(-1)) - 8, "37 % outlast the mean", { "font-size": 12 }),
  };
}

function distancePanel(state) {
  const slots = slotsOf(state);
  const { distance, leCam, barbourHall } = distances(state.rate, slots);
  const x = scale([0, 1], [20, 322]);
  const bar = (top, name, value, colour, texture) => {
    const width = x(Math.min(value, 1)) - 20;
    return label(20, top - 8, name, { halo: false, "font-size": 12 })
      + label(316, top - 8, short(value), { halo: false, "text-anchor": "end", "font-weight": 700, fill: INK[colour] })
      + rect(20, top, width, 20, { fill: INK[`${colour}Soft`], stroke: INK[colour] })
      + (texture ? hatch(20, top, width, 20, { stroke: INK[colour], gap: texture }) : "")
      + (value > 1 ? label(312, top + 15, "≫", { halo: false, fill: INK.bad }) : "");
  };
  return {
    id: "distance", width: 340, height: 250, title: "How far slots are from Poisson",
    desc: `Total variation distance ${short(distance)}, Barbour and Hall's bound ${short(barbourHall)}, Le Cam's bound ${short(leCam)}.`,
    body: label(20, 22, `${slots} slots an hour, p = ${short(state.rate / slots)}`, { halo: false, "font-weight": 700 })
      + bar(62, "distance from the Poisson law", distance, "a", 0)
      + bar(118, "Barbour and Hall's bound", barbourHall, "c", 9)
      + bar(174, "Le Cam's bound", leCam, "b", 6)
      + line(x(1), 44, x(1), 202, { "stroke-dasharray": "3 3" })
      + label(x(1), 220, "1: no distance is larger", { ...plain, "text-anchor": "end" }),
  };
}

export const arrivals = {
  start: () => ({ slots: 60, rate: 3, at: 2.2, seed: 4 }),
  limits: { slots: [1, 1000], rate: [1, 6], at: [0, SHOWN], seed: [1, 9999] },
  panels: (state) => [linePanel(state), countPanel(state), gapPanel(state), distancePanel(state)],
  controls: (state) => [
    { kind: "pick", key: "slots", label: "slots an hour", values: SLOTS, show: () => String(slotsOf(state)) },
    { kind: "pick", key: "rate", label: "events an hour", values: RATES },
    { kind: "range", key: "at", label: "you come at", min: 0, max: SHOWN, step: 0.02, show: (v) => `${fixed(v)} h` },
    { kind: "button", label: "A slot for each event", patch: { slots: state.rate } },
    { kind: "button", label: "Another record", patch: { seed: (state.seed % 9999) + 1 } },
  ],
  sentence(state) {
    const { distance } = distances(state.rate, slotsOf(state));
    const { plain: mean, met } = means(recordOf(state).gaps);
    return `${state.rate} event${state.rate > 1 ? "s" : ""} an hour in ${slotsOf(state)} slots (record ${state.seed}): the count is ${short(distance)} away from Poisson. `
      + `The mean gap is ${fixed(60 * mean, 0)} minutes, the gap that you meet ${fixed(60 * met, 0)}.`;
  },
  warning(state) {
    const slots = slotsOf(state);
    const { leCam } = distances(state.rate, slots);
    if (slots === state.rate) return "Every slot has an event for certain: this is a metronome. Counts do not vary, and the gap that you meet is no longer than any other.";
    return leCam >= 1 ? `Le Cam's bound is ${fixed(leCam)}: it says nothing, since no distance is above 1.` : "";
  },
  hint: "Click the line of events, or drag the point on it, to come at another moment.",
  reserve: [256, 375],
  caption: "Short slots make counts Poisson and gaps exponential. Whoever comes at a random moment meets a gap that is twice as long as the mean one.",
};

defineFigure("g2k-arrivals", arrivals);
