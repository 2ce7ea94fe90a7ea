// What every figure is made of: a pure specification, and one custom element that plays it.
//
// A specification is an object of pure functions of (state, trace):
//   start(trace)            the state the figure opens in and the reset button returns to
//   limits                  {key: [low, high]} for numbers, {key: [values]} for words
//   panels(state, trace)    [{id, width, height, title, desc, body, handles?, press?}], body = SVG text
//   controls(state, trace)  what the reader may change: see controls.js
//   sentence(state, trace)  what the picture shows now, in words (read aloud politely)
//   warning(state, trace)   a second sentence while something is deliberately wrong, or ""
//   caption                 the claim, printed under the static picture
//   reserve                 [desktop, phone] height of the controls, kept free until they come
//   hint                    what can be dragged or clicked, one short sentence (optional)
//   traced                  true where it reads trace.json (optional)
// A handle {id, x, y, label, text, drag(x, y), key(dx, dy)} is a point of a panel that
// the reader may drag or move with the arrow keys; both functions return a patch of the state.
import { makeControls } from "./controls.js";
import { escapeText, px, tag } from "./draw.js";
import { attachHandles } from "./handles.js";

const TEXT = { "font-size": 13, "font-family": "inherit" };

/** One value forced into its limits; anything unusable becomes the fallback. */
function admit(value, fallback, limits) {
  if (typeof fallback === "boolean") return value === true || value === "1" || value === "true";
  if (typeof fallback === "number") {
    const number = value === "" ? NaN : Number(value);
    if (!Number.isFinite(number)) return fallback;
    return limits ? Math.min(limits[1], Math.max(limits[0], number)) : number;
  }
  return !limits || limits.includes(value) ? String(value) : fallback;
}

/** `#g2k-gradient?x=1&turn=40` to a state; unknown keys and bad values are ignored. */
export function readHash(hash, name, start, limits = {}) {
  const state = { ...start };
  const [target, query] = String(hash).replace(/^#/, "").split("?");
  if (target !== name || !query) return state;
  for (const [key, value] of new URLSearchParams(query)) {
    if (key in start && value !== "") state[key] = admit(value, start[key], limits[key]);
  }
  return state;
}

/** The part of a state that differs from the start, as a hash; "" when nothing differs. */
export function writeHash(name, state, start) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (value === start[key]) continue;
    query.set(key, typeof value === "boolean" ? (value ? "1" : "0")
      : typeof value === "number" ? String(Number(value.toPrecision(6))) : value);
  }
  return query.size ? `#${name}?${query}` : "";
}

/** A panel as one SVG element; `named` adds title and desc with ids (static pictures). */
export function panelMarkup(panel, named = "") {
  const id = `${named}-${panel.id}`;
  const names = named
    ? tag("title", { id: `${id}-t` }, escapeText(panel.title)) + tag("desc", { id: `${id}-d` }, escapeText(panel.desc))
    : "";
  return tag("svg", {
    viewBox: `0 0 ${px(panel.width)} ${px(panel.height)}`, role: "img", ...TEXT,
    class: `g2k-panel${panel.wide ? " g2k-wide-panel" : ""}`,
    "aria-labelledby": named ? `${id}-t ${id}-d` : undefined,
  }, names + panel.body);
}

/**
 * The static picture of a specification: what is read without scripts and on paper.
 * `draw` gives what stands for a panel: the panel itself, or a chapter's line that includes it.
 */
export function staticMarkup(name, spec, trace, draw = (panel) => panelMarkup(panel, name)) {
  const [desk, phone] = spec.reserve;
  const attribute = (trace ? ' data-trace="trace.json"' : "")
    + ` style="--g2k-desk: ${desk}px; --g2k-phone: ${phone}px"`;
  const panels = spec.panels(spec.start(trace), trace);
  const shape = panels.length === 1 ? " g2k-single" : "";
  return `<div class="g2k">\n<${name}${attribute}>\n<figure class="g2k-static">\n<div class="g2k-panels${shape}">\n`
    + panels.map(draw).join("\n")
    + `\n</div>\n<figcaption>${spec.caption}</figcaption>\n</figure>\n</${name}>\n</div>`;
}

/** The data of a figure: embedded in the page if the site put it there, else fetched. */
async function loadTrace(element) {
  const source = element.dataset.trace;
  if (!source) return null;
  const embedded = document.querySelector(`script[data-trace-of="${CSS.escape(source)}"]`);
  if (embedded) return JSON.parse(embedded.textContent);
  const response = await fetch(new URL(source, document.baseURI));
  if (!response.ok) throw new Error(`${source}: ${response.status}`);
  return response.json();
}

