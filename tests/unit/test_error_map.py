"""The picture of where an array is wrong, and the sentence that says the same."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from autograder.cli import main
from autograder.student.error_map import ErrorMap
from autograder.student.lesson import find_course
from autograder.student.testing import check


def failed(got: np.ndarray, want: np.ndarray) -> ErrorMap:
    """Return the map of a comparison that fails."""
    with pytest.raises(check.CheckFailed) as caught:
        check.close(got, want, atol=1e-3, where="o")
    assert caught.value.drawing is not None
    return caught.value.drawing


def test_says_which_tile_is_wrong() -> None:
    got, want = np.zeros((2, 40, 16)), np.zeros((2, 40, 16))
    got[1, 16:32, :8] = 0.005
    drawn = failed(got, want)
    assert drawn.text == (
        "128 of 1280 values are wrong: rows 16 to 31 of 40, columns 0 to 7 of 16,"
        " shown at [1]; the worst is 5 times the allowance"
    )
    shapes = re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)"', drawn.html())
    assert shapes == [("0", str(7 * row), "56") for row in range(16, 32)]


def test_a_vector_and_a_number_that_is_none() -> None:
    got = np.zeros(5)
    got[3] = np.nan
    told = failed(got, np.zeros(5)).text
    assert told == "1 of 5 values are wrong: elements 3 of 5"


def test_large_arrays_are_drawn_by_their_worst_elements() -> None:
    got = np.zeros((1000, 1000))
    got[500, 999] = 1.0
    drawn = failed(got, np.zeros((1000, 1000))).html()
    assert drawn.count("<rect") == 2
    assert len(drawn) < 2_000


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    lesson = find_course(Path(__file__)).lesson("00-start")
    text = lesson.reference_path.read_text(encoding="utf-8")
    text += "\n\ndef normalise(x):\n    print('<b>seen</b>')\n    return 2 * x\n"
    (tmp_path / "hw.py").write_text(text, encoding="utf-8")
    page = tmp_path / "page.html"
    with pytest.raises(SystemExit):
        main(["check", "00", "-f", str(tmp_path / "hw.py"), "--html", str(page)])
    told = page.read_text(encoding="utf-8")
    assert 'content="light dark"' in told
    assert "<svg" in told
    assert "&lt;b&gt;seen&lt;/b&gt;" in told
    assert not re.search(r"(?:src|href)=", told)
