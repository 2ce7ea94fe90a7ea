"""The graded notebook: the student's code in our cells, nothing of theirs active."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from classroom_kit import make_lesson, make_report, make_task
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom.graded_notebook import (
    as_prose,
    fenced,
    read_released,
    task_of,
    with_answers,
    with_grades,
)
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, Message, Verdict


def _cell(kind: str, source: str, **nbgrader: Any) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    if nbgrader:
        cell["metadata"]["nbgrader"] = {"grade": False, "solution": False, **nbgrader}
    if kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    return cell


RELEASED: dict[str, Any] = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        _cell("markdown", "# Slopes"),
        _cell("code", "import numpy as np"),
        _cell("code", "def double(x): ...", grade_id="double", solution=True),
        _cell("code", "check('double')", grade_id="grade-double", grade=True),
        _cell("code", "def halve(x): ...", grade_id="halve", solution=True),
        _cell("code", "check('halve')", grade_id="grade-halve", grade=True),
        _cell("markdown", "YOUR ANSWER", grade_id="explain", grade=True, solution=True),
    ],
}


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return make_lesson(tmp_path)


def _sources(notebook: dict[str, Any]) -> list[str]:
    return [cell["source"] for cell in notebook["cells"]]


def test_the_cell_of_a_task_is_found_by_the_end_of_its_id(lesson: Lesson) -> None:
    assert task_of("grade-double", lesson) == "double"
    assert task_of("test_halve", lesson) == "halve"
    assert task_of("redouble", lesson) is None
    assert task_of("explain", lesson) is None


def test_answers_go_into_our_cells_and_helpers_stand_before(lesson: Lesson) -> None:
    submission = Submission.from_sources(
        "x.ipynb",
        [
            ("cell 1", "import numpy as np"),
            ("cell 2", "def help(x): return x"),
            ("cell 3", "def double(x): return help(x) * 2"),
            ("cell 9", "print(double(2))"),
        ],
    )
    before = copy.deepcopy(RELEASED)
    notebook = with_answers(RELEASED, submission, lesson, "Because.")
    assert before == RELEASED
    sources = _sources(notebook)
    assert sources.count("import numpy as np") == 1
    assert sources[2:4] == [
        "# cell 2 of the submission\ndef help(x): return x",
        "def double(x): return help(x) * 2",
    ]
    assert sources[-2:] == ["Because.", "# cell 9 of the submission\nprint(double(2))"]
    assert notebook["cells"][3]["metadata"]["nbgrader"]["grade_id"] == "double"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)


def test_two_tasks_in_one_cell_are_shown_once(lesson: Lesson) -> None:
    both = "def double(x): return 2 * x\ndef halve(x): return x / 2"
    submission = Submission.from_sources("x.py", [("cell 4", both)])
    sources = _sources(with_answers(RELEASED, submission, lesson, None))
    assert sources[2] == both
    assert sources[4] == "# halve: see cell 4 above"
    assert sources[-1] == "YOUR ANSWER"


def test_points_are_written_as_nbgrader_reads_them(lesson: Lesson) -> None:
    report = make_report(
        make_task("double", Verdict.PASSED, Verdict.WRONG),
        make_task("halve", Verdict.CRASH, points=5),
        notes=("Odd file.",),
    )
    notebook = with_grades(RELEASED, report, lesson)
    cells = {
        c["metadata"].get("nbgrader", {}).get("grade_id"): c for c in notebook["cells"]
    }
    partial = cells["grade-double"]["outputs"]
    assert [o["output_type"] for o in partial] == ["stream", "execute_result"]
    assert partial[1]["data"] == {"text/plain": "5.0"}
    (failed,) = cells["grade-halve"]["outputs"]
    assert failed["output_type"] == "error"
    assert "Odd file." in notebook["cells"][0]["source"]
    full = with_grades(
        RELEASED, make_report(make_task("double", Verdict.PASSED)), lesson
    )
    assert full["cells"][3]["outputs"] == []


@given(st.integers(0, 9), st.integers(1, 9), st.floats(0.1, 100))
def test_partial_points_are_plain_floats_within_the_maximum(
    passed: int, failed: int, points: float
) -> None:
    verdicts = [Verdict.PASSED] * passed + [Verdict.WRONG] * failed
    task = make_task("double", *verdicts, points=points)
    from autograder.classroom.graded_notebook import grade_outputs

    outputs = grade_outputs(task)
    results = [o for o in outputs if o["output_type"] == "execute_result"]
    if passed and task.points > 0:
        (result,) = results
        value = float(result["data"]["text/plain"])
        assert 0 < value < points + 1e-3
    else:
        assert not results
        assert outputs[0]["output_type"] == "error"


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "[a\nb](javascript:alert(1))",
        "![x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x][y]\n\n[y]: javascript:alert(1)",
        "<javascript:alert(1)>",
        "$\\href{javascript:alert(1)}{x}$",
        "</div></body><iframe src=//x>",
        "<!-- --><svg/onload=alert(1)>",
        "`a` <b onclick='x'>",
    ],
)
def test_no_markup_of_a_student_survives_rendering(evil: str) -> None:
    from html.parser import HTMLParser

    from nbconvert.filters import markdown2html

    seen: list[str] = []

    class Parser(HTMLParser):
        def handle_starttag(
            self, tag: str, attrs: list[tuple[str, str | None]]
        ) -> None:
            seen.append(tag)
            seen.extend(name for name, _ in attrs)

    Parser().feed(markdown2html(as_prose(evil)))
    allowed = {"p", "code", "pre", "em", "strong", "br", "div", "span", "class"}
    assert set(seen) <= allowed
    assert "\\href" not in as_prose(evil)


def test_honest_prose_and_formulas_stay() -> None:
    text = "When $a < b$ and `x<3`, **the sum** is:\n\n* $\\sum_i x_i$\n* [sic] done"
    assert as_prose(text) == text


@given(st.text(alphabet="`ab\n~", max_size=40))
def test_no_text_breaks_out_of_its_block(text: str) -> None:
    first, *body, last = fenced(text).split("\n")
    assert first == last
    assert set(first) == {"`"}
    assert first not in "\n".join(body)


def test_messages_reach_comments_unchanged() -> None:
    from autograder.classroom.graded_notebook import comment_of

    task = make_task("double", Verdict.WRONG, message=Message("<b>```", "x", "y"))
    comment = comment_of(task)
    assert comment.startswith("````\n")
    assert "<b>```" in comment


@pytest.mark.parametrize("text", ["", "{}", '{"cells": []}', "[1]", "\x00"])
def test_a_broken_release_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.ipynb"
    path.write_text(text)
    with pytest.raises(CourseError, match="not a released notebook"):
        read_released(path)
