"""Exports: their formats, and names that would break or attack a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import pytest
from classroom_kit import make_record, make_report, make_task
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom.export import (
    canvas_csv,
    csv_text,
    gradescope_results,
    plain_csv,
)
from autograder.classroom.records import Roster, Student
from autograder.student.report import Message, Verdict

ROSTER = Roster(
    {
        "ob": Student("ob", "Bob", 'O\'Neil, "Bob"', "b@x.org", "4711"),
        "eve": Student("eve", "=cmd|' /C calc'!A0", "@SUM(A1)"),
    }
)


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_plain_csv_has_a_row_a_task() -> None:
    rows = _rows(plain_csv([make_record("ob")], ROSTER))
    assert [(r["task"], r["points"], r["max_points"]) for r in rows] == [
        ("double", "5", "10"),
        ("halve", "5", "5"),
    ]
    assert rows[0]["last_name"] == 'O\'Neil, "Bob"'
    assert rows[0]["diagnosis"] == "adds-two"


def test_formulas_are_defused_and_numbers_are_not() -> None:
    row = _rows(plain_csv([make_record("eve")], ROSTER))[0]
    assert row["first_name"].startswith("'=")
    assert row["last_name"].startswith("'@")
    assert csv_text(["n"], [[-1.5], [-2]]) == "n\n-1.5\n-2\n"


@given(st.text(max_size=20))
def test_no_text_field_reaches_a_spreadsheet_as_a_formula(text: str) -> None:
    _, row = csv.reader(io.StringIO(csv_text(["h", "i"], [[text, "last"]])))
    assert row[1:] == ["last"]
    assert not row[0].strip().startswith(("=", "+", "-", "@"))


def test_canvas_lists_the_whole_class_with_the_row_of_maxima() -> None:
    failed = make_record("eve", make_task("double", Verdict.INFRA))
    roster = Roster({**ROSTER.students, "new": Student("new")})
    rows = _rows(canvas_csv([make_record("ob"), failed], roster))
    assert rows[0]["Student"] == "    Points Possible"
    assert rows[0]["00-slopes"] == "15"
    by_id = {row["SIS Login ID"]: row for row in rows[1:]}
    assert by_id["ob"]["00-slopes"] == "10"
    assert by_id["ob"]["ID"] == "4711"
    assert by_id["eve"]["00-slopes"] == ""  # not graded is not zero
    assert by_id["new"]["00-slopes"] == ""


def test_canvas_prefers_the_gradebook() -> None:
    text = canvas_csv([make_record("ob")], ROSTER, {("ob", "00-slopes"): 12.5})
    assert _rows(text)[-1]["00-slopes"] == "12.5"


def test_gradescope_results_have_its_fields() -> None:
    results = gradescope_results(make_report(notes=("One note.",)))
    assert json.loads(json.dumps(results)) == results
    assert (results["score"], results["output"]) == (10.0, "One note.")
    first = results["tests"][0]
    assert (first["score"], first["max_score"], first["status"]) == (5.0, 10, "failed")
    assert "Looks like: the lesson of adds-two" in first["output"]
    assert sum(test["score"] for test in results["tests"]) == results["score"]


def test_gradescope_gets_no_score_when_the_grader_failed() -> None:
    results = gradescope_results(make_report(make_task("double", Verdict.INFRA)))
    assert "score" not in results
    assert "score" not in results["tests"][0]
    assert "not your fault" in results["output"]


@pytest.mark.parametrize("verdict", list(Verdict))
def test_gradescope_output_is_plain_text(verdict: Verdict) -> None:
    task = make_task("double", verdict, message=Message("<b>x</b>"))
    result = gradescope_results(make_report(task))
    assert result["tests"][0]["output_format"] == "text"
