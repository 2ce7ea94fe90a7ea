"""The website in a real browser: private, accessible, and usable by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import axe
import pytest
from website import SIZES, Site, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

#: Whether every figure has drawn itself.
READY = """[...document.querySelectorAll('*')]
    .filter(node => node.localName.startsWith('g2k-'))
    .every(node => node.matches('[data-ready]'))"""
IN_THE_DARK = "document.body.dataset.mdColorScheme === 'slate'"
#: Pages that show all there is around an article.
WHOLE = ("index.html", "01-gradients/index.html")


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


def changed(spoken: Locator, before: str | None) -> bool:
    """Whether a figure says something else; a busy machine draws it late."""
    for _ in range(100):
        if spoken.text_content() != before:
            return True
        spoken.page.wait_for_timeout(50)
    return False


def silent_figures(page: Page) -> list[str]:
    """Return the figures that say nothing else when an arrow key moves a slider."""
    silent = []
    for figure in page.locator("[data-ready]:has(input[type=range])").all():
        spoken = figure.locator("[aria-live]").first
        before = spoken.text_content()
        for slider in figure.locator("input[type=range]:visible").all():
            slider.focus()
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowRight")
        if not changed(spoken, before):
            silent.append(figure.evaluate("node => node.outerHTML.slice(0, 80)"))
    return silent


def excess(page: Page) -> list[str]:
    """Return by how much a page is too wide, if it is."""
    pixels = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"{pixels} pixels too wide at {page.viewport_size}"] * (pixels > 0)


def test_every_page_is_accessible_narrow_and_private(site: Site, visit: Visit) -> None:
    """By keyboard, for axe, in both colour schemes, on a desktop and on a phone.

    All of it in one visit: a chapter's formulas take a second to lay out.
    """
    page = visit.page
    problems = []
    for path in site.pages():
        name = path.relative_to(site.root).as_posix()
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(SIZES["phone"])
        page.goto(site.address(path))
        page.wait_for_function(READY)
        axe.unfold(page)
        wrong = excess(page)  # before boxes stand for formulas
        axe.start(page)
        narrow = axe.NARROW if name in WHOLE else axe.NARROW_ARTICLE
        wrong += axe.found(page, "phone", narrow)
        page.set_viewport_size(SIZES["desktop"])
        wrong += excess(page)
        wrong += [f"says nothing: {figure}" for figure in silent_figures(page)]
        wrong += axe.found(page, "light", axe.ALL)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(IN_THE_DARK)  # a script of the theme's turns it
        wrong += axe.found(page, "dark", axe.DARK)
        problems += [f"{name}: {what}" for what in wrong]
    assert problems == [], "\n".join(problems)
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
