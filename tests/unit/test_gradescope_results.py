"""What Gradescope reads of a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from classroom_kit import make_lesson, make_report, make_task

from autograder.classroom.gradescope import failed_results, gradescope_results
from autograder.classroom.standing import Part, Standing
from autograder.student.lesson import Written
from autograder.student.report import Message, Verdict

SCHEMA = json.loads(Path(__file__).with_name("gradescope.schema.json").read_text())


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A question that is worth 5 points."""
    question = make_lesson(tmp_path).written
    assert question is not None
    return question


def _read(results: dict[str, Any]) -> dict[str, Any]:
    jsonschema.validate(results, SCHEMA)
    plain: dict[str, Any] = json.loads(json.dumps(results))
    return plain


def test_results_have_gradescope_s_fields() -> None:
    results = _read(gradescope_results(make_report(notes=("One note.",))))
    assert (results["score"], results["output"]) == (10.0, "One note.")
    first = results["tests"][0]
    assert (first["score"], first["max_score"], first["status"]) == (5.0, 10, "failed")
    assert "Looks like: the lesson of adds-two" in first["output"]
    assert sum(test["score"] for test in results["tests"]) == results["score"]


def test_there_is_no_score_when_the_grader_failed(written: Written) -> None:
    broken = make_report(make_task("double", Verdict.INFRA), make_task("halve"))
    results = _read(gradescope_results(broken, written))
    assert "score" not in results
    assert not any("score" in test for test in results["tests"])
    assert "status" not in results["tests"][0]
    assert "not your fault" in results["output"]
    assert "not your fault" in _read(failed_results())["output"]


def test_an_answer_in_words_waits_without_points(written: Written) -> None:
    results = _read(gradescope_results(make_report(), written, answer="Because."))
    answer = results["tests"][-1]
    assert answer["output"] == "A person grades this answer: 5 points.\n\nBecause."
    assert not {"score", "max_score", "status"} & set(answer)
    assert results["score"] == 10.0


def test_what_people_decided_counts(written: Written) -> None:
    parts = (
        Part("double", 8.5, 10, 5.0, 8.0, "Half a point extra.", False),
        Part("halve", 5.0, 5, 5.0, None, "", False),
        Part("explain", 4.0, 5, None, 4.0, "Well said.", False),
        Part("poster", 2.0, 3, None, 2.0, "", False),  # a cell that someone added
    )
    standing = Standing("ob", "00-slopes", 23, 1.0, parts)
    results = _read(gradescope_results(make_report(), written, standing))
    double, halve, answer, poster = results["tests"]
    assert (double["score"], halve["score"], answer["score"]) == (8.5, 5.0, 4.0)
    assert double["output"].endswith("Half a point extra.")
    assert answer["output"] == "Well said."
    assert (poster["name"], poster["score"], poster["max_score"]) == ("poster", 2, 3)
    assert results["score"] == 18.5
    assert results["output"] == "Taken off for lateness: 1."


def test_a_person_s_points_replace_what_the_grader_could_not_give() -> None:
    report = make_report(make_task("double", Verdict.INFRA))
    part = Part("double", 7.0, 10, None, 7.0, "", False)
    standing = Standing("ob", "00-slopes", 10, 0.0, (part,))
    assert _read(gradescope_results(report, None, standing))["score"] == 7.0


@pytest.mark.parametrize("verdict", list(Verdict))
def test_output_is_plain_text(verdict: Verdict) -> None:
    task = make_task("double", verdict, message=Message("<b>x</b>"))
    result = _read(gradescope_results(make_report(task)))
    assert result["tests"][0]["output_format"] == "text"
