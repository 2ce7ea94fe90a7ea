"""Reports, records and a lesson for the tests of autograder/classroom."""

from __future__ import annotations

from pathlib import Path

from autograder.classroom.records import Record
from autograder.grading.versions import versions
from autograder.student.lesson import Lesson, read_lesson
from autograder.student.report import Message, Report, TaskResult, TestResult, Verdict

LESSON_TOML = """
title = "Slopes"
part = "Start here"
reading = 10
solving = 20
outcomes = ["one `double`", "two `halve`", "three"]

[[task]]
name = "double"
points = 10
seconds = 2
memory_mb = 256
chapter = "step-1-double-it"

[[task]]
name = "halve"
points = 5
seconds = 2
memory_mb = 256
chapter = "step-2-halve-it"

[written]
name = "explain"
points = 5
prompt = "Why does halving undo doubling?"
"""


def make_lesson(root: Path) -> Lesson:
    """Write a lesson's contract under ``root`` and read it."""
    folder = root / "course" / "00-slopes"
    folder.mkdir(parents=True)
    (folder / "lesson.toml").write_text(LESSON_TOML)
    return read_lesson(folder, None)


def make_task(
    name: str,
    *verdicts: Verdict,
    points: float = 10,
    diagnosis: str | None = None,
    message: Message | None = None,
) -> TaskResult:
    """Return a task's result with one test a verdict, of equal weights."""
    told = message or Message(f"{name} is wrong.", "got 1, expected 2", "Step 1.")
    tests = tuple(
        TestResult(
            f"test_{name}_{number}",
            name,
            1.0,
            verdict,
            None if verdict is Verdict.PASSED else told,
            wall_s=0.5,
            cpu_s=0.25,
        )
        for number, verdict in enumerate(verdicts)
    )
    text = None if diagnosis is None else f"the lesson of {diagnosis}"
    return TaskResult(name, points, tests, diagnosis, text)


def make_report(*tasks: TaskResult, **changes: object) -> Report:
    """Return a report of lesson 00-slopes."""
    fields: dict[str, object] = {
        "lesson": "00-slopes",
        "lesson_digest": "1" * 64,
        "name": "slopes.ipynb",
        "submission": "2" * 64,
        "seed": 7,
        "isolation": "bubblewrap",
        "versions": dict(versions()),  # a kept report of another grader is none
        "tasks": tasks
        or (
            make_task("double", Verdict.PASSED, Verdict.WRONG, diagnosis="adds-two"),
            make_task("halve", Verdict.PASSED, points=5),
        ),
    }
    return Report(**(fields | changes))  # type: ignore[arg-type]


def make_record(student: str, *tasks: TaskResult, **changes: object) -> Record:
    """Return a student's record of lesson 00-slopes."""
    return Record(student, make_report(*tasks, **changes), "2026-01-05 12:00:00 UTC")
