"""Read built pages: their links, their anchors and their visible text."""

from __future__ import annotations

from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}
SILENT = {"script", "style", "template", "head", "math", "svg", "noscript"}


class Document(HTMLParser):
    """What the tests ask of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: set[str] = set()
        self.links: list[str] = []  # every href and src, as written
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.prose: list[str] = []  # visible text outside code and formulas
        self.code: list[str] = []  # text of <pre>
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and what it names or links to."""
        values = dict(attrs)
        self.tags.append((tag, values))
        if values.get("id"):
            self.ids.add(str(values["id"]))
        for key in ("href", "src"):
            if values.get(key):
                self.links.append(str(values[key]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost element of that name."""
        while self._open and self._open.pop() != tag:
            continue

    def handle_data(self, data: str) -> None:
        """Sort text by what a reader sees it as."""
        inside = set(self._open)
        if "pre" in inside:
            self.code.append(data)
        elif not inside & (SILENT | {"code"}):
            self.prose.append(data)


@cache
def read(path: Path) -> Document:
    """Return a built page."""
    return Document(path.read_text("utf-8"))


def broken_links(page: Path, root: Path) -> list[str]:
    """Return the links of a page that lead nowhere inside the built site."""
    broken = []
    for link in read(page).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue  # another site: not this test's business
        if parts.path.startswith("/"):
            broken.append(f"{link} (absolute)")
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(root.resolve()) or not target.is_file():
            broken.append(link)
        elif parts.fragment and target.suffix == ".html":
            known = read(target).ids
            fragment = unquote(parts.fragment)
            if fragment not in known and not fragment.startswith("__"):
                broken.append(link)
    return broken
