"""Judges submissions: ``grade(lesson, submission, seed) -> Report``, a pure function.

A ``Grader`` is the same function with its start-up paid once: one pytest session, one
warm jail, one memory of reference answers for as many submissions as come.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from autograder.grading.bank import Bank
from autograder.grading.diagnose import known_mistakes
from autograder.grading.mutants import Mutant
from autograder.grading.needs import prepare
from autograder.grading.reference import Reference
from autograder.grading.sturdy import SturdyPlugin, unjudged
from autograder.grading.versions import versions
from autograder.sandbox.jail import Jail
from autograder.sandbox.jail_command import Level
from autograder.sandbox.loaded import Loaded
from autograder.student.lesson import Lesson, Task
from autograder.student.loading import Cell
from autograder.student.report import (
    UNREADABLE,
    InfrastructureError,
    Message,
    Report,
    TaskResult,
    Verdict,
)
from autograder.student.testing.plugin import Outcome, Runner
from autograder.student.testing.session import run_session


class Submission(Protocol):
    """What judging needs of a submission; ``student.notebook`` reads them."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def cells(self) -> Sequence[Cell]: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def problem(self) -> str | None: ...


Key = TypeVar("Key")


class Grader:
    """Judges any number of submissions of one lesson with one seed."""

    def __init__(
        self,
        lesson: Lesson,
        seed: int = 0,
        *,
        level: Level | None = None,
        jail: Jail | None = None,
        diagnose: bool = True,
        cache: Path | None = None,
        only: Collection[str] | None = None,
        seeded_only: bool = False,
        ours: bool = False,
        on_outcomes: Callable[[str, Sequence[Outcome]], None] | None = None,
        on_test: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare a grader; nothing runs before ``run``.

        Args:
            lesson: the lesson, with its hidden twin.
            seed: seed of every random input; one for a whole class run.
            level: isolation, the best there is by default.
            jail: the caller's, who keeps it, with the lesson's ``warm`` modules; one
                of its own by default.
            diagnose: whether to compare failing answers with known mistakes.
            cache: folder in which workers and runs share what the known mistakes
                answer.
            only: the tasks whose tests are collected; all by default.
            seeded_only: whether to leave out the tests that the seed does not change.
            ours: whether nobody else wrote what comes: then each takes over the
                containers of the one before, which saves a third of loading it.
            on_outcomes: told a submission's name and what it answered in each test.
            on_test: called after every test, of submissions and of known mistakes.
        """
        self._lesson, self._seed = lesson, seed
        self._level, self._jail = level, jail
        self._diagnose, self._cache = diagnose, cache
        self._only, self._seeded_only = only, seeded_only
        self._on_outcomes, self._on_test = on_outcomes, on_test
        self._ours = ours
        self._last: Loaded | None = None  # whose containers the next may have
        #: CPU seconds of everything that ran in the jail meanwhile, where they can be
        #: counted.
        self.jailed_cpu_s: float | None = None

    def run(
        self,
        submissions: Iterable[tuple[Key, Submission]],
        on_report: Callable[[Key, Report], None],
        tasks: Callable[[Key], Collection[str] | None] = lambda key: None,
    ) -> None:
        """Judge submissions in turn; the iterable may wait for more to come.

        Args:
            submissions: pairs of any key and a submission.
            on_report: called with the key and the report after each.
            tasks: the tasks in which to judge a submission, None for all; the report
                has no tests of the others.

        Raises:
            CourseError: a package that the lesson needs is not installed.
            InfrastructureError: the hidden tests cannot be collected, or no jail
                starts on this machine.
        """
        lesson, before_s = self._lesson, 0.0
        if self._jail is not None and self._jail.group is not None:
            before_s = self._jail.group.cpu_s()

        def loop(runner: Runner) -> None:
            jail.wait()
            gc.freeze()  # what is loaded by now stays: never look through it again
            bank = Bank(lesson, runner, jail, self._cache, self._seed)
            with contextlib.ExitStack() as left:
                left.enter_context(contextlib.closing(bank))
                left.callback(self._let_go)
                for key, submission in submissions:
                    wanted = tasks(key)
                    report = self._judge(
                        runner, jail, bank, submission, wanted, reference
                    )
                    on_report(key, report)
            if jail.group is not None:
                self.jailed_cpu_s = jail.group.cpu_s() - before_s

        with contextlib.ExitStack() as stack:
            jail = self._jail or stack.enter_context(  # it starts meanwhile
                Jail(warm(lesson), self._level, wait=False)
            )
            prepare(lesson)  # both import what the lesson needs, each on its core
            reference = Reference(lesson.reference_path)
            plugin = SturdyPlugin(lesson, self._seed, loop, reference, self._on_test)
            run_session(plugin, lesson.hidden_tests(self._only))

    def _judge(
        self,
        runner: Runner,
        jail: Jail,
        bank: Bank,
        submission: Submission,
        wanted: Collection[str] | None,
        reference: Reference,
    ) -> Report:
        if submission.problem is not None:
            message = Message(UNREADABLE, submission.problem)
            outcomes = _unread(runner, message)
        else:
            outcomes = self._safe_outcomes(runner, jail, submission, wanted, reference)
        if self._on_outcomes is not None:
            self._on_outcomes(submission.name, outcomes)
        by_task = {
            task.name: [o for o in outcomes if o.result.task == task.name]
            for task in self._lesson.tasks
        }
        found = self._mistakes(bank, jail, by_task)
        tasks = tuple(
            _task_result(task, by_task[task.name], found.get(task.name))
            for task in self._lesson.tasks
        )
        return Report(
            lesson=self._lesson.id,
            lesson_digest=self._lesson.digest,
            name=submission.name,
            submission=submission.digest,
            seed=self._seed,
            isolation=jail.level,
            tasks=tasks,
            versions=dict(versions()),
            notes=tuple(submission.notes),
            pace=jail.pace,
        )

    def _mistakes(
        self, bank: Bank, jail: Jail, outcomes: Mapping[str, Sequence[Outcome]]
    ) -> Mapping[str, Mutant]:
        """Name the known mistakes; none where the answers cannot be compared."""
        if not self._diagnose:
            return {}
        try:
            return known_mistakes(bank, outcomes)
        except InfrastructureError:
            raise
        except Exception:  # memory and recursion among them: answers may be odd
            self._restart(jail)
            return {}

    def _safe_outcomes(
        self,
        runner: Runner,
        jail: Jail,
        submission: Submission,
        wanted: Collection[str] | None,
        reference: Reference,
    ) -> list[Outcome]:
        """Return the outcomes of all tests, whatever a submission does to the judge."""
        try:
            return self._outcomes(runner, jail, submission, wanted, reference)
        except InfrastructureError:
            raise
        except Exception as error:
            self._restart(jail)
            verdict, message = unjudged(error)
            return [
                Outcome(replace(test, verdict=verdict, message=message))
                for test in runner.tests
                if wanted is None or test.task in wanted
            ]

    def _outcomes(
        self,
        runner: Runner,
        jail: Jail,
        submission: Submission,
        wanted: Collection[str] | None,
        reference: Reference,
    ) -> list[Outcome]:
        loaded = self._load(jail, submission, runner)
        tests = runner.seeded if self._seeded_only else None

        def is_wanted(test: str, task: str) -> bool:
            in_task = wanted is None or task in wanted
            return in_task and (tests is None or test in tests)

        try:
            outcomes = list(runner.run(loaded, is_wanted))
            ours = {
                o.result.test for o in outcomes if o.result.verdict is Verdict.INFRA
            }
            if ours:  # our failure: once more, in a fresh jail
                jail.restart()
                again = runner.run(loaded, lambda test, task: test in ours)
                fresh = {outcome.result.test: outcome for outcome in again}
                outcomes = [fresh.get(o.result.test, o) for o in outcomes]
            return self._with_lent(runner, loaded, outcomes, reference)
        finally:
            if not self._ours:
                _close(loaded, jail)

    def _let_go(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            last.close()

    def _restart(self, jail: Jail) -> None:
        self._last = None  # its containers go with the jail
        jail.restart()

    def _load(self, jail: Jail, submission: Submission, runner: Runner) -> Loaded:
        if self._last is None:
            ours = self._ours
            loaded = Loaded(jail, submission.cells, runner.has_ranks, ours)
        else:
            loaded = self._last.replaced_by(submission.cells)
        if self._ours:
            self._last = loaded
        return loaded

    def _with_lent(
        self,
        runner: Runner,
        loaded: Loaded,
        outcomes: list[Outcome],
        reference: Reference,
    ) -> list[Outcome]:
        """Run failing tests again with ours for what their task rests on and fails.

        So a mistake is paid for once, in its own task.
        """
        results = {o.result.test: o for o in outcomes}
        for task in self._lesson.tasks:
            failing = {
                t for t, o in results.items() if o.result.task == task.name and _lost(o)
            }
            broken = {o.result.task for o in results.values() if _lost(o)}
            names = [n for n in self._lesson.supports(task) if n in broken]
            if not failing or not names:
                continue
            lent: Mapping[str, Callable[..., Any]] = {
                name: getattr(reference, name) for name in names
            }
            loaded.late.clear()  # with ours in their place it is another program
            again = runner.run(loaded, lambda test, _: test in failing, lent)  # noqa: B023
            results |= {o.result.test: o for o in again}
        return [results[o.result.test] for o in outcomes]


def warm(lesson: Lesson) -> tuple[str, ...]:
    """Return the modules that every submission of a lesson finds imported."""
    return ("numpy", "torch") if "torch" in lesson.needs else ("numpy",)


def grade(
    lesson: Lesson,
    submission: Submission,
    seed: int = 0,
    *,
    diagnose: bool = True,
    level: Level | None = None,
) -> Report:
    """Judge one submission; the same inputs give the same report, timings apart.

    Args:
        lesson: the lesson, with its hidden twin.
        submission: what a student handed in, as ``read_submission`` gives it.
        seed: seed of every random input.
        diagnose: whether to compare failing answers with known mistakes.
        level: isolation, the best there is by default.

    Raises:
        InfrastructureError: our own failure; nothing was judged.
    """
    reports: list[Report] = []
    grader = Grader(lesson, seed, level=level, diagnose=diagnose)
    grader.run([(None, submission)], lambda key, report: reports.append(report))
    return reports[0]


def _task_result(
    task: Task, outcomes: Sequence[Outcome], mistake: Mutant | None
) -> TaskResult:
    return TaskResult(
        task.name,
        task.points,
        tuple(outcome.result for outcome in outcomes),
        None if mistake is None else mistake.name,
        None if mistake is None else f"{mistake.says} {mistake.look}",
    )


def _unread(runner: Runner, message: Message) -> list[Outcome]:
    return [Outcome(replace(test, message=message)) for test in runner.tests]


def _lost(outcome: Outcome) -> bool:
    return outcome.result.verdict not in (Verdict.PASSED, Verdict.INFRA)


def _close(loaded: Loaded, jail: Jail) -> None:
    try:
        loaded.close()
    except InfrastructureError:
        jail.restart()
