"""What known mistakes answer to the public tests, in the way of a student's own check.

They run without a sandbox, since they are ours, but in a process of their own: one that
waits for ever is ended, and the next goes on in another.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.grading.mutants import Mutant, lesson_mutants
from autograder.grading.needs import prepare
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import InfrastructureError, TestResult, Verdict
from autograder.student.testing.answers import Answers
from autograder.student.testing.local import run_local
from autograder.student.testing.mistakes import Mistake, kept_file, mistake_of, pack
from autograder.student.testing.plugin import Outcome
from autograder.student.testing.time_limit import WatchedSource

#: How long to wait for a mutant's answers: a hundred times as long as most take.
_PATIENCE_S = 40.0
_BROKEN = 1  # exit code of a process in which our own code raised


def mutant_submission(lesson: Lesson, mutant: Mutant) -> Submission:
    """Return what a student with that mistake would hand in."""
    reference = lesson.reference_path.read_text(encoding="utf-8")
    return Submission.from_sources(mutant.name, mutant.cells(reference))


def public_outcomes(
    lesson: Lesson, mutants: Sequence[Mutant]
) -> Iterator[tuple[Mutant, list[Outcome]]]:
    """Run each mutant in the public tests of its task, and of those that rest on it.

    Yields:
        Each mutant with what it answered; a single time-out where it never did.
    """
    prepare(lesson)
    context = get_context("fork")  # all that it needs is loaded
    todo = [m for task in lesson.tasks for m in mutants if m.task == task.name]
    while todo:
        answers, sender = context.Pipe(duplex=False)
        process = context.Process(
            target=_answer, args=(lesson, list(todo), sender), daemon=True
        )
        process.start()
        sender.close()  # the child's end alone stays open, and closes with it
        try:
            while todo and answers.poll(_PATIENCE_S):
                outcomes = answers.recv()
                yield todo.pop(0), outcomes
        except EOFError:
            process.join()
            if process.exitcode == _BROKEN:
                raise InfrastructureError(
                    f"{lesson.public_tests} cannot be run over {todo[0].where}"
                ) from None
        finally:
            process.kill()
            process.join()
            answers.close()
        if todo:  # it never answered, or took its process with it
            mutant = todo.pop(0)
            yield mutant, [_no_answer(mutant)]


def _answer(lesson: Lesson, mutants: Sequence[Mutant], answers: Connection) -> None:
    """Send what each mutant answers, in turn."""
    for task in lesson.tasks:
        tasks = {task.name}
        tasks |= {t.name for t in lesson.tasks if task.name in lesson.supports(t)}
        sources = (
            WatchedSource.load(mutant_submission(lesson, mutant).cells)
            for mutant in mutants
            if mutant.task == task.name
        )
        run_local(
            lesson,
            [lesson.public_tests],
            sources,
            wanted=lambda _, task: task in tasks,  # noqa: B023
            on_done=lambda outcomes: answers.send(list(map(_sendable, outcomes))),
        )


def _sendable(outcome: Outcome) -> Outcome:
    """Return an outcome whose answers are plain values."""
    entries = [(said, got) for said, got in Answers.of(outcome).transcript]
    return replace(outcome, transcript=entries, asked=[], failed=None)


def _no_answer(mutant: Mutant) -> Outcome:
    result = TestResult("no answer", mutant.task, 1.0, Verdict.TIMEOUT)
    return Outcome(result, repeatable=False)


def told(mutant: Mutant, outcomes: Sequence[Outcome]) -> Mistake:
    """Return a mutant as what a student may be told of it."""
    text = f"{mutant.says} {mutant.look}"
    return mistake_of(mutant.name, mutant.task, text, outcomes)


def mistakes_file(
    lesson: Lesson, watch: Callable[[int, int], None] = lambda done, total: None
) -> bytes:
    """Return the file that a release carries, made unless it is kept already.

    Args:
        lesson: whose mistakes it tells.
        watch: is told, while the file is made, how many of them have answered.
    """
    path = kept_file(lesson)
    with _alone(path.parent / f"{lesson.id}.lock"):
        if not path.is_file():
            bank = lesson_mutants(lesson)
            watch(0, len(bank))
            mistakes = []
            for one in public_outcomes(lesson, bank):
                mistakes.append(told(*one))
                watch(len(mistakes), len(bank))
            keep(lesson, mistakes)
    return path.read_bytes()


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let one process at a time make a file that takes long, where locks are had."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        with contextlib.suppress(ImportError):
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keep(lesson: Lesson, mistakes: Sequence[Mistake]) -> None:
    """Keep what tells a lesson's mistakes where check and release find it."""
    put(lesson, pack(lesson, mistakes))


def put(lesson: Lesson, packed: bytes) -> None:
    """Put the file of a lesson's mistakes in its place, unless it is there."""
    path = kept_file(lesson)
    if path.is_file() and path.read_bytes() == packed:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(packed)
    draft.replace(path)
    for old in path.parent.glob(f"{lesson.id}-*.bin"):
        if old != path:
            old.unlink(missing_ok=True)
