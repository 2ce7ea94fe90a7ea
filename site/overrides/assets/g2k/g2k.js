// Names what the theme leaves unnamed, lets a keyboard scroll what overflows, opens
// folded blocks for paper, and loads a lesson's figures once. No dependency.
(() => {
  "use strict";

  const SCROLLS = ".g2k-display, .md-typeset__scrollwrap, .md-typeset pre > code, .g2k-wide";

  function mend() {
    // Stock Material leaves its search dialog and its code notes without a name, and
    // makes a landmark of every copy button.
    for (const dialog of document.querySelectorAll(".md-search")) {
      dialog.setAttribute("aria-label", "Search");
    }
    for (const menu of document.querySelectorAll(".md-code__nav")) {
      menu.setAttribute("role", "none");
    }
    for (const note of document.querySelectorAll(".md-annotation__index")) {
      note.setAttribute("aria-label", "Note on this line");
    }
    for (const box of document.querySelectorAll(SCROLLS)) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  // A bundle defines custom elements: once is enough, whatever page asks.
  const loaded = new Set();
  function loadFigures() {
    for (const note of document.querySelectorAll("template[data-figure-script]")) {
      const url = new URL(note.dataset.figureScript, location.href).href;
      if (loaded.has(url)) continue;
      loaded.add(url);
      const script = document.createElement("script");
      script.src = url;
      document.head.append(script);
    }
  }

  // Only a site built without Node.js has TeX left and this library beside it.
  function renderLeftovers() {
    if (!window.katex) return;
    for (const box of document.querySelectorAll(".arithmatex")) {
      const tex = box.textContent.trim().slice(2, -2);
      const displayMode = box.tagName === "DIV";
      window.katex.render(tex, box, { displayMode, throwOnError: false });
      box.className = displayMode ? "g2k-display" : "g2k-inline";
    }
  }

  // Material adds copy buttons and notes later, as code comes into view.
  const late = new MutationObserver(() => {
    late.disconnect();
    requestAnimationFrame(() => { mend(); watchLate(); });
  });
  function watchLate() {
    const article = document.querySelector(".md-content");
    if (article) late.observe(article, { childList: true, subtree: true });
  }

  function page() {
    loadFigures();
    renderLeftovers();
    mend();
    late.disconnect();
    watchLate();
  }

  // Material announces the page when it is ready.
  if (window.document$) window.document$.subscribe(page);
  else page();
  addEventListener("resize", mend);
  if (document.fonts) document.fonts.ready.then(mend);

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".md-typeset details:not([open])")];
    for (const block of opened) block.open = true;
  });
  addEventListener("afterprint", () => {
    for (const block of opened) block.open = false;
  });
})();
