"""The picture of a failing schedule: a column for each thread, a row for each step."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.student.lab.schedule import explore
from autograder.student.lanes import Lanes, retold, steps_of
from autograder.student.testing.check import CheckFailed
from autograder.student.testing.stories import judge

LOST = """
import threading
lock = threading.Lock()
total = 0
def add():
    global total
    with lock:
        seen = total
    with lock:
        total = seen + 1
pair = [threading.Thread(target=add, name=n) for n in ("<b>one</b>", "two")]
for thread in pair: thread.start()
for thread in pair: thread.join()
assert total == 2, total
"""


@pytest.fixture(scope="module")
def lanes() -> Lanes:
    found = explore(LOST)
    seen = {"kind": found.kind, "message": found.message, "story": found.story}
    with pytest.raises(CheckFailed) as caught:
        judge([{"where": "Two adders", "found": {**seen, "schedule": [1]}}], "")
    assert isinstance(caught.value.drawing, Lanes)
    return caught.value.drawing


def test_each_operation_stands_in_its_threads_column(lanes: Lanes) -> None:
    rows = re.findall(r'<tr><th scope="row".*?</tr>', lanes.html())
    assert len(rows) == len(lanes.steps)
    for row, step in zip(rows, lanes.steps, strict=True):
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
        assert len(cells) == len(lanes.threads)
        (lane,) = (number for number, cell in enumerate(cells) if cell)
        assert lanes.threads[lane] == step.thread
        assert f"line {step.line}:" in cells[lane]
        assert html.escape(step.done) in cells[lane]


def test_says_in_a_sentence_what_it_shows(lanes: Lanes) -> None:
    assert lanes.threads == ["main", "two", "<b>one</b>"]
    told = f"{len(lanes.steps)} operations of main, two, <b>one</b>, then: 1"
    assert lanes.text == told
    assert "Two adders: " in lanes.html()
    assert "<b>" not in lanes.html()


def test_shows_the_end_of_a_long_schedule(lanes: Lanes) -> None:
    long = Lanes("here", lanes.steps * 20, "deadlock")
    drawn = long.html()
    assert drawn.count('scope="row"') == 60
    assert f"{len(long.steps) - 60} operations before are left out" in drawn
    assert f">{len(long.steps)}</th>" in drawn


def test_reads_no_more_than_the_operations_of_a_story() -> None:
    assert list(steps_of(["deadlock: all threads wait", "      ... and so on"])) == []


def test_a_page_of_check_shows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from autograder.student.lesson import find_course

    lesson = find_course(Path(__file__)).lesson("05-thread-pool")
    text = lesson.reference_path.read_text(encoding="utf-8")
    wait = "self._has_room.wait_for(self._may_put, timeout)"
    assert text.count(wait) == 1
    wrong = text.replace(wait, "self._may_put() or self._has_room.wait(timeout)")
    (tmp_path / "hw.py").write_text(wrong, encoding="utf-8")
    page = tmp_path / "page.html"
    words = ["check", "05", "BoundedQueue", "--file", str(tmp_path / "hw.py")]
    with pytest.raises(SystemExit, match="1"):
        main([*words, "--html", str(page)])
    drawn = page.read_text(encoding="utf-8")
    assert '<th scope="col"' in drawn
    assert "giver_2</th>" in drawn
    assert "operations of main, giver_1, giver_2" in drawn
    assert "in this schedule:" in capsys.readouterr().out


def test_a_story_is_retold_but_for_the_lines_of_the_source() -> None:
    code = "with self._lock:".ljust(44)
    line = f"    3   worker-1   line 12   {code}  acquire the Lock of line 12"
    (step,) = steps_of([retold(line, str.upper)])
    assert step == ("WORKER-1", 12, "with self._lock:", "ACQUIRE THE LOCK OF LINE 12")
    assert retold("deadlock", str.upper) == "DEADLOCK"
