"""The figures: their arithmetic under Node.js, their behaviour in a browser."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from website import REPOSITORY, Visit, open_context, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
DEFINED = re.compile(r'^defineFigure\("g2k-([a-z0-9-]+)"', re.MULTILINE)
NAMES = [
    name
    for script in sorted(REPOSITORY.glob("course/[0-9][0-9]-*/figure.js"))
    for name in DEFINED.findall(script.read_text("utf-8"))
]
TWO_FRAMES = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
COUNT = itertools.count()
Open = Callable[..., "Locator"]


def test_node_tests_pass() -> None:
    tests = sorted(str(path) for path in HERE.glob("*.test.js"))
    done = subprocess.run(["node", "--test", *tests], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr


@pytest.fixture
def show(served: str, tab: Visit) -> Iterator[Open]:
    """Return a function that opens a figure in a given state."""
    tab.outside.clear()
    tab.troubles.clear()
    tab.page.emulate_media(media="screen")

    def opened(name: str, state: str = "") -> Locator:
        # Another address each time: a change of the fragment alone loads no page.
        there = f"#g2k-{name}?{state}" * bool(state)
        tab.page.goto(f"{served}/figure/{name}?{next(COUNT)}{there}")
        figure = tab.page.locator(f"g2k-{name}[data-ready]")
        figure.wait_for()
        return figure

    yield opened
    assert tab.troubles == []
    assert tab.outside == []


def said(figure: Locator) -> str:
    """Return the sentence that a figure says, once it has been drawn again."""
    figure.page.evaluate(TWO_FRAMES)
    return figure.locator("[aria-live]").first.inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_stays_a_picture_without_scripts(
    name: str, served: str, scriptless: Page
) -> None:
    scriptless.goto(f"{served}/figure/{name}")
    panels = scriptless.locator("figure svg")
    assert panels.count() >= 2
    assert all(panel.is_visible() for panel in panels.all())
    assert scriptless.locator("svg > title").count() == panels.count()


@pytest.mark.parametrize("name", NAMES)
def test_opens_as_the_picture_it_replaces_and_prints_it(name: str, show: Open) -> None:
    figure = show(name)
    words = """box => [...box.querySelectorAll('svg')].map(
        svg => [...svg.querySelectorAll('text')].map(node => node.textContent))"""
    still, live = figure.locator("figure > .g2k-panels"), figure.locator(".g2k-live")
    assert live.evaluate(words) == still.evaluate(words)
    assert any(still.evaluate(words))
    assert live.is_visible()
    assert not still.is_visible()
    figure.page.emulate_media(media="print")
    assert still.is_visible()
    assert not live.is_visible()


@pytest.mark.parametrize("name", NAMES)
def test_answers_arrow_keys_and_resets(name: str, show: Open) -> None:
    figure = show(name)
    before = said(figure)
    slider = figure.locator("input[type=range]")
    (slider if slider.count() else figure.locator("select")).first.focus()
    figure.page.keyboard.press("ArrowRight")
    after = said(figure)
    assert after != before
    figure.page.wait_for_function(f"location.hash.startsWith('#g2k-{name}?')")
    figure.page.reload()
    again = figure.page.locator(f"g2k-{name}[data-ready]")
    again.wait_for()
    assert said(again) == after
    again.get_by_role("button", name="Reset").click()
    assert said(again) == before
    again.page.wait_for_function("location.hash === ''")


def test_a_link_to_a_state_leads_to_it(show: Open) -> None:
    figure = show("row")
    figure.get_by_label("rescale").uncheck()
    link = figure.get_by_role("link", name="Link to this")
    broken = said(figure)
    address = link.get_attribute("href")
    assert address == "#g2k-row?rescale=0"
    figure.get_by_role("button", name="Reset").click()
    assert said(figure) != broken
    # The address follows a state with a delay; the same hash again is no event.
    figure.page.wait_for_function("location.hash === ''")
    # A browser tells of a new hash after it has drawn, sooner or later.
    heard = "new Promise(done => addEventListener('hashchange', done, {once: true}))"
    figure.page.evaluate(
        f"() => {{ const heard = {heard}; location.hash = '{address}'; return heard }}"
    )
    assert said(figure) == broken


def drag(page: Page, handle: Locator, dx: float, dy: float) -> None:
    """Drag a handle with the mouse, in two moves."""
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2)
    page.mouse.move(x + dx, y + dy)
    page.mouse.up()


def test_the_point_moves_by_mouse_and_by_keyboard(show: Open) -> None:
    figure = show("gradient")
    point = figure.get_by_role("slider", name="Point")
    before = said(figure)
    drag(figure.page, point, 40, -30)
    dragged = said(figure)
    assert dragged != before
    point.focus()
    figure.page.keyboard.press("ArrowUp")
    assert said(figure) != dragged


def test_a_long_vector_warns_and_can_be_taken_back(show: Open) -> None:
    figure = show("gradient")
    before = said(figure)
    box = figure.get_by_label("v of length 2")
    box.check()
    assert "doubles" in said(figure)
    box.uncheck()
    assert said(figure) == before


def test_the_crease_has_no_arrow(show: Open) -> None:
    figure = show("gradient", "surface=crease&x=0&y=0")
    assert "no single arrow" in said(figure)


def test_a_failing_schedule_is_replayed_and_left_again(show: Open) -> None:
    figure = show("schedule")
    before = said(figure)
    failing = figure.get_by_role("button", name="Show a failing schedule")
    failing.click()
    assert "The run ends here" in said(figure)
    figure.get_by_role("button", name="step: back").click()
    assert "The run ends here" not in said(figure)
    figure.get_by_role("button", name="Java's order").click()
    assert said(figure) == before


def test_any_of_the_twenty_schedules_can_be_played(show: Open) -> None:
    figure = show("twenty")
    assert "one update is lost" in said(figure)
    figure.locator("input[type=range]").last.fill("1")
    assert "Schedule A A A B B B, 0 preemptions" in said(figure)
    assert "which is right" in said(figure)


def test_java_and_python_start_tasks_in_their_own_orders(show: Open) -> None:
    figure = show("schedule")
    java = said(figure)
    assert "w4 begins to run t7" in java
    swap = figure.get_by_role("button", name="Java's order")
    swap.click()
    assert "Queue: t5, t6, t7, t8, t9." in said(figure)
    swap.click()
    assert said(figure) == java


def test_two_programs_meet_and_can_be_kept_apart(show: Open) -> None:
    figure = show("walk")
    assert "Program (1, 3) ran with 8 of its 16 lanes masked off" in said(figure)
    mask = figure.get_by_role("combobox")
    mask.select_option("end")
    figure.get_by_role("button", name="Run to the end").click()
    assert "18 elements have been stored by two programs: a race" in said(figure)
    mask.select_option("both")
    assert "⚠" not in said(figure)
    assert "loaded 560 bytes" in said(figure)


def test_large_tiles_hit_the_wall(show: Open) -> None:
    figure = show("flash", "bq=256&bk=256&d=128")
    assert "Make a tile smaller" in said(figure)
    figure.get_by_role("button", name="Reset").click()
    assert "⚠" not in said(figure)


def test_forgetting_to_rescale_and_to_subtract_shows(show: Open) -> None:
    figure = show("row", "step=6")
    assert "error 0" in (figure.locator(".g2k-live svg").last.text_content() or "")
    figure.get_by_label("rescale").uncheck()
    assert "the output is off by" in said(figure)
    figure.get_by_label("rescale").check()
    figure.get_by_label("subtract").uncheck()
    assert "the largest fp16 number" in said(figure)


def test_a_score_above_the_maximum_rescales(show: Open) -> None:
    figure = show("row", "step=5")
    score = figure.get_by_role("slider", name="Score")
    score.focus()
    for _ in range(8):
        figure.page.keyboard.press("Shift+ArrowUp")
    assert "A new maximum" in said(figure)


def test_each_fault_of_the_ring_is_named_and_can_be_taken_back(show: Open) -> None:
    figure = show("ring", "step=6")
    before = said(figure)
    fault = figure.get_by_label("fault")
    fault.select_option("slow")
    assert "goes at its pace: 130 ticks instead of 30" in said(figure)
    fault.select_option("dead")
    assert "Rank 1 died after step 2. Ranks 0, 2 and 3 wait in recv" in said(figure)
    fault.select_option("blocking")
    assert "0 → 1 → 2 → 3 → 0" in said(figure)
    fault.select_option("none")
    assert said(figure) == before


def test_latency_and_bandwidth_move_by_mouse_and_by_keyboard(show: Open) -> None:
    figure = show("crossing")
    for name, key in (("Latency", "ArrowUp"), ("Bandwidth", "ArrowDown")):
        handle = figure.get_by_role("slider", name=name, exact=True)
        before = said(figure)
        drag(figure.page, handle, 0, -20)
        dragged = said(figure)
        assert dragged != before
        handle.focus()
        figure.page.keyboard.press(key)
        assert said(figure) != dragged


def test_the_loss_scale_is_dragged_and_forgotten(show: Open) -> None:
    figure = show("underflow")
    drag(figure.page, figure.get_by_role("slider", name="Loss scale").last, 60, 0)
    assert "S = 2⁷" not in said(figure)
    figure.get_by_label("unscale before the step").uncheck()
    assert "all are cut to length 1" in said(figure)
    figure.get_by_role("combobox", name="clip").select_option("none")
    assert "learning rate has exploded" in said(figure)
    figure.get_by_label("unscale before the step").check()
    figure.get_by_role("combobox", name="clip").select_option("before")
    assert "too short" in said(figure)
    figure.get_by_role("button", name="Reset").click()
    assert "⚠" not in said(figure)


def test_numbers_round_under_the_microscope(show: Open) -> None:
    figure = show("round")
    figure.get_by_role("button", name="65520").click()
    assert "float16 stores inf" in said(figure)
    figure.get_by_role("button", name="65519.99").click()
    assert "float16 stores 65504" in said(figure)
    figure.get_by_role("button", name="2048 + 1").click()
    assert "halfway" in said(figure)
    figure.get_by_role("slider", name="x", exact=True).focus()
    figure.page.keyboard.press("ArrowRight")
    assert "float16 stores 2050" in said(figure)
    figure.get_by_label("rounding").select_option("cut")
    assert "Ties to even would store 2050" in said(figure)


def test_a_scaler_that_does_not_skip_poisons_the_weights(show: Open) -> None:
    figure = show("scaler", "run=long&step=30")
    assert "⚠" not in said(figure)
    figure.get_by_label("skips the step").uncheck()
    assert "not a number" in said(figure)
    figure.get_by_label("skips the step").check()
    assert "⚠" not in said(figure)


def test_the_first_skipped_step_is_found(show: Open) -> None:
    figure = show("training")
    figure.get_by_role("button", name="The first skipped step").click()
    assert "This step was skipped" in said(figure)


def test_a_prediction_is_kept_here_and_can_be_tried_again(show: Open) -> None:
    box = show("predict")
    assert box.locator("details").get_attribute("open") is None
    box.get_by_label("Your prediction").fill("45")
    box.get_by_role("button", name="Commit").click()
    assert "45° too low" in box.locator("[aria-live]").inner_text()
    assert box.get_by_text("90°", exact=True).is_visible()
    box.page.reload()
    again = box.page.locator("g2k-predict[data-ready]")
    again.wait_for()
    assert "45° too low" in again.locator("[aria-live]").inner_text()
    again.get_by_role("button", name="Try again").click()
    assert again.get_by_label("Your prediction").is_enabled()
    assert box.page.evaluate("localStorage.length") == 0


def test_a_page_with_nothing_but_a_figure_fits_a_phone(
    served: str, browser: Browser
) -> None:
    """Chapters are looked at as a whole elsewhere, by axe too."""
    context = open_context(browser, "phone")
    page = watch(context).page
    for name in (*NAMES, "predict"):
        page.goto(f"{served}/figure/{name}")
        page.locator("[data-ready]").wait_for()
        excess = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert excess <= 0, name
    context.close()
