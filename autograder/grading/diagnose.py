"""Names a mistake: a failing submission's answers, compared with known mistakes'.

Each mutant of a lesson is run on the very tests and inputs that the submission failed,
at most once per class run and test. If every answer of every failing test is the same
within rounding, and the mutant fails nothing else in the task, the submission makes
that mutant's mistake.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder import codec
from autograder.grading.plugin import Outcome, Runner
from autograder.lesson import Lesson, Mutant
from autograder.report import Verdict
from autograder.sandbox.host import Jail, Loaded
from autograder.sandbox.proxy import Handle

#: Relative difference within which two answers of that precision are the same.
_ROUNDING = {2: 2e-3, 4: 2e-5, 8: 1e-8}
_TOLD = (Verdict.WRONG, Verdict.CRASH)  # other verdicts say little about the cause
_CACHE_BYTES = 2**20


@dataclass(frozen=True)
class Diagnosis:
    """The mutant whose answers a submission gives, and what it teaches."""

    mutant: str
    text: str


@dataclass(frozen=True)
class _Answers:
    """What one solution answered in one test."""

    verdict: str
    transcript: list[list[Any]]

    @classmethod
    def of(cls, outcome: Outcome) -> _Answers:
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
        self._mutants = lesson.mutants()
        self._answers: dict[tuple[str, str], _Answers] = {}
        self._folder = None
        if cache is not None:
            self._folder = cache / f"{lesson.id}-{lesson.digest[:16]}-{seed}"
            self._folder.mkdir(parents=True, exist_ok=True)

    def diagnose(self, task: str, outcomes: Sequence[Outcome]) -> Diagnosis | None:
        """Name the mistake behind one task's outcomes, or return None.

        Args:
            task: the task.
            outcomes: the outcomes of all its tests.
        """
        failed = [o for o in outcomes if o.result.verdict is not Verdict.PASSED]
        if any(o.result.verdict not in _TOLD for o in failed):
            return None
        mine = {o.result.test: _Answers.of(o) for o in outcomes}
        failing = [o.result.test for o in failed]
        passing = [name for name in mine if name not in failing]
        candidates = list(self._candidates(task))
        for tests in (failing[:1], failing[1:], passing):
            alike = _same_answers if tests is not passing else _same_verdict
            kept = []
            for mutant, answers in zip(
                candidates, self._of(candidates, tests), strict=True
            ):
                pairs = zip((mine[test] for test in tests), answers, strict=True)
                if all(alike(a, b) for a, b in pairs):
                    kept.append(mutant)
            candidates = kept
        best = candidates[0] if candidates else self._partial(task, mine, failing)
        if best is None:
            return None
        return Diagnosis(best.name, f"{best.summary} {best.look}")

    def _partial(
        self, task: str, mine: dict[str, _Answers], failing: Sequence[str]
    ) -> Mutant | None:
        """Find one of several mistakes: it explains half of the failing tests or more.

        It may fail no test that the submission passes.
        """
        mutants = [mutant for mutant in self._mutants if mutant.task == task]
        best, most = None, len(failing) / 2
        for mutant, answers in zip(mutants, self._of(mutants, list(mine)), strict=True):
            theirs = dict(zip(mine, answers, strict=True))
            passed = (test for test in mine if test not in failing)
            if all(_same_verdict(mine[test], theirs[test]) for test in passed):
                count = sum(_same_answers(mine[t], theirs[t]) for t in failing)
                if count >= most:
                    best, most = mutant, count + 0.5
        return best

    def _candidates(self, task: str) -> Iterator[Mutant]:
        """First the mutants of this task, then those of tasks that it may rest on."""
        yield from (m for m in self._mutants if m.task == task)
        yield from (m for m in self._mutants if m.task != task)

    def _of(
        self, mutants: Sequence[Mutant], tests: Sequence[str]
    ) -> Iterator[list[_Answers]]:
        for mutant in mutants:
            missing = {test for test in tests if not self._known(mutant, test)}
            if missing:
                self._compute(mutant, missing)
            yield [self._answers[mutant.name, test] for test in tests]

    def _known(self, mutant: Mutant, test: str) -> bool:
        key = (mutant.name, test)
        if key not in self._answers and self._folder is not None:
            with contextlib.suppress(OSError, codec.CodecError, ValueError):
                data = (self._folder / f"{mutant.name}.{test}").read_bytes()
                self._answers[key] = _Answers(*codec.loads(data))
        return key in self._answers

    def _compute(self, mutant: Mutant, tests: set[str]) -> None:
        reference = self._lesson.reference_path.read_text(encoding="utf-8")
        cells = [_Cell("reference", reference), _Cell(mutant.name, mutant.source)]
        loaded = Loaded(self._jail, cells)
        for outcome in self._runner.run(loaded, lambda test, task: test in tests):
            answers = _Answers.of(outcome)
            self._answers[mutant.name, outcome.result.test] = answers
            self._share(f"{mutant.name}.{outcome.result.test}", answers)
        loaded.close()

    def _share(self, name: str, answers: _Answers) -> None:
        if self._folder is None:
            return
        with contextlib.suppress(OSError, codec.CodecError):
            data = codec.dumps(
                [answers.verdict, answers.transcript], limit=_CACHE_BYTES
            )
            draft = self._folder / f"{name}.{os.getpid()}"
            draft.write_bytes(data)
            draft.replace(self._folder / name)


def _same_verdict(one: _Answers, other: _Answers) -> bool:
    return one.verdict == other.verdict


def _same_answers(one: _Answers, other: _Answers) -> bool:
    if one.verdict != other.verdict or len(one.transcript) != len(other.transcript):
        return False
    pairs = zip(one.transcript, other.transcript, strict=True)
    return all(a[0] == b[0] and alike(a[1], b[1]) for a, b in pairs)


def alike(one: Any, other: Any) -> bool:
    """Tell whether two answers are the same within rounding of their precision."""
    if isinstance(one, (bool, str, bytes)) or one is None:
        return type(one) is type(other) and bool(one == other)
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
        return f"object {value.type_name}"
    if callable(value):
        return "function"
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
