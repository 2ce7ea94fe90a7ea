// Points of a panel that can be dragged (mouse, pen, touch) or moved with the arrow keys.

const SVG = "http://www.w3.org/2000/svg";
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * Keep the handles of a panel alive across drawings.
 *
 * They are not part of the drawn body, so a drag or the keyboard focus survives a redraw.
 * @returns `update(panel)`, called after every drawing
 */
export function attachHandles(svg, change) {
  const layer = svg.appendChild(document.createElementNS(SVG, "g"));
  const made = new Map();
  let panel;
  let held = null;

  const position = (event) => {
    const box = svg.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * panel.width,
      ((event.clientY - box.top) / box.height) * panel.height];
  };
  const handle = (id) => panel.handles?.find((one) => one.id === id);
  const move = (event) => {
    const patch = held === "press" ? panel.press(...position(event)) : handle(held)?.drag(...position(event));
    if (patch) change(patch);
  };

  svg.addEventListener("pointerdown", (event) => {
    const id = event.target.dataset?.handle;
    // A finger on the background scrolls the page; it must take a handle to drag.
    if (!id && (!panel.press || event.pointerType === "touch")) return;
    if (event.button !== 0) return;
    held = id ?? "press";
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    if (id) made.get(id).focus({ preventScroll: true });
    move(event);
  });
  svg.addEventListener("pointermove", (event) => { if (held) move(event); });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { held = null; });
  svg.addEventListener("click", (event) => {
    if (event.pointerType !== "touch" || event.target.dataset?.handle || !panel.press) return;
    const patch = panel.press(...position(event));
    if (patch) change(patch);
  });
  svg.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    const one = handle(event.target.dataset?.handle);
    if (!arrow || !one) return;
    event.preventDefault();
    const reach = event.shiftKey ? 5 : 1;
    change(one.key(arrow[0] * reach, arrow[1] * reach));
  });

  return (next) => {
    panel = next;
    for (const { id, x, y, label, text, now, min, max } of panel.handles ?? []) {
      let dot = made.get(id);
      if (!dot) {
        dot = layer.appendChild(document.createElementNS(SVG, "circle"));
        for (const [key, value] of Object.entries({ r: 17, class: "g2k-handle", role: "slider", tabindex: 0 })) {
          dot.setAttribute(key, value);
        }
        dot.dataset.handle = id;
        made.set(id, dot);
      }
      const values = { cx: x, cy: y, "aria-label": label, "aria-valuetext": text,
        "aria-valuenow": now, "aria-valuemin": min, "aria-valuemax": max };
      for (const [key, value] of Object.entries(values)) dot.setAttribute(key, value);
    }
  };
}