function make(name, className, parent) {
  const node = document.createElement(name);
  node.className = className;
  parent?.append(node);
  return node;
}

/** Specifications by the name of their element, for what draws or tests them under Node.js. */
export const SPECS = new Map();

/** Register `<name>` to play a specification. Outside a page it is only kept in SPECS. */
export function defineFigure(name, spec) {
  SPECS.set(name, spec);
  if (typeof customElements === "undefined" || customElements.get(name)) return;
  customElements.define(name, class extends HTMLElement {
    connectedCallback() {
      if (this.live) {
        addEventListener("hashchange", this.followed);
        return;
      }
      // Without its data the figure stays the static picture, which is complete.
      loadTrace(this).then((trace) => this.isConnected && !this.live && this.begin(trace),
        () => { this.dataset.still = ""; });
    }

    begin(trace) {
      this.trace = trace;
      this.start = spec.start(trace);
      this.state = readHash(location.hash, name, this.start, spec.limits);
      const figure = this.querySelector("figure") ?? this;
      this.live = make("div", "g2k-live");
      this.panelBox = make("div", figure.querySelector(".g2k-panels")?.className ?? "g2k-panels", this.live);
      this.drawn = new Map();
      const main = make("div", "g2k-controls g2k-main", this.live);
      const others = make("div", "g2k-controls", this.live);
      this.controls = makeControls(main, others, spec.controls(this.state, trace), (patch) => this.change(patch));
      if (spec.hint) make("p", "g2k-hint", this.live).textContent = spec.hint;
      const foot = make("div", "g2k-foot", this.live);
      this.say = make("p", "g2k-say", foot);
      this.say.setAttribute("aria-live", "polite");
      const acts = make("div", "g2k-acts", foot);
      const reset = make("button", "g2k-button", acts);
      reset.type = "button";
      reset.textContent = "Reset";
      reset.addEventListener("click", () => this.change(this.start));
      // The page may overwrite the address while scrolling; this link does not change by itself.
      this.link = make("a", "g2k-link", acts);
      this.link.textContent = "Link to this";
      this.followed = () => { if (location.hash.startsWith(`#${name}?`)) this.change(readHash(location.hash, name, this.start, spec.limits)); };
      addEventListener("hashchange", this.followed);
      figure.insertBefore(this.live, figure.querySelector("figcaption"));
      this.draw();
      this.dataset.ready = "";
      if (location.hash.startsWith(`#${name}?`)) this.scrollIntoView({ block: "center" });
    }

    disconnectedCallback() {
      removeEventListener("hashchange", this.followed);
    }

    change(patch) {
      for (const [key, value] of Object.entries(patch)) {
        this.state[key] = admit(value, this.start[key], spec.limits?.[key]);
      }
      this.pending ??= requestAnimationFrame(() => { this.pending = undefined; this.draw(); });
      clearTimeout(this.writing);
      this.writing = setTimeout(() => {
        if (!this.isConnected) return;
        const hash = writeHash(name, this.state, this.start);
        history.replaceState(history.state, "", hash || location.pathname + location.search);
      }, 400);
    }

    draw() {
      const { state, trace } = this;
      for (const panel of spec.panels(state, trace)) {
        let view = this.drawn.get(panel.id);
        if (!view) {
          this.panelBox.insertAdjacentHTML("beforeend", panelMarkup({ ...panel, body: "<g></g>" }));
          const svg = this.panelBox.lastElementChild;
          view = { svg, body: svg.firstElementChild };
          if (panel.handles || panel.press) {
            svg.setAttribute("role", "group");
            view.handles = attachHandles(svg, (patch) => this.change(patch));
          }
          this.drawn.set(panel.id, view);
        }
        view.body.innerHTML = panel.body;
        view.svg.setAttribute("aria-label", `${panel.title}. ${panel.desc}`);
        view.handles?.(panel);
      }
      this.controls(spec.controls(state, trace), state);
      this.link.href = writeHash(name, state, this.start) || `#${name}?`;
      const warning = spec.warning?.(state, trace) ?? "";
      const html = escapeText(spec.sentence(state, trace))
        + (warning ? ` <strong class="g2k-warning">${escapeText(warning)}</strong>` : "");
      if (html !== this.said) this.say.innerHTML = this.said = html;
    }
  });
}
