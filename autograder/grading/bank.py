"""A lesson's known mistakes and what they answer, computed when first needed."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.mutants import Mutant, lesson_mutants
from autograder.grading.shared_answers import SharedAnswers
from autograder.sandbox.jail import Jail
from autograder.sandbox.loaded import Loaded
from autograder.student.lesson import Lesson
from autograder.student.testing.answers import Answers
from autograder.student.testing.plugin import Runner


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
        self._loaded: Loaded | None = None  # the mutant that ran last
        self._holds = ""  # its name
        if cache is not None:
            with contextlib.suppress(OSError):
                self._shared = SharedAnswers(cache, lesson, seed)

    @functools.cached_property
    def mutants(self) -> tuple[Mutant, ...]:
        """Every known mistake, by name."""
        return lesson_mutants(self._lesson)

    def answers(
        self, mutant: Mutant, test: str, *, is_patient: bool = True
    ) -> Answers | None:
        """Return what a mutant answers in a test, which is run unless it is known.

        Args:
            mutant: one of the lesson's.
            test: the test's name.
            is_patient: whether to leave it to another worker that is running it now.

        Returns:
            None if another worker is running it.
        """
        if self._knows(mutant, test):
            return self._answers[mutant.name, test]
        if self._shared is None:
            return self._run(mutant, test)
        with self._shared.claim(f"{mutant.name}.{test}") as is_ours:
            if self._knows(mutant, test):  # another has just let go of it
                return self._answers[mutant.name, test]
            if is_patient and not is_ours:
                return None
            return self._run(mutant, test)

    def _knows(self, mutant: Mutant, test: str) -> bool:
        key = mutant.name, test
        if key not in self._answers and self._shared is not None:
            answers = self._shared.get(f"{mutant.name}.{test}")
            if answers is not None:
                self._answers[key] = answers
        return key in self._answers

    def _run(self, mutant: Mutant, test: str) -> Answers:
        """Run one test of what a student with that mistake would hand in."""
        loaded = self._load(mutant)
        loaded.late.clear()  # no answer depends on what was asked before
        (outcome,) = self._runner.run(loaded, lambda name, _: name == test)
        answers = self._answers[mutant.name, test] = Answers.of(outcome)
        if self._shared is not None:
            self._shared.put(f"{mutant.name}.{test}", answers)
        return answers

    def _load(self, mutant: Mutant) -> Loaded:
        if self._loaded is not None and self._holds == mutant.name:
            return self._loaded
        reference = self._lesson.reference_path.read_text(encoding="utf-8")
        cells = [_Cell(*cell) for cell in mutant.cells(reference)]
        if self._loaded is None:
            has_ranks = self._runner.has_ranks
            self._loaded = Loaded(self._jail, cells, has_ranks, ours=True)
        else:
            self._loaded = self._loaded.replaced_by(cells)
        self._holds = mutant.name
        return self._loaded

    def rest(self) -> None:
        """End the processes of the mutant that ran last; others may run later."""
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.close()

    def close(self) -> None:
        """Close the folder of answers."""
        if self._shared is not None:
            self._shared.close()
