"""Writing reports into the gradebook, and the stock assignment to compare with."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import LESSON, Class, Done

from autograder.classroom.gradebook import ClassGradebook
from autograder.classroom.gradebook_place import find_gradebook
from autograder.classroom.records import Record, load_records
from autograder.classroom.stock_nbgrader import make_stock_class, run_stock
from autograder.student.lesson import find_course
from autograder.student.notebook.reader import read_submission
from autograder.student.report import CourseError, TestResult, Verdict

COURSE = find_course(Path(__file__))

pytestmark = pytest.mark.jail


@pytest.fixture
def copied(graded: tuple[Class, Done], tmp_path: Path) -> Class:
    """A copy of the graded class, to be changed by one test."""
    made, _ = graded
    root = tmp_path / "class"
    root.mkdir()
    for name in ("gradebook.db", "nbgrader_config.py", "autograder.toml"):
        shutil.copy(made.root / name, root / name)
    shutil.copytree(made.root / "reports", root / "reports")
    return Class(root, made.lesson, made.solved)


def _record(made: Class, student: str) -> Record:
    records = {record.student: record for record in load_records(made.root)}
    return records[student]


def test_our_own_failure_costs_nothing_and_waits_for_a_person(copied: Class) -> None:
    record = _record(copied, "right")
    first, *rest = record.report.tasks
    broken = replace(
        first, tests=(TestResult("grader", first.task, 1.0, Verdict.INFRA),)
    )
    record = replace(record, report=replace(record.report, tasks=(broken, *rest)))
    with ClassGradebook(find_gradebook(copied.root)) as book:
        book.write(record, copied.lesson, has_written=False)
    cells = copied.grades()["right"]
    assert cells[f"grade-{first.task}"] == (None, True)
    assert cells[f"grade-{rest[0].task}"] == (rest[0].points, False)


def test_the_course_s_rule_for_late_work_applies(copied: Class) -> None:
    from datetime import datetime

    config = copied.root / "nbgrader_config.py"
    rule = "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
    config.write_text(config.read_text() + rule)
    with ClassGradebook(find_gradebook(copied.root)) as book:
        book._book.update_or_create_assignment(LESSON, duedate=datetime(2026, 1, 4))
        book.write(_record(copied, "right"), copied.lesson, has_written=False)
        totals = {one.student: one.points for one in book.standings(COURSE)}
        assert totals["right"] == 0
        book._book.update_or_create_assignment(LESSON, duedate=datetime(2026, 1, 6))
        book.write(_record(copied, "right"), copied.lesson, has_written=False)
        totals = {one.student: one.points for one in book.standings(COURSE)}
    assert totals["right"] == _record(copied, "right").report.points


def test_a_gradebook_that_is_none_is_told_in_one_sentence(
    copied: Class, tmp_path: Path
) -> None:
    with pytest.raises(CourseError, match="is missing"):
        ClassGradebook(find_gradebook(tmp_path))
    path = tmp_path / "gradebook.db"
    path.write_text("not a database, but long enough to be taken for one" * 40)
    with pytest.raises(CourseError, match="is not a gradebook"):
        ClassGradebook(find_gradebook(tmp_path))


def test_a_lesson_that_is_not_released_is_told(copied: Class) -> None:
    other = replace(copied.lesson, id="99-other")
    with (
        ClassGradebook(find_gradebook(copied.root)) as book,
        pytest.raises(CourseError, match="has no 99-other"),
    ):
        book.write(_record(copied, "right"), other, has_written=False)


def test_the_stock_assignment_gives_honest_work_the_same_points(
    graded: tuple[Class, Done], tmp_path: Path
) -> None:
    made, _ = graded
    expected = {
        student: _record(made, student).report.points
        for student in ("right", "untouched", "wrong")
    }
    submissions = {
        student: read_submission(
            made.root / "submitted" / student / LESSON, made.lesson
        )
        for student in expected
    }
    make_stock_class(tmp_path / "stock", made.lesson, submissions, seed=7)
    assert run_stock(tmp_path / "stock", made.lesson) == pytest.approx(expected)


def test_standings_hold_what_a_person_decided(copied: Class) -> None:
    with ClassGradebook(find_gradebook(copied.root)) as book:
        book.write(_record(copied, "right"), copied.lesson, has_written=True)
        notebook = book._book.find_submission_notebook(LESSON, LESSON, "right")
        for grade in notebook.grades:
            if not grade.name.startswith("grade-"):
                grade.manual_score, grade.needs_manual_grade = 1.5, False
        task = copied.lesson.tasks[0]
        for comment in notebook.comments:
            if comment.name == task.name:
                comment.manual_comment = "Well named."
        book._book.db.commit()
        (one,) = (s for s in book.standings(COURSE) if s.student == "right")
    parts = {part.name: part for part in one.parts}
    assert parts[task.name].comment == "Well named."
    assert (parts[task.name].points, parts[task.name].manual) == (task.points, None)
    (written,) = (part for part in one.parts if part.manual is not None)
    assert (written.points, written.auto) == (1.5, None)
    assert one.points == sum(t.points for t in copied.lesson.tasks) + 1.5
    assert one.max_points == sum(part.max_points for part in one.parts)
    assert not one.needs_manual_grade
