// `<g2k-predict>`: commit to an answer before you see it. Kept in this browser only.
//
// Attributes: data-id (unique in the course), data-answer, and either data-options="A | B | C"
// (answer = position, from 1) or a number with data-tolerance, data-unit and data-scale="log".
// Children: the question, and a <details> with the answer, which is all that is left without scripts.

/** Judge a committed number: {right, gap} where gap is a sentence. */
export function judge(value, answer, { tolerance = 0, log = false, unit = "" } = {}) {
  const say = (number) => `${Number(number.toPrecision(3)).toLocaleString("en-GB")}${unit && (/^[°%]/.test(unit) ? unit : ` ${unit}`)}`;
  if (log) {
    if (value <= 0) return { right: false, gap: `The answer is ${say(answer)}.` };
    const factor = Math.max(value / answer, answer / value);
    if (factor <= Math.max(1, tolerance)) return { right: true, gap: `Right: it is ${say(answer)}.` };
    return { right: false, gap: `It is ${say(answer)}: you are ${say2(factor)} times too ${value > answer ? "high" : "low"}.` };
  }
  const gap = value - answer;
  if (Math.abs(gap) <= tolerance) return { right: true, gap: `Right: it is ${say(answer)}.` };
  return { right: false, gap: `It is ${say(answer)}: you are ${say(Math.abs(gap))} too ${gap > 0 ? "high" : "low"}.` };
}

const say2 = (factor) => Number(factor.toPrecision(2)).toLocaleString("en-GB");

/** The same for options, counted from 1. */
export function judgeOption(value, answer, options) {
  return value === answer ? { right: true, gap: "Right." }
    : { right: false, gap: `You chose “${options[value - 1]}”; the answer is “${options[answer - 1]}”.` };
}

const store = {
  get(id) { try { return localStorage.getItem(`g2k:predict:${id}`); } catch { return null; } },
  set(id, value) { try { localStorage.setItem(`g2k:predict:${id}`, value); } catch { /* private window */ } },
  drop(id) { try { localStorage.removeItem(`g2k:predict:${id}`); } catch { /* private window */ } },
};

export function definePredict() {
  if (typeof customElements === "undefined" || customElements.get("g2k-predict")) return;
  customElements.define("g2k-predict", class extends HTMLElement {
    connectedCallback() {
      if (this.form) return;
      const { id, answer, options, unit = "", tolerance = "0", scale } = this.dataset;
      this.options = options?.split("|").map((text) => text.trim());
      this.rules = { tolerance: Number(tolerance), log: scale === "log", unit };
      this.answer = Number(answer);
      this.details = this.querySelector("details");
      this.form = document.createElement("form");
      this.form.className = "g2k-predict-form";
      this.form.append(...(this.options ? this.optionInputs(id) : [this.numberInput(unit)]));
      const commit = document.createElement("button");
      commit.className = "g2k-button g2k-primary";
      commit.textContent = "Commit";
      const again = document.createElement("button");
      again.className = "g2k-button";
      again.type = "button";
      again.textContent = "Try again";
      again.addEventListener("click", () => { store.drop(id); this.open(); });
      [this.commit, this.again] = [commit, again];
      this.verdict = document.createElement("p");
      this.verdict.className = "g2k-verdict";
      this.verdict.setAttribute("aria-live", "polite");
      this.form.append(commit, again);
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        const value = new FormData(this.form).get("guess");
        if (value === null || value === "" || !Number.isFinite(Number(value))) return;
        store.set(id, value);
        this.reveal(Number(value));
      });
      this.details?.before(this.form, this.verdict);
      this.dataset.ready = "";
      const kept = store.get(id);
      if (kept === null) this.open();
      else {
        for (const input of this.form.elements) {
          if (input.type === "radio") input.checked = input.value === kept;
          else if (input.name === "guess") input.value = kept;
        }
        this.reveal(Number(kept));
      }
    }

    numberInput(unit) {
      const label = document.createElement("label");
      const input = document.createElement("input");
      Object.assign(input, { type: "number", name: "guess", step: "any", required: true });
      label.append("Your prediction ", input, unit ? ` ${unit}` : "");
      return label;
    }

    optionInputs(id) {
      return this.options.map((text, k) => {
        const label = document.createElement("label");
        const input = document.createElement("input");
        Object.assign(input, { type: "radio", name: "guess", value: String(k + 1), required: true, id: `predict-${id}-${k + 1}` });
        label.append(input, document.createTextNode(` ${text}`));
        return label;
      });
    }

    /** Wait for a prediction. */
    open() {
      delete this.dataset.result;
      this.verdict.textContent = "";
      if (this.details) this.details.open = false;
      this.lock(false);
    }

    reveal(value) {
      const { right, gap } = this.options
        ? judgeOption(value, this.answer, this.options) : judge(value, this.answer, this.rules);
      this.dataset.result = right ? "right" : "gap";
      this.verdict.textContent = `${right ? "✓" : "≠"} ${gap}`;
      if (this.details) this.details.open = true;
      this.lock(true);
    }

    lock(locked) {
      for (const input of this.form.elements) if (input.name === "guess") input.disabled = locked;
      this.commit.hidden = locked;
      this.again.hidden = !locked;
    }
  });
}
