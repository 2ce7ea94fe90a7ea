"""Render the mathematics while building, so that reading it needs no script.

Arithmatex leaves `\\(...\\)` and `\\[...\\]` in the page. One Node process, started at
the first formula, turns them into HTML for eyes and MathML for screen readers. A TeX
mistake fails the build with the page and the formula. Without Node the TeX stays in
the page and the browser renders it if KaTeX is there (see assets.py).
"""

from __future__ import annotations

import html
import json
import logging
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError

log = logging.getLogger("mkdocs.hooks.katex")

SERVER = Path(__file__).with_name("katex_server.mjs")
PACKAGE = SERVER.parent.parent / "node_modules" / "katex"
FORMULA = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">'
    r"(?:\\\((?P<inline>.*?)\\\)|\\\[(?P<display>.*?)\\\])</(?P=tag)>"
    r"(?P<after>[.,;:!?)’”]*)",
    re.DOTALL,
)
PLAIN = re.compile(r"\\\((?P<inline>.*?)\\\)")


class Renderer:
    """Render formulas in one long-lived Node process, each formula once."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._known: dict[tuple[str, bool], dict[str, str]] = {}

    @property
    def available(self) -> bool:
        """Whether Node and the KaTeX package are on this machine."""
        return shutil.which("node") is not None and PACKAGE.is_dir()

    def render(self, formulas: list[tuple[str, bool]]) -> list[dict[str, str]]:
        """Return `{"html": ...}` or `{"error": ...}` for each `(tex, display)`."""
        new = [f for f in dict.fromkeys(formulas) if f not in self._known]
        if new:
            self._known.update(zip(new, self._ask(new), strict=True))
        return [self._known[formula] for formula in formulas]

    def _ask(self, formulas: list[tuple[str, bool]]) -> list[dict[str, str]]:
        if self._process is None:
            self._process = subprocess.Popen(
                ["node", str(SERVER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        question = [{"tex": tex, "display": display} for tex, display in formulas]
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._process = None
            raise PluginError("KaTeX: the Node process ended without an answer.")
        results: list[dict[str, str]] = json.loads(answer)
        return results

    def close(self) -> None:
        """End the Node process, if one was started."""
        if self._process is not None:
            process, self._process = self._process, None
            process.communicate()


RENDERER = Renderer()
_told = False


def on_page_content(content: str, *, page: Any, **_: Any) -> str:
    """Replace every formula of a page, and of its table of contents."""
    global _told
    found = list(FORMULA.finditer(content))
    if not found:
        return content
    if not RENDERER.available:
        if not _told:
            # Not a log warning: this copy of the course must build under --strict.
            log.info(
                "Formulas stay TeX in these pages: Node.js or site/node_modules is "
                "missing. Install Node.js and run `npm ci --prefix site`."
            )
            _told = True
        return content
    rendered = iter(_render(found, page.file.src_uri))
    content = FORMULA.sub(lambda _match: next(rendered), content)
    for item in _walk(page.toc):
        titles = list(PLAIN.finditer(item.title))
        if titles:
            parts = iter(_render(titles, page.file.src_uri))
            item.title = PLAIN.sub(lambda _match, it=parts: next(it), item.title)
    return content


def _render(matches: list[re.Match[str]], where: str) -> list[str]:
    formulas = []
    for match in matches:
        groups = match.groupdict()
        display = groups.get("display")
        tex = groups["inline"] if display is None else display
        formulas.append((html.unescape(tex).strip(), display is not None))
    parts = []
    results = RENDERER.render(formulas)
    for match, (tex, display), result in zip(matches, formulas, results, strict=True):
        if "error" in result:
            raise PluginError(f"{where}: cannot render `{tex}`: {result['error']}")
        after = match.groupdict().get("after") or ""
        parts.append(_place(result["html"], after, display))
    return parts


def _place(formula: str, after: str, display: bool) -> str:
    """Return a formula for the page, the punctuation after it kept on its line."""
    # Search would index a formula twice, as letters: leave it out.
    if display:
        return f'<div class="g2k-display" data-search-exclude>{formula}</div>{after}'
    if after and formula.count('class="katex-base"') > 1:
        # The line may break between the pieces: the last one takes the punctuation.
        end = "</span></span></span>"
        inside = f'<span class="g2k-after">{after}</span>'
        formula, after = formula.removesuffix(end) + inside + end, ""
    picture = f"<span data-search-exclude>{formula}</span>"
    return f'<span class="g2k-inline">{picture}{after}</span>'


def _walk(items: Any) -> Any:
    for item in items:
        yield item
        yield from _walk(item.children)


def on_shutdown(**_: Any) -> None:
    """End the Node process with the build."""
    RENDERER.close()
