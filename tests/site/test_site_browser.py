"""The website in a real browser: private, accessible, and usable by keyboard."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest
from website import AXE, WIDTHS, Site, Visit, open_context, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.browser

# Everything of WCAG 2.2 A and AA, and axe's own good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# Colours are all that changes in the dark, and do not change with the width.
Runs = dict[Literal["light", "dark"], dict[str, Any]]
ALL: dict[str, Any] = {"runOnly": {"type": "tag", "values": RULES}}
RUNS: dict[str, Runs] = {
    "desktop": {
        "light": ALL,
        "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
    },
    "phone": {"light": {**ALL, "rules": {"color-contrast": {"enabled": False}}}},
}
# Formulas are four fifths of a page's elements. Axe does not read MathML, and their
# pictures are hidden from assistive tools: a box stands for each.
FORMULAS = """
for (const formula of document.querySelectorAll('math')) formula.replaceChildren();
for (const [drawn, {width, height}] of
        [...document.querySelectorAll('.katex-html')].map(
            drawn => [drawn, drawn.getBoundingClientRect()])) {
    drawn.style.cssText =
        `display: inline-block; width: ${width}px; height: ${height}px`;
    drawn.replaceChildren();
}"""
# So it takes a heading that is one formula for an empty one.
AXE_RUN = """async options => {
    const found = await axe.run({exclude: ['.katex-html']}, options);
    for (const problem of found.violations)
        if (problem.id === 'empty-table-header')
            problem.nodes = problem.nodes.filter(
                node => !document.querySelector(node.target[0]).querySelector('math'));
    return found.violations.filter(problem => problem.nodes.length > 0);
}"""
#: Whether every figure has drawn itself.
READY = """[...document.querySelectorAll('*')]
    .filter(node => node.localName.startsWith('g2k-'))
    .every(node => node.matches('[data-ready]'))"""
UNFOLD = "for (const node of document.querySelectorAll('details')) node.open = true"


def test_reads_from_a_disk(offline_site: Site, visit: Visit) -> None:
    for page in offline_site.pages():
        visit.page.goto(offline_site.address(page), wait_until="load")
        visit.page.wait_for_timeout(150)
    assert visit.outside == []
    assert visit.troubles == []


@pytest.mark.parametrize("flavour", ["site", "offline_site"])
def test_search_finds_a_part_of_a_name(
    flavour: str, visit: Visit, request: pytest.FixtureRequest
) -> None:
    where: Site = request.getfixturevalue(flavour)
    visit.page.goto(where.address(where.root / "index.html"))
    box = visit.page.locator(".md-search__input")
    box.click()
    box.press_sequentially("attention")
    # While somebody types, a slow machine shows what the first letters find.
    named = visit.page.locator(".md-search-result__link", has_text="FlashAttention")
    named.first.wait_for(state="attached", timeout=10_000)
    assert visit.outside == []


@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nobody_scrolls_sideways(
    site: Site, browser: Browser, width: str
) -> None:
    context = open_context(browser, width)
    page = watch(context).page
    problems = []
    for path in site.pages():
        page.emulate_media(color_scheme="light")
        page.goto(site.address(path))
        page.wait_for_function(READY)
        page.evaluate(UNFOLD)
        excess = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if excess > 0:
            problems.append(f"{path.parent.name} is {excess} pixels too wide")
        page.evaluate(FORMULAS)
        page.add_script_tag(path=AXE)
        for scheme, options in RUNS[width].items():
            page.emulate_media(color_scheme=scheme)
            violations = page.evaluate(AXE_RUN, options)
            where = f"{path.parent.name}, {scheme}"
            problems += [summary(where, item) for item in violations]
    context.close()
    assert problems == [], "\n".join(problems)


def summary(page: str, violation: dict[str, Any]) -> str:
    """Return what axe found, where, in one line."""
    nodes = violation["nodes"]
    where = "; ".join(str(node["target"]) + " " + reason(node) for node in nodes[:4])
    return f"{page}: {violation['id']} x {len(nodes)}: {where}"


def reason(node: dict[str, Any]) -> str:
    """Return the first reason axe gives for an element."""
    checks = node["any"] + node["all"] + node["none"]
    return json.dumps(checks[0]["message"]) if checks else ""


def changed(spoken: Locator, before: str | None) -> bool:
    """Whether a figure says something else; a busy machine draws it late."""
    for _ in range(100):
        if spoken.text_content() != before:
            return True
        spoken.page.wait_for_timeout(50)
    return False


def test_figures_answer_the_keyboard_and_nothing_comes_from_elsewhere(
    site: Site, visit: Visit
) -> None:
    """Every figure with a slider says something else after an arrow key."""
    for path in site.pages():
        visit.page.goto(site.address(path), wait_until="networkidle")
        silent = []
        for figure in visit.page.locator("[data-ready]:has(input[type=range])").all():
            spoken = figure.locator("[aria-live]").first
            before = spoken.text_content()
            for slider in figure.locator("input[type=range]:visible").all():
                slider.focus()
                visit.page.keyboard.press("ArrowRight")
                visit.page.keyboard.press("ArrowRight")
            if not changed(spoken, before):
                silent.append(figure.evaluate("node => node.outerHTML.slice(0, 80)"))
        assert silent == [], path
    assert visit.outside == []
    assert visit.troubles == []


def test_figures_stand_without_scripts(site: Site, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in site.pages():
        page.goto(site.address(path))
        for element in page.locator("figure").all():
            assert element.locator("svg").first.is_visible(), path
    context.close()


def test_stands_still_for_readers_who_ask_for_it(site: Site, visit: Visit) -> None:
    visit.page.goto(site.url, wait_until="networkidle")
    moving = visit.page.evaluate(
        "[...document.querySelectorAll('*')].filter(node =>"
        " parseFloat(getComputedStyle(node).transitionDuration) > 0).length"
    )
    assert moving == 0


def test_paper_shows_what_is_folded(site: Site, visit: Visit) -> None:
    folded = site.root / "01-gradients" / "index.html"
    visit.page.goto(site.address(folded), wait_until="networkidle")
    visit.page.locator("[data-ready]").first.wait_for(state="attached")
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert visit.page.locator(".md-typeset details:not([open])").count() == 0
    visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert visit.page.locator(".md-typeset details[open]").count() == 0


def test_every_colour_scheme_can_be_chosen_by_keyboard(
    site: Site, visit: Visit
) -> None:
    visit.page.goto(site.url, wait_until="networkidle")
    body = visit.page.locator("body")
    seen = []
    for _ in range(3):
        seen.append(body.get_attribute("data-md-color-media"))
        label = visit.page.locator("[data-md-component=palette] label:visible")
        label.focus()
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_timeout(100)
    assert len(set(seen)) == 3
