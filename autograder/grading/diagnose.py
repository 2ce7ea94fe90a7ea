"""Names a mistake: a failing submission's answers, compared with known mistakes'.

The mutants of a failing task are run on its very tests and inputs, each test at most
once per class run and only until an answer differs. If every answer of every failing
test is the same within rounding, and the mutant fails nothing else in the task, the
submission makes that mutant's mistake.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.grading.mutants import Mutant, lesson_mutants
from autograder.grading.versions import versions
from autograder.sandbox.jail import Jail
from autograder.sandbox.loaded import Loaded
from autograder.student import codec
from autograder.student.lesson import Lesson
from autograder.student.proxy import Handle
from autograder.student.report import Verdict
from autograder.student.testing.plugin import Outcome, Runner

#: Relative difference within which two answers of that precision are the same.
_ROUNDING = {2: 2e-3, 4: 2e-5, 8: 1e-8}
_CACHE_BYTES = 2**20


@dataclass(frozen=True)
class Answers:
    """What one solution answered in one test."""

    verdict: str
    transcript: list[list[Any]]

    @classmethod
    def of(cls, outcome: Outcome) -> Answers:
        entries = [[label, _plain(value)] for label, value in outcome.transcript]
        return cls(str(outcome.result.verdict), entries)


@dataclass(frozen=True)
class _Cell:
    label: str
    source: str
    names: tuple[str, ...] = ()


class Bank:
    """A lesson's known mistakes and what they answer, computed when first needed."""

    def __init__(
        self, lesson: Lesson, runner: Runner, jail: Jail, cache: Path | None, seed: int
    ) -> None:
        self._lesson, self._runner, self._jail = lesson, runner, jail
        self._answers: dict[tuple[str, str], Answers] = {}
        self._folder = None
        if cache is not None:
            grader = versions()["grader"]
            self._folder = cache / f"{lesson.id}-{lesson.digest[:16]}-{grader}-{seed}"
            self._folder.mkdir(parents=True, exist_ok=True)

    @functools.cached_property
    def _mutants(self) -> tuple[Mutant, ...]:
        return lesson_mutants(self._lesson)

    def diagnose(self, outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, Mutant]:
        """Name the mistake behind each failing task, where it is a known one.

        A task's own mutants come first. A task that none of them explains may rest on
        another: then the mistakes found there are tried.

        Args:
            outcomes: the outcomes of all tests of each task.

        Returns:
            The mutant of each task whose mistake is known.
        """
        failing = {task: Failure.of(mine) for task, mine in outcomes.items()}
        failing = {task: failure for task, failure in failing.items() if failure.tells}
        own = {task: [m for m in self._mutants if m.task == task] for task in failing}
        found: dict[str, Mutant] = {}
        for task, failure in failing.items():
            found |= self._first(task, own[task], failure.explained_by)
        for task, failure in failing.items():
            if task not in found:
                known = list(found.values())
                found |= self._first(task, known, failure.explained_by)
        return found

    def _first(
        self,
        task: str,
        mutants: Sequence[Mutant],
        explains: Callable[[Callable[[str], Answers]], bool],
    ) -> dict[str, Mutant]:
        for mutant in mutants:
            with contextlib.closing(_Witness(self, mutant)) as witness:
                if explains(witness.answers):
                    return {task: mutant}
        return {}

    def load(self, mutant: Mutant) -> Loaded:
        """Load what a student with that mistake would hand in."""
        reference = self._lesson.reference_path.read_text(encoding="utf-8")
        cells = [_Cell(*cell) for cell in mutant.cells(reference)]
        return Loaded(self._jail, cells, self._runner.has_ranks)

    def run(self, loaded: Loaded, mutant: Mutant, test: str) -> Answers:
        """Run one test of a loaded mutant and remember what it answers."""
        (outcome,) = self._runner.run(loaded, lambda name, task: name == test)
        answers = self._answers[mutant.name, test] = Answers.of(outcome)
        self._share(f"{mutant.name}.{test}", answers)
        return answers

    def remembered(self, mutant: Mutant, test: str) -> Answers | None:
        """Return what a mutant answers in a test, if this class run knows it."""
        return self._answers[mutant.name, test] if self._known(mutant, test) else None

    def _known(self, mutant: Mutant, test: str) -> bool:
        key = (mutant.name, test)
        if key not in self._answers and self._folder is not None:
            with contextlib.suppress(OSError, codec.CodecError, ValueError):
                data = (self._folder / f"{mutant.name}.{test}").read_bytes()
                self._answers[key] = Answers(*codec.loads(data))
        return key in self._answers

    def _share(self, name: str, answers: Answers) -> None:
        if self._folder is None:
            return
        with contextlib.suppress(OSError, codec.CodecError):
            data = codec.dumps(
                [answers.verdict, answers.transcript], limit=_CACHE_BYTES
            )
            draft = self._folder / f"{name}.{os.getpid()}"
            draft.write_bytes(data)
            draft.replace(self._folder / name)


