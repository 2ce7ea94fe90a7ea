// Native inputs bound to the keys of a state. `scrubber` of the kit is kind "step".
//
// {kind: "range", key, label, min, max, step, show?(value)}
// {kind: "pick",  key, label, values, show?(value)}     a slider over a list of numbers
// {kind: "step",  key, label, min, max, show?(value)}   a slider with back and forward buttons
// {kind: "check", key, label, warn?}                    warn: ticking or unticking it breaks something
// {kind: "choice", key, label, options: [[value, text], ...]}
// {kind: "button", label, patch}                        sets several keys at once

function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function slider(spec, change, extra = []) {
  const input = node("input", { type: "range" });
  const output = node("output");
  const name = node("span", { class: "g2k-name" });
  const box = node("label", { class: "g2k-slider" }, name, input, output);
  let current = spec;
  const value = () => (current.values ? current.values[Number(input.value)] : Number(input.value));
  input.addEventListener("input", () => change({ [current.key]: value() }));
  const [back, forward] = extra;
  back?.addEventListener("click", () => change({ [current.key]: Math.max(current.min, Number(input.value) - 1) }));
  forward?.addEventListener("click", () => change({ [current.key]: Math.min(current.max, Number(input.value) + 1) }));
  const update = (next, state) => {
    current = next;
    const { key, label, values, show = String } = next;
    const at = values ? values.reduce((best, v, k) =>
      Math.abs(v - state[key]) < Math.abs(values[best] - state[key]) ? k : best, 0) : state[key];
    input.min = values ? 0 : next.min;
    input.max = values ? values.length - 1 : next.max;
    input.step = values ? 1 : next.step ?? 1;
    input.value = at;
    name.textContent = label;
    output.textContent = show(values ? values[at] : at);
    input.setAttribute("aria-valuetext", output.textContent);
    if (back) back.disabled = at <= next.min;
    if (forward) forward.disabled = at >= next.max;
  };
  return [box, update];
}

const KINDS = {
  range: (spec, change) => slider(spec, change),
  pick: (spec, change) => slider(spec, change),
  step(spec, change) {
    const button = (text, label) => node("button", { type: "button", class: "g2k-button", "aria-label": label }, text);
    const back = button("◀", `${spec.label}: back`);
    const forward = button("▶", `${spec.label}: forward`);
    const [box, update] = slider(spec, change, [back, forward]);
    return [node("div", { class: "g2k-scrubber" }, back, box, forward), update];
  },
  check(spec, change) {
    const input = node("input", { type: "checkbox" });
    input.addEventListener("change", () => change({ [spec.key]: input.checked }));
    const box = node("label", { class: `g2k-check${spec.warn ? " g2k-risky" : ""}` }, input, node("span", {}, spec.label));
    return [box, (next, state) => { input.checked = state[next.key]; }];
  },
  choice(spec, change) {
    const select = node("select", {}, ...spec.options.map(([value, text]) => node("option", { value }, text)));
    select.addEventListener("change", () => change({ [spec.key]: select.value }));
    const box = node("label", { class: "g2k-choice" }, node("span", { class: "g2k-name" }, spec.label), select);
    return [box, (next, state) => { select.value = state[next.key]; }];
  },
  button(spec, change) {
    let { patch } = spec;
    const made = node("button", { type: "button", class: "g2k-button" }, spec.label);
    made.addEventListener("click", () => change(patch));
    return [made, (next) => { patch = next.patch; made.disabled = next.disabled ?? false; }];
  },
};

/**
 * Build the inputs of a figure: the first goes into `main`, which stays in view on a phone.
 *
 * @returns `update(specs, state)`, called at every drawing
 */
export function makeControls(main, others, specs, change) {
  const updates = specs.map((spec, k) => {
    const [box, update] = KINDS[spec.kind](spec, change);
    (k === 0 ? main : others).append(box);
    return update;
  });
  return (next, state) => updates.forEach((update, k) => update(next[k], state));
}
