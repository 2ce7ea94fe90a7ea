"""What axe finds on a page as it stands, and what need not be shown to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from website import REPOSITORY

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPT = REPOSITORY / "site" / "node_modules" / "axe-core" / "axe.min.js"
Options = dict[str, Any]


def _rules(*names: str) -> Options:
    return {"runOnly": {"type": "rule", "values": names}}


#: Everything of WCAG 2.2 A and AA, and axe's own good practice.
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ALL: Options = {"runOnly": {"type": "tag", "values": _TAGS}}
#: Colours are all that changes in the dark, and do not change with the width.
DARK = _rules("color-contrast")
NARROW: Options = {**ALL, "rules": {"color-contrast": {"enabled": False}}}
#: What an article can get wrong on a narrow page alone, the page around it being right.
NARROW_ARTICLE = _rules("target-size", "scrollable-region-focusable")

_UNFOLD = "for (const node of document.querySelectorAll('details')) node.open = true"
# Formulas are most of a page's elements. Axe does not read MathML, and their pictures
# are hidden from assistive tools: an empty <math> of the same size stands for each.
# Words of code in one colour look alike: the first of a listing stands for them.
_LIKENESSES = """
const sizes = [...document.querySelectorAll('.katex')].map(
    formula => [formula, formula.getBoundingClientRect()]);
for (const [formula, {width, height}] of sizes) {
    const box = document.createElement('math');
    box.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
    formula.replaceWith(box);
}
for (const listing of document.querySelectorAll('.highlight pre')) {
    const seen = new Set();
    for (const word of listing.querySelectorAll('span[class]:not(:has(*))')) {
        if (seen.has(word.className)) word.replaceWith(word.textContent);
        seen.add(word.className);
    }
}"""
# A heading that is one formula is not empty.
_RUN = """async options => {
    const found = await axe.run({exclude: ['math']}, options);
    for (const problem of found.violations)
        if (problem.id === 'empty-table-header')
            problem.nodes = problem.nodes.filter(
                node => !document.querySelector(node.target[0]).querySelector('math'));
    return found.violations.filter(problem => problem.nodes.length > 0);
}"""


def unfold(page: Page) -> None:
    """Show everything that is folded."""
    page.evaluate(_UNFOLD)


def start(page: Page) -> None:
    """Make a page ready for axe: each kind of thing is there once."""
    page.evaluate(_LIKENESSES)
    page.add_script_tag(path=SCRIPT)


def found(page: Page, where: str, options: Options) -> list[str]:
    """Return a line for each thing that axe finds."""
    return [_line(where, violation) for violation in page.evaluate(_RUN, options)]


def _line(where: str, violation: dict[str, Any]) -> str:
    nodes = violation["nodes"]
    shown = "; ".join(str(node["target"]) + " " + _reason(node) for node in nodes[:4])
    return f"{where}: {violation['id']} x {len(nodes)}: {shown}"


def _reason(node: dict[str, Any]) -> str:
    """Return the first reason that axe gives for an element."""
    checks = node["any"] + node["all"] + node["none"]
    return json.dumps(checks[0]["message"]) if checks else ""