@dataclass(frozen=True)
class Failure:
    """What a submission answered in the tests of a task that it fails."""

    answers: dict[str, Answers]
    failing: tuple[str, ...]  # in the order of the tests

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> Failure:
        """Read it from the outcomes of a task's tests, where they are repeatable."""
        outcomes = [outcome for outcome in outcomes if outcome.repeatable]
        failed = (o for o in outcomes if o.result.verdict is not Verdict.PASSED)
        return cls(
            {outcome.result.test: Answers.of(outcome) for outcome in outcomes},
            tuple(outcome.result.test for outcome in failed),
        )

    @property
    def tells(self) -> bool:
        """Whether something failed in a way that hints at a cause."""
        verdicts = {self.answers[test].verdict for test in self.failing}
        return bool(verdicts) and verdicts <= {Verdict.WRONG, Verdict.CRASH}

    def explained_by(self, theirs: Callable[[str], Answers]) -> bool:
        """Tell whether these answers are the submission's in every failing test."""
        same = (_same_answers(self.answers[t], theirs(t)) for t in self.failing)
        return all(same) and self._passes_too(theirs)

    def _passes_too(self, theirs: Callable[[str], Answers]) -> bool:
        """Tell whether they fail nothing that the submission passes."""
        passing = (test for test in self.answers if test not in self.failing)
        return all(theirs(test).verdict == Verdict.PASSED for test in passing)


class _Witness:
    """One mutant, loaded when a test asks for an answer that nobody remembers."""

    def __init__(self, bank: Bank, mutant: Mutant) -> None:
        self._bank, self._mutant = bank, mutant
        self._loaded: Loaded | None = None

    def answers(self, test: str) -> Answers:
        """Return what the mutant answers in a test."""
        known = self._bank.remembered(self._mutant, test)
        if known is not None:
            return known
        if self._loaded is None:
            self._loaded = self._bank.load(self._mutant)
        return self._bank.run(self._loaded, self._mutant, test)

    def close(self) -> None:
        """End its processes."""
        if self._loaded is not None:
            self._loaded.close()


def _same_answers(one: Answers, other: Answers) -> bool:
    if one.verdict != other.verdict or len(one.transcript) != len(other.transcript):
        return False
    pairs = zip(one.transcript, other.transcript, strict=True)
    return all(a[0] == b[0] and alike(a[1], b[1]) for a, b in pairs)


def alike(one: Any, other: Any) -> bool:
    """Tell whether two answers are the same within rounding of their precision."""
    if isinstance(one, (bool, str, bytes)) or one is None:
        return type(one) is type(other) and bool(one == other)
    if type(one) is float and type(other) is float:  # NumPy takes ten times as long
        return one == other or (one != one and other != other) or _is_close(one, other)
    if type(one) is int:
        return type(other) is int and one == other
    if isinstance(one, dict):
        if not isinstance(other, dict) or one.keys() != other.keys():
            return False
        return all(alike(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        if type(one) is not type(other) or len(one) != len(other):
            return False
        return all(map(alike, one, other))
    if isinstance(one, (set, frozenset, range, slice)):
        return type(one) is type(other) and bool(one == other)
    return _alike_numbers(one, other)


def _is_close(one: float, other: float) -> bool:
    return math.isfinite(other) and abs(one - other) <= 2 * _ROUNDING[8] * abs(other)


def _alike_numbers(one: Any, other: Any) -> bool:
    try:
        a, b = np.asarray(one), np.asarray(other)
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype.kind not in "fc":
            return bool(np.array_equal(a, b))
        precision = _ROUNDING.get(a.dtype.itemsize // (2 if a.dtype.kind == "c" else 1))
        rounding = precision or 1e-8
        wide = np.result_type(a.dtype, np.float64)
        a, b = a.astype(wide), b.astype(wide)
        with np.errstate(all="ignore"):
            finite = np.abs(b[np.isfinite(b)])
            scale = float(finite.max(initial=0.0))
            close = np.isclose(a, b, rounding, rounding * scale, equal_nan=True)
        return bool(close.all())
    except (TypeError, ValueError, OverflowError):
        return False


def _plain(value: Any) -> Any:
    """Replace what has no plain value by a description of it."""
    if isinstance(value, Handle):
        return [f"object {value.type_name}", _plain(value.fields)]
    if callable(value):
        return "function"
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
