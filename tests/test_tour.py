"""Read this first: what happens to a submission, in ten assertions.

From a lesson on disk to what a student reads, in the order in which things happen.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from autograder.grading.grade import Grader
from autograder.grading.mutants import lesson_mutants
from autograder.student import codec
from autograder.student.lesson import find_course
from autograder.student.notebook.reader import read_data
from autograder.student.report import Report, Verdict

COURSE = find_course()
LESSON = COURSE.lesson("00")
MUTANT = lesson_mutants(LESSON)[0]


def read(source: str):
    """Read a .py file that a student hands in."""
    return read_data("exercise.py", source.encode(), LESSON)


def reference() -> str:
    """The hidden solution, as a student would have written it."""
    return LESSON.reference_path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """Three submissions, judged in one session by one warm jail."""
    submissions = {
        "right": read(reference()),
        "untouched": read(LESSON.exercise_path.read_text(encoding="utf-8")),
        "mistaken": read(MUTANT.edited(reference())),
    }
    found: dict[str, Report] = {}
    Grader(LESSON, seed=1).run(submissions.items(), found.__setitem__)
    return found


def test_1_a_lesson_is_two_folders():
    assert LESSON.exercise_path.parent.name == LESSON.reference_path.parent.name


def test_2_a_contract_names_the_tasks_and_their_points():
    assert sum(task.points for task in LESSON.tasks) == 10


def test_3_a_submission_is_read_without_being_run():
    assert "mean" in read("raise SystemExit\ndef mean(x):\n    return 0.0\n").names


def test_4_only_plain_values_cross_to_the_judge():
    value = {"x": np.arange(3.0), "n": (1, None)}
    assert repr(codec.loads(codec.dumps(value))) == repr(value)
    with pytest.raises(codec.CodecError):
        codec.dumps(object())


@pytest.mark.jail
def test_5_the_reference_gets_everything(reports):
    assert reports["right"].points == reports["right"].max_points


@pytest.mark.jail
def test_6_the_stub_gets_nothing_and_is_told_so(reports):
    assert reports["untouched"].points == 0
    assert reports["untouched"].verdict is Verdict.NOT_ATTEMPTED


@pytest.mark.jail
def test_7_a_known_mistake_loses_marks_where_it_promises(reports):
    task = reports["mistaken"].task(MUTANT.task)
    assert 0 < task.points < task.max_points


@pytest.mark.jail
def test_8_and_is_named_in_the_feedback(reports):
    assert reports["mistaken"].task(MUTANT.task).diagnosis == MUTANT.name


@pytest.mark.jail
def test_9_a_message_says_where_what_and_where_to_look(reports):
    message = reports["mistaken"].task(MUTANT.task).message
    assert all((message.where, message.evidence, message.look))


@pytest.mark.jail
def test_10_a_report_is_data_and_survives_as_json(reports):
    text = reports["mistaken"].to_json()
    assert Report.from_json(text) == reports["mistaken"]
    assert json.loads(text)["seed"] == 1
