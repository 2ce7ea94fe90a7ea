"""Judging that no answer can break: the grader's plugin behind hidden tests.

A submission decides what its answers are, and so how much memory it takes to compare
them, how deep they are nested, and which mistakes of ours they find. Whatever is raised
while one of its tests is judged is that test's verdict, never a failure of ours.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from autograder.grading.own_time import OwnTime
from autograder.sandbox.loaded import Loaded, Opened
from autograder.student.lesson import Lesson
from autograder.student.proxy import StudentDied, StudentError
from autograder.student.report import (
    InfrastructureError,
    Message,
    TestResult,
    Verdict,
    gettext,
)
from autograder.student.testing.plugin import GradingPlugin, Outcome, Runner
from autograder.student.testing.protocols import OpenStudent, Source


def unjudged(error: BaseException) -> tuple[Verdict, Message]:
    """Return the verdict over an answer that cannot be judged, and what it says."""
    if isinstance(error, StudentError):  # its time was over between two steps of ours
        return error.verdict, error.message
    if isinstance(error, MemoryError):
        return Verdict.MEMORY, Message(
            gettext("the answer could not be judged within the grader's memory"),
            look=gettext("Does it hold far more values than were asked for?"),
        )
    where = gettext("the answer has a type or a shape that cannot be checked")
    return Verdict.WRONG, Message(where, type(error).__name__)


class SturdyPlugin(GradingPlugin):
    """Runs hidden tests; only our own failures come out of it."""

    def __init__(
        self,
        lesson: Lesson,
        seed: int,
        loop: Callable[[Runner], None],
        reference: object,
        on_test: Callable[[], None],
    ) -> None:
        """Prepare it; ``on_test`` is called after every test."""
        super().__init__(lesson, seed, loop, reference)
        self._on_test = on_test
        self._own_time = OwnTime()

    def run(
        self,
        item: pytest.Item,
        following: pytest.Item | None,
        source: Source,
        lent: Mapping[str, Callable[..., Any]] | None = None,
        step: float | None = None,
    ) -> Outcome:
        """Run one test; see `GradingPlugin.run`."""
        start = time.perf_counter()
        try:
            with OwnTime() as self._own_time:
                outcome = super().run(item, following, source, lent or {}, step)
            if isinstance(self._current.error, MemoryError):
                verdict, message = unjudged(self._current.error)
                outcome.result = dataclasses.replace(
                    outcome.result, verdict=verdict, message=message
                )
        except InfrastructureError:
            raise
        except Exception as error:
            outcome = _broken(item, error, time.perf_counter() - start, lent or {})
            if isinstance(source, Loaded):
                source.disturb()  # its processes may be in the middle of something
        self._on_test()
        return outcome

    def _open(self) -> OpenStudent:
        is_first = self._current.student is None
        try:
            student = super()._open()
            if is_first and isinstance(student, Opened):
                self._own_time.allow(student.judge_s, student.too_late)
            return student
        except (StudentError, InfrastructureError):
            raise
        except Exception as error:  # what its processes said made no sense
            raise StudentDied(gettext("the submission cannot be loaded")) from error


def _broken(
    item: pytest.Item,
    error: Exception,
    wall_s: float,
    lent: Mapping[str, Any],
) -> Outcome:
    """Return the outcome of a test that ended by an error of ours over an answer."""
    mark = item.get_closest_marker("task")
    assert mark is not None  # else it would not have been run
    verdict, message = unjudged(error)
    result = TestResult(
        item.name,
        mark.args[0],
        float(mark.kwargs.get("weight", 1)),
        verdict,
        message,
        wall_s,
        core=bool(mark.kwargs.get("core", False)),
        lent=tuple(lent),
    )
    return Outcome(result, [], mark.kwargs.get("repeatable", True))
