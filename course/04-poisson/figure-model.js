// Poisson arrivals: laws, distances, and a record of events in slots.
import { uniform } from "../../site/figures/random.js";

export const RATES = [1, 2, 3, 4, 5, 6];
export const SLOTS = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 100, 300, 1000];
export const SHOWN = 6; // units of time on the line
const RECORD = 2000; // units of time behind counts and gaps

/** Chances of 0 to `top` events where `mean` are expected. */
export function poisson(mean, top) {
  const law = [Math.exp(-mean)];
  for (let k = 1; k <= top; k += 1) law.push((law[k - 1] * mean) / k);
  return law;
}

/** Chances of 0 to n events in n equal slots, let in one by one. */
export function binomial(n, p) {
  let law = [1];
  for (let i = 0; i < n; i += 1) {
    const next = new Array(Math.min(law.length + 1, 60)).fill(0); // further ones are below 1e-16
    next.forEach((_, k) => { next[k] = (law[k] ?? 0) * (1 - p) + (law[k - 1] ?? 0) * p; });
    law = next;
  }
  return law;
}

/** How far slots are from Poisson, and the two bounds. */
export function distances(rate, slots) {
  const p = rate / slots;
  const [law, limit] = [binomial(slots, p), poisson(rate, 60)];
  const squares = slots * p * p;
  return {
    distance: limit.reduce((sum, q, k) => sum + Math.abs(q - (law[k] ?? 0)), 0) / 2,
    leCam: squares,
    barbourHall: (-Math.expm1(-rate) / rate) * squares,
  };
}

/** Slots in a unit of time: a slot cannot be likelier than certain. */
export const slotsOf = ({ rate, slots }) => Math.max(rate, slots);

const kept = new Map();

/** A record in slots: times of events (each at a place of its own in its slot), counts, gaps. */
export function recordOf(state) {
  const [slots, key] = [slotsOf(state), `${state.rate} ${slotsOf(state)} ${state.seed}`];
  if (!kept.has(key)) {
    if (kept.size > 40) kept.clear();
    const next = uniform(state.seed);
    const [p, times, counts] = [state.rate / slots, [], new Array(RECORD).fill(0)];
    const silence = Math.log1p(-p);
    for (let slot = -1; ;) {
      slot += 1 + (p < 1 ? Math.floor(Math.log(1 - next()) / silence) : 0); // slots without an event
      if (slot >= RECORD * slots) break;
      times.push((slot + 0.5) / slots);
      counts[Math.floor(slot / slots)] += 1;
    }
    kept.set(key, { times, counts, gaps: times.map((t, i) => t - (times[i - 1] ?? 0)) });
  }
  return kept.get(key);
}

/** The gap that covers a moment: from the last event up to it to the first after it. */
export function covering(times, at) {
  const after = times.findIndex((t) => t > at);
  return { from: times[after - 1] ?? 0, to: times[after] };
}

/** Mean gap, and the mean of the gap that covers a random moment. */
export function means(gaps) {
  const sum = gaps.reduce((total, g) => total + g, 0);
  return { plain: sum / gaps.length, met: gaps.reduce((total, g) => total + g * g, 0) / sum };
}
