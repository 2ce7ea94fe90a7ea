"""Nobody's report depends on who else is graded, when, or by how many workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from autograder.classroom.parallel import grade_many
from autograder.demo.hostile import definition
from autograder.demo.kit import Kit
from autograder.grading.mutants import lesson_mutants
from autograder.student.lesson import Lesson, find_course
from autograder.student.notebook.submission import Submission

pytestmark = pytest.mark.jail

MISTAKES = (
    *("mean-divides-by-n-minus-1", "mean-sum-overflows"),
    *("halvings-rounds-down", "normalise-divides-by-the-variance"),
)
HOSTILE = (
    *("leaves the process", "takes all memory", "returns what equals everything"),
    *("prints without end", "kills every process in sight"),
)
Graded = dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return find_course(Path(__file__)).lesson("00-start")


@pytest.fixture(scope="module")
def the_class(lesson: Lesson) -> list[Submission]:
    kit, known = Kit(lesson), {m.name: m for m in lesson_mutants(lesson)}
    (first, *_) = (task.name for task in lesson.tasks)
    sources = {"right": kit.reference, "begun": kit.partial(1)}
    sources |= {name: kit.with_mutant(known[name]) for name in MISTAKES}
    sources |= {what: kit.overridden(definition(first, what)) for what in HOSTILE}
    sources["breaks off"] = f"{kit.reference}\ndef mean(:\n"
    handed = [
        Submission.from_sources(name, [("cell 1", source)])
        for name, source in sources.items()
    ]
    return [*handed, Submission("unread", "0" * 64, problem="It is a picture.")]


@pytest.fixture(scope="module")
def alone(lesson: Lesson, the_class: list[Submission]) -> Graded:
    """What one worker says, going through the class in order."""
    return _graded(lesson, the_class, workers=1)


def _graded(lesson: Lesson, handed: Sequence[Submission], workers: int) -> Graded:
    def each() -> Iterator[tuple[str, Submission]]:
        for submission in handed:
            yield submission.name, submission

    reports = grade_many(lesson, each(), seed=3, workers=workers)
    return {name: report.as_dict(timings=False) for name, report in reports}


def test_the_class_is_of_all_kinds(alone: Graded) -> None:
    named = {task["diagnosis"] for report in alone.values() for task in report["tasks"]}
    assert named >= set(MISTAKES)
    verdicts = {report["verdict"] for report in alone.values()}
    assert verdicts >= {"passed", "wrong", "crash", "memory", "output", "security"}


@pytest.mark.parametrize(("workers", "backwards"), [(1, True), (8, False), (8, True)])
def test_reports_depend_on_nobody_else(
    lesson: Lesson,
    the_class: list[Submission],
    alone: Graded,
    workers: int,
    backwards: bool,
) -> None:
    handed = the_class[::-1] if backwards else the_class
    assert _graded(lesson, handed, workers) == alone
