"""Verdicts, points and the report's JSON."""

from __future__ import annotations

import json

import pytest

from autograder.student.report import (
    CourseError,
    Message,
    Report,
    TaskResult,
    TestResult,
    Verdict,
    worst,
)


def result(verdict, weight=1.0, message=None, test="t", seconds=0.0):
    return TestResult(test, "mean", weight, verdict, message, seconds, seconds)


def report(*tasks, **changes):
    fields = {
        "lesson": "00-toy",
        "lesson_digest": "d",
        "name": "hw.py",
        "submission": "s",
        "seed": 3,
        "isolation": "bubblewrap",
        "versions": {"numpy": "2"},
        "notes": ("a note",),
    }
    return Report(tasks=tasks, **fields | changes)


def test_the_worst_verdict_wins():
    assert worst([Verdict.PASSED, Verdict.WRONG, Verdict.CRASH]) is Verdict.CRASH
    assert worst([Verdict.NOT_ATTEMPTED, Verdict.WRONG]) is Verdict.WRONG
    assert worst(Verdict) is Verdict.INFRA
    assert worst([]) is Verdict.PASSED


def test_points_are_shared_out_by_weight():
    task = TaskResult("mean", 10, (result(Verdict.PASSED, 3), result(Verdict.WRONG, 1)))
    assert task.points == 7.5
    assert task.verdict is Verdict.WRONG
    assert TaskResult("mean", 10, ()).points == 0


def test_a_student_reads_the_message_of_the_worst_test():
    tests = (
        result(Verdict.WRONG, message=Message("wrong")),
        result(Verdict.TIMEOUT, message=Message("slow")),
        result(Verdict.PASSED),
    )
    assert TaskResult("mean", 1, tests).message == Message("slow")


def test_exit_codes_tell_passed_failed_and_our_own_failure():
    def code(verdict):
        return report(TaskResult("mean", 1, (result(verdict),))).exit_code

    assert code(Verdict.PASSED) == 0
    assert code(Verdict.CRASH) == 1
    assert code(Verdict.INFRA) == 3


def test_json_comes_back_the_same():
    task = TaskResult(
        "mean",
        10,
        (result(Verdict.WRONG, message=Message("a", "b", "c"), seconds=0.25),),
        "off-by-one",
        "The sum is divided by n - 1.",
    )
    original = report(task)
    assert Report.from_json(original.to_json()) == original
    data = json.loads(original.to_json())
    assert data["points"] == 0
    assert data["tasks"][0]["verdict"] == "wrong"


def test_json_without_timings_depends_on_results_alone():
    slow = report(TaskResult("mean", 1, (result(Verdict.PASSED, seconds=2.0),)))
    fast = report(TaskResult("mean", 1, (result(Verdict.PASSED, seconds=1.0),)))
    assert slow.to_json() != fast.to_json()
    assert slow.to_json(timings=False) == fast.to_json(timings=False)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 99}', "null"])
def test_refuses_what_is_no_report(text):
    with pytest.raises(CourseError):
        Report.from_json(text)


def test_a_message_has_three_lines():
    text = str(Message("mean of 3", "got 1, expected 2", "Chapter, step 1."))
    assert text == "mean of 3\n  got 1, expected 2\n  Chapter, step 1."


def test_no_text_of_a_submission_makes_a_report_long():
    message = Message("w" * 10**6, "e" * 10**6, "l\ud800" * 10**6)
    assert len(str(message)) < 25_000
    assert message.where.endswith("…")
    assert "\ud800" not in message.look
    made = report(name="n" * 10**6, notes=["note\x1b[2J" * 10**6] * 10**4)
    assert len(made.to_json()) < 10**6
    assert "\x1b" not in made.notes[0]
    assert Report.from_json(made.to_json()) == made
