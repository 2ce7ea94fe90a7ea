"""The pytest plugin behind hidden and public tests: fixtures, the loop, the verdicts.

One pytest session collects a lesson's tests once and then runs them for as many
submissions as it is given, each test with a fresh copy of the submission.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from _pytest.runner import runtestprotocol

from autograder.student.asked import Asked
from autograder.student.lesson import Lesson, Task
from autograder.student.proxy import StudentError
from autograder.student.report import (
    InfrastructureError,
    TestResult,
    Verdict,
)
from autograder.student.testing import check
from autograder.student.testing.draws import generator_of
from autograder.student.testing.meter import Meter
from autograder.student.testing.protocols import OpenStudent, Source
from autograder.student.testing.verdict import judge, setup_failed
from autograder.student.view import Student
from autograder.student.vocabulary import Vocabulary

if TYPE_CHECKING:  # most lessons have no ranks
    from autograder.student.testing.ranks import Ranks

#: Fixtures whose values the seed of a class run decides.
_SEEDED = frozenset(("rng", "meter"))
_NOTHING: Mapping[str, Callable[..., Any]] = {}


@dataclass
class Outcome:
    """One test's result and what the submission answered in it."""

    result: TestResult
    transcript: list[tuple[str, Any]] = field(default_factory=list)
    repeatable: bool = True  # whether one solution always answers the same
    asked: list[Asked] = field(default_factory=list)  # where a log is kept
    failed: check.CheckFailed | None = None  # what a check found wrong


@dataclass
class _Running:
    source: Source
    task: Task
    seed: int
    lent: Mapping[str, Callable[..., Any]]
    step: float | None = None  # what its random numbers are rounded to
    words: Vocabulary | None = None  # all that messages may quote; None: anything
    student: OpenStudent | None = None
    error: BaseException | None = None


class GradingPlugin:
    """Fixtures for tests, and the loop that runs them for many submissions."""

    def __init__(
        self,
        lesson: Lesson,
        seed: int,
        loop: Callable[[Runner], None],
        reference: object | None = None,
    ) -> None:
        self._lesson, self._seed, self._loop = lesson, seed, loop
        self._reference = reference
        self._running: _Running | None = None
        self._read: tuple[Source, Vocabulary] | None = None
        self._generators: dict[Any, tuple[np.random.Generator, Any]] = {}
        self._fixtures: dict[str, Callable[[], Any]] = {
            "student": self._student,
            "meter": self._meter,
            "ranks": self._ranks,
            "reference": self._solution,
            "rng": self._generator,
        }
        self.problem: str | None = None
        self.failure: BaseException | None = None

    # Fixtures

    def _student(self) -> Student:
        """The submission, in a fresh process."""
        opened = self._open()
        return Student(opened.session, opened.explorer, opened.cells)

    def _meter(self) -> Meter:
        """The tile simulator's meter for the submission's kernels."""
        return Meter(self._open(), self._current.seed)

    def _ranks(self) -> Ranks:
        """Runs the submission's programs on ranks over a metered network."""
        from autograder.student.testing.ranks import Ranks

        return Ranks(self._open(), self._current.lent)

    def _solution(self) -> object:
        """The hidden solution; plain calls are computed once per class run."""
        if self._reference is None:
            pytest.fail("public tests have no reference")
        return self._reference

    def _generator(self) -> np.random.Generator:
        """Random numbers that depend on the class run's seed and the test alone."""
        key = self._current.seed, self._current.step
        if key not in self._generators:
            made = generator_of(*key)
            self._generators[key] = made, made.bit_generator.state
        generator, start = self._generators[key]
        generator.bit_generator.state = start  # ten times as fast as to seed it
        return generator

    student = pytest.fixture(_student)
    meter = pytest.fixture(_meter)
    ranks = pytest.fixture(_ranks)
    reference = pytest.fixture(_solution)
    rng = pytest.fixture(_generator)

    # Hooks

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the mark that says which task a test belongs to."""
        config.addinivalue_line(
            "markers",
            "task(name, weight=1, core=False, repeatable=True, memory_mb=None,"
            " few_digits=True): the task it decides; whether it asks for what the task"
            " teaches; whether one solution always answers the same, so that mistakes"
            " can be recognised; memory, where it grants less than the task; and"
            " whether it holds for draws with few digits too",
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the reason why tests could not be collected."""
        if report.failed and self.problem is None:
            self.problem = str(report.longrepr)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Hand the collected tests to the loop that was asked for."""
        if self.problem is None:
            try:
                self._loop(Runner(self, session.items))
            except BaseException as error:  # not pytest's to report: see run_session
                self.failure = error
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> pytest.TestReport:
        """Keep the first exception of a test; nobody reads pytest's own report."""
        if call.excinfo is not None and self._current.error is None:
            error = call.excinfo.value
            if call.when != "call" and not isinstance(error, StudentError):
                error = setup_failed(call.when, error)
            self._current.error = error
        passed: Any = "passed" if call.excinfo is None else "failed"
        when: Any = call.when
        return pytest.TestReport(
            item.nodeid, item.location, item.keywords, passed, None, when
        )

    # What the runner calls

    def run(
        self,
        item: pytest.Item,
        following: pytest.Item | None,
        source: Source,
        lent: Mapping[str, Callable[..., Any]] = _NOTHING,
        step: float | None = None,
    ) -> Outcome:
        """Run one test for one submission.

        Args:
            item: the test.
            following: the next test, which pytest may share fixtures with.
            source: the submission.
            lent: functions that stand in for the submission's own of those names.
            step: what its random numbers are rounded to, if anything.
        """
        mark = item.get_closest_marker("task")
        if mark is None:
            raise InfrastructureError(f"{item.nodeid} has no task mark")
        task = self._lesson.task(mark.args[0])
        memory_mb = mark.kwargs.get("memory_mb")
        if memory_mb is not None:
            task = replace(task, memory_mb=memory_mb)
        seed = zlib.crc32(f"{self._seed} {item.name}".encode())
        words = None if self._reference is None else self._words_of(source)
        running = self._running = _Running(source, task, seed, lent, step, words)
        start, cpu_s = time.perf_counter(), 0.0
        with check.revealing(self._lesson.reveal_expected), check.quoting(words):
            if self._is_plain(item):
                self._run_plain(item)
            else:
                runtestprotocol(item, log=False, nextitem=following)
        if running.student is not None:
            passed = running.error is None
            answered = passed or _is_calm(running.error)
            # Where memory is tight, what another test has left would count.
            shares = answered and not lent and not memory_mb
            cpu_s = running.student.close(passed=passed, goes_on=shares)
            running.error = running.student.ended_by or running.error
        student = running.student
        transcript = [] if student is None else student.session.transcript
        with check.quoting(words):
            verdict, message = judge(running.error, words is not None, transcript)
        result = TestResult(
            item.name,
            task.name,
            float(mark.kwargs.get("weight", 1)),
            verdict,
            message,
            time.perf_counter() - start,
            cpu_s,
            bool(mark.kwargs.get("core", False)),
            tuple(lent),
        )
        return Outcome(
            result,
            transcript,
            mark.kwargs.get("repeatable", True),
            [] if student is None else student.session.log or [],
            check.failure(running.error),
        )

    def _is_plain(self, item: pytest.Item) -> bool:
        """Tell whether a test asks for nothing but the fixtures above."""
        return (
            isinstance(item, pytest.Function)
            and self._fixtures.keys() >= set(item.fixturenames)
            and all(mark.name == "task" for mark in item.iter_markers())
        )

    def _run_plain(self, item: pytest.Item) -> None:
        """Run such a test: pytest's own way takes three times as long as most tests."""
        assert isinstance(item, pytest.Function)
        running = self._current
        try:
            given = {name: self._fixtures[name]() for name in item.fixturenames}
        except StudentError as error:
            running.error = error
            return
        except Exception as error:
            running.error = setup_failed("setup", error)
            return
        try:
            item.obj(**given)
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as error:
            running.error = error

    def _words_of(self, source: Source) -> Vocabulary:
        """Return the words of a submission, read once."""
        if self._read is None or self._read[0] is not source:
            self._read = source, Vocabulary(source.cells)
        return self._read[1]

    @property
    def _current(self) -> _Running:
        assert self._running is not None
        return self._running

    def _open(self) -> OpenStudent:
        running = self._current
        if running.student is None:
            running.student = running.source.open(running.task, running.seed)
            session = running.student.session
            session.words, session.task = running.words, running.task.name
            session.cells = running.student.cells
            if running.lent:
                session.lend(running.lent)
        return running.student


