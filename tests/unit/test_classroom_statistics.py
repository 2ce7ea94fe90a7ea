"""Counting a class: how it went, which checks tell, whom to look at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from classroom_kit import make_lesson, make_record, make_report, make_task
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom.attention import concerns
from autograder.classroom.discrimination import FEWEST, checks_of, discrimination
from autograder.classroom.marks import Marks, marks_of
from autograder.classroom.records import Record, load_records, save_record
from autograder.classroom.similarity import Group
from autograder.classroom.standing import Part, Standing
from autograder.classroom.statistics import LessonStatistics, summarise
from autograder.student.lesson import Lesson
from autograder.student.report import (
    UNREADABLE,
    Message,
    Report,
    TaskResult,
    TestResult,
    Verdict,
)


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    return make_lesson(tmp_path_factory.mktemp("course"))


def _counted(lesson: Lesson, *reports: Report) -> LessonStatistics:
    records = [Record(f"s{n}", report) for n, report in enumerate(reports)]
    return summarise(lesson.id, marks_of(records, {lesson.id: lesson}))


def test_counts_points_verdicts_and_mistakes(lesson: Lesson) -> None:
    right = make_report(make_task("double", Verdict.PASSED, Verdict.PASSED))
    slow = make_report(make_task("double", Verdict.PASSED, Verdict.TIMEOUT))
    plus = make_report(make_task("double", Verdict.WRONG, diagnosis="adds-two"))
    result = _counted(lesson, right, slow, plus, plus)
    assert (result.submissions, result.mean, result.median) == (4, 3.75, 2.5)
    (task,) = result.tasks
    assert task.verdicts == (
        (Verdict.TIMEOUT, 1),
        (Verdict.WRONG, 2),
        (Verdict.PASSED, 1),
    )
    assert (task.passed, task.mean_share) == (1, 0.375)
    (mistake,) = task.mistakes
    assert (mistake.name, mistake.students) == ("adds-two", ("s2", "s3"))
    assert mistake.text == "the lesson of adds-two"
    assert (task.unnamed, task.stumble) == (("s1",), "test_double_1")
    assert {band.low: band.students for band in result.bands if band.students} == {
        0: 2,
        50: 1,
        90: 1,
    }


def test_what_counts_is_what_the_gradebook_says(lesson: Lesson) -> None:
    part = Part("double", 9.0, 10.0, 5.0, 9.0, "", False)
    standing = Standing("ada", lesson.id, 20.0, 1.0, (part,))
    result = summarise(lesson.id, [Marks(make_record("ada"), lesson, standing)])
    assert (result.mean, result.max_points) == (8.0, 20.0)


def test_our_own_failures_stay_out_of_the_numbers(lesson: Lesson) -> None:
    broken = make_report(make_task("double", Verdict.INFRA))
    result = _counted(lesson, broken, make_report())
    assert (result.submissions, result.ungraded, result.mean) == (2, 1, 10.0)


def test_an_empty_class_has_zeros(lesson: Lesson) -> None:
    result = summarise(lesson.id, [], ["zed"])
    assert (result.mean, result.median, result.tasks) == (0.0, 0.0, ())
    assert result.missing == ("zed",)


@given(st.lists(st.sampled_from([v for v in Verdict if v is not Verdict.INFRA])))
def test_every_submission_is_in_every_count(
    lesson: Lesson, verdicts: list[Verdict]
) -> None:
    reports = [make_report(make_task("double", verdict)) for verdict in verdicts]
    result = _counted(lesson, *reports)
    assert sum(band.students for band in result.bands) == len(verdicts)
    for task in result.tasks:
        assert sum(count for _, count in task.verdicts) == len(verdicts)
    assert 0 <= result.mean <= result.max_points


def _answered(*passed: bool) -> Report:
    """Return a report in which each check of one task passed or did not."""
    tests = (
        TestResult(
            f"test_{number}",
            "double",
            1.0,
            Verdict.PASSED if ok else Verdict.WRONG,
        )
        for number, ok in enumerate(passed)
    )
    return make_report(TaskResult("double", 10, tuple(tests)))


def test_a_check_is_judged_by_who_passes_it() -> None:
    # Who passes the first two also passes the third; the fourth is theirs who fail.
    strong, weak = (True, True, True, False, True), (False, False, False, True, True)
    reports = [_answered(*strong)] * FEWEST + [_answered(*weak)] * FEWEST
    (checks,) = checks_of(reports).values()
    assert [check.word for check in checks] == ["well"] * 3 + ["backwards", "all"]
    assert [check.n for check in checks] == [2 * FEWEST] * 5
    assert checks[0].discrimination == 1.0
    assert checks[3].discrimination == -1.0
    assert checks[4].discrimination is None


def test_the_discrimination_is_the_point_biserial_correlation() -> None:
    item = [1.0] * 12 + [0.0] * 8
    rest = [float(n % 7) for n in range(20)]
    ones, zeros = rest[:12], rest[12:]
    mean = sum(rest) / 20
    spread = (sum((value - mean) ** 2 for value in rest) / 20) ** 0.5
    textbook = (sum(ones) / 12 - sum(zeros) / 8) / spread * (12 * 8 / 20**2) ** 0.5
    assert discrimination(item, rest) == pytest.approx(textbook, abs=1e-3)
    assert discrimination(item[:5], rest[:5]) is None  # too few


def test_whom_to_look_at_and_why(lesson: Lesson) -> None:
    problem = Message(UNREADABLE, "The file is empty (0 bytes).")
    unread = make_task("double", Verdict.NOT_ATTEMPTED, message=problem)
    waiting = Part("explain", 0.0, 5.0, None, None, "", True)
    other = Part("double", 9.0, 10.0, 9.0, None, "", False)
    standing = Standing("gil", lesson.id, 20.0, 0.0, (other, waiting))
    marks = marks_of(
        [
            make_record("ada"),
            make_record("bob", make_task("double", Verdict.INFRA)),
            make_record("cid", unread),
            make_record("dot", make_task("double", Verdict.SECURITY)),
            make_record("eve", isolation="landlock"),
            replace(make_record("fay"), before=2.0),
            make_record("gil"),
            make_record("hal", seed=8),
        ],
        {lesson.id: lesson},
        {("gil", lesson.id): standing},
    )
    found = concerns(marks, [Group(("ada", "hal"), ())])
    assert {
        why.kind: [(one.student, one.detail) for one in why.people] for why in found
    } == {
        "ours": [("bob", "")],
        "unreadable": [("cid", "The file is empty (0 bytes).")],
        "security": [("dot", "double")],
        "changed": [("fay", "2 points before, 10 now")],
        "differs": [("gil", "double: 9, the report says 5")],
        "outdated": [("hal", "")],
        "isolation": [("eve", "landlock")],
        "waiting": [("gil", "explain")],
        "alike": [("ada", ""), ("hal", "")],
    }


def test_other_points_for_the_same_file_are_remembered_once(tmp_path: Path) -> None:
    worse = make_record("ada", make_task("double", Verdict.WRONG))
    save_record(tmp_path, make_record("ada"))
    save_record(tmp_path, worse)
    (record,) = load_records(tmp_path)
    assert record.before == 10.0
    save_record(tmp_path, worse)
    (record,) = load_records(tmp_path)
    assert record.before is None
    save_record(tmp_path, make_record("ada", submission="3" * 64))  # handed in again
    (record,) = load_records(tmp_path)
    assert record.before is None
