"""What known mistakes answer to the public tests, in this process: they are ours."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence

from autograder.grading.mutants import Mutant, lesson_mutants
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.testing.local import run_local
from autograder.student.testing.mistakes import Mistake, kept_file, mistake_of, pack
from autograder.student.testing.plugin import Outcome
from autograder.student.testing.time_limit import WatchedSource, tell_timeouts


def mutant_submission(lesson: Lesson, mutant: Mutant) -> Submission:
    """Return what a student with that mistake would hand in."""
    reference = lesson.reference_path.read_text(encoding="utf-8")
    return Submission.from_sources(mutant.name, mutant.cells(reference))


def public_outcomes(
    lesson: Lesson, mutants: Sequence[Mutant]
) -> Iterator[tuple[Mutant, list[Outcome]]]:
    """Run each mutant in the public tests of its task, and of those that rest on it."""
    for task in lesson.tasks:
        mine = [mutant for mutant in mutants if mutant.task == task.name]
        reached = {task.name}
        reached |= {t.name for t in lesson.tasks if task.name in lesson.supports(t)}
        if mine:
            yield from zip(mine, _run(lesson, mine, reached), strict=True)


def _run(
    lesson: Lesson, mutants: Sequence[Mutant], tasks: Collection[str]
) -> Iterator[list[Outcome]]:
    sources = (
        WatchedSource.load(mutant_submission(lesson, mutant).cells)
        for mutant in mutants
    )
    tests = [lesson.public_tests]
    for outcomes in run_local(
        lesson, tests, sources, wanted=lambda _, task: task in tasks
    ):
        yield tell_timeouts(lesson, outcomes)


def told(mutant: Mutant, outcomes: Sequence[Outcome]) -> Mistake:
    """Return a mutant as what a student may be told of it."""
    text = f"{mutant.says} {mutant.look}"
    return mistake_of(mutant.name, mutant.task, text, outcomes)


def mistakes_file(lesson: Lesson) -> bytes:
    """Return the file that a release carries, made unless it is kept already."""
    path = kept_file(lesson)
    if not path.is_file():
        mutants = lesson_mutants(lesson)
        keep(lesson, [told(*answered) for answered in public_outcomes(lesson, mutants)])
    return path.read_bytes()


def keep(lesson: Lesson, mistakes: Sequence[Mistake]) -> None:
    """Keep the file of a lesson's mistakes where check and release find it."""
    path = kept_file(lesson)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(pack(lesson, mistakes))
    draft.replace(path)
    for old in path.parent.glob(f"{lesson.id}-*.bin"):
        if old != path:
            old.unlink(missing_ok=True)