def _is_calm(error: BaseException | None) -> bool:
    """Tell whether a test ended in a wrong answer, or in a stub's that has none yet."""
    if isinstance(error, StudentError):
        return error.verdict is Verdict.NOT_ATTEMPTED
    return isinstance(error, check.CheckFailed)


class Runner:
    """The collected tests of a lesson, ready to run for any submission."""

    def __init__(self, plugin: GradingPlugin, items: Sequence[pytest.Item]) -> None:
        self._plugin, self._items = plugin, items

    @property
    def has_ranks(self) -> bool:
        """Whether a test runs the submission on ranks, which must not whisper."""
        return any("ranks" in getattr(i, "fixturenames", ()) for i in self._items)

    @property
    def seeded(self) -> frozenset[str]:
        """The tests whose inputs depend on the seed; the others are always the same."""
        names = ((i.name, getattr(i, "fixturenames", ())) for i in self._items)
        return frozenset(name for name, used in names if not _SEEDED.isdisjoint(used))

    @property
    def tests(self) -> list[TestResult]:
        """Every test with its task and its weight, in order, none attempted."""
        return [
            TestResult(
                name,
                mark.args[0],
                float(mark.kwargs.get("weight", 1)),
                Verdict.NOT_ATTEMPTED,
                core=bool(mark.kwargs.get("core", False)),
            )
            for name, mark in self._marks
        ]

    @property
    def _marks(self) -> list[tuple[str, pytest.Mark]]:
        marks = ((i.name, i.get_closest_marker("task")) for i in self._items)
        return [(name, mark) for name, mark in marks if mark is not None]

    def run(
        self,
        source: Source,
        wanted: Callable[[str, str], bool] = lambda test, task: True,
        lent: Mapping[str, Callable[..., Any]] = _NOTHING,
        step: float | None = None,
    ) -> Iterator[Outcome]:
        """Run tests for one submission.

        Args:
            source: the submission.
            wanted: whether to run a test, given its name and its task.
            lent: functions that stand in for the submission's own of those names.
            step: what random numbers are rounded to; then only tests run whose numbers
                may be.
        """
        tasks = {test.test: test.task for test in self.tests}
        items = [i for i in self._items if wanted(i.name, tasks.get(i.name, ""))]
        if step is not None:
            items = [item for item in items if _rounds(item)]
        for item, following in zip(items, [*items[1:], None], strict=False):
            yield self._plugin.run(item, following, source, lent, step)


def _rounds(item: pytest.Item) -> bool:
    """Tell whether a test draws numbers, and holds for rounded ones too."""
    mark = item.get_closest_marker("task")
    holds = mark is None or mark.kwargs.get("few_digits", True)
    return holds and "rng" in getattr(item, "fixturenames", ())
