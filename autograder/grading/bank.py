"""A lesson's known mistakes and what they answer, computed when first needed."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.answers import Answers
from autograder.grading.mutants import Mutant, lesson_mutants
from autograder.grading.shared_answers import SharedAnswers
from autograder.sandbox.jail import Jail
from autograder.sandbox.loaded import Loaded
from autograder.student.lesson import Lesson
from autograder.student.testing.plugin import Runner

#: How long to wait, in all, for answers that other workers compute: as long as one test
#: may take. Who has waited longer computes them as well, and comes to the same.
_PATIENCE_S, _PAUSE_S = 60.0, 0.005


@dataclass(frozen=True)
class _Cell:
    label: str
    source: str
    names: tuple[str, ...] = ()


class Bank:
    """What known mistakes answer, each asked at most once in each test."""

    def __init__(
        self, lesson: Lesson, runner: Runner, jail: Jail, cache: Path | None, seed: int
    ) -> None:
        """Prepare a bank; no mutant runs before its answers are asked for.

        Args:
            lesson: the lesson.
            runner: its tests.
            jail: where mutants run.
            cache: folder in which workers and runs share answers, if any.
            seed: seed of every random input.
        """
        self._lesson, self._runner, self._jail = lesson, runner, jail
        self._answers: dict[tuple[str, str], Answers] = {}
        self._shared: SharedAnswers | None = None
        self._loaded: Loaded | None = None
        if cache is not None:
            with contextlib.suppress(OSError):
                self._shared = SharedAnswers(cache, lesson, seed)

    @functools.cached_property
    def mutants(self) -> tuple[Mutant, ...]:
        """Every known mistake, by name."""
        return lesson_mutants(self._lesson)

    def answers(self, mutants: Sequence[Mutant], test: str) -> list[Answers]:
        """Return what mutants answer in a test.

        Those that nobody knows are run; while another worker runs one, we go on with
        the next, and come back.
        """
        todo, waited_s = list(mutants), 0.0
        while todo:
            is_patient = waited_s < _PATIENCE_S
            left = [m for m in todo if not self._learn(m, test, is_patient)]
            if len(left) == len(todo):
                time.sleep(_PAUSE_S)
                waited_s += _PAUSE_S
            todo = left
        return [self._answers[mutant.name, test] for mutant in mutants]

    def _learn(self, mutant: Mutant, test: str, is_patient: bool) -> bool:
        """Know a mutant's answers, unless another worker is computing them."""
        if self._knows(mutant, test):
            return True
        if self._shared is None:
            self._run(mutant, test)
            return True
        with self._shared.claim(f"{mutant.name}.{test}") as is_ours:
            if is_patient and not is_ours:
                return False
            if not self._knows(mutant, test):  # another has just let go of it
                self._run(mutant, test)
        return True

    def _knows(self, mutant: Mutant, test: str) -> bool:
        key = mutant.name, test
        if key not in self._answers and self._shared is not None:
            answers = self._shared.get(f"{mutant.name}.{test}")
            if answers is not None:
                self._answers[key] = answers
        return key in self._answers

    def _run(self, mutant: Mutant, test: str) -> None:
        """Run one test of what a student with that mistake would hand in."""
        reference = self._lesson.reference_path.read_text(encoding="utf-8")
        cells = [_Cell(*cell) for cell in mutant.cells(reference)]
        if self._loaded is None:
            self._loaded = Loaded(self._jail, cells, self._runner.has_ranks)
        else:
            self._loaded = self._loaded.replaced_by(cells)
        (outcome,) = self._runner.run(self._loaded, lambda name, _: name == test)
        answers = self._answers[mutant.name, test] = Answers.of(outcome)
        if self._shared is not None:
            self._shared.put(f"{mutant.name}.{test}", answers)

    def rest(self) -> None:
        """End the processes of the mutant that ran last; others may run later."""
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.close()
