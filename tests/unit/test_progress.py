"""What a run without a terminal says about how it goes on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder.commands import progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that every look at the clock finds."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def _lines(
    capsys: pytest.CaptureFixture[str], clock: list[float], events: Iterator[str]
) -> list[str]:
    with progress.RunProgress("00-start", 200) as shown:
        for event in events:
            clock[0] += 2.0 if event == "done" else 0.0
            shown.watch(event, "ada")
            shown.step("ada 00-start")
    return capsys.readouterr().err.splitlines()


def test_the_rest_is_said_to_take_as_long_as_what_was_graded(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    lines = _lines(capsys, clock, iter(["kept"] * 100 + ["done", "done"]))
    assert lines[99] == "100/200 ada 00-start"
    assert lines[100] == "101/200 ada 00-start, 3:18 left"
    assert lines[101] == "102/200 ada 00-start, 3:16 left"
    assert lines[102] == "00-start: 102 of 200 graded in 4.0 s, 100 unchanged"


def test_the_last_one_leaves_nothing(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    lines = _lines(capsys, clock, iter(["done"] * 200))
    assert lines[199] == "200/200 ada 00-start"
