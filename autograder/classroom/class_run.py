"""Grades a class folder: from hand-ins to gradebook, notebooks and records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from autograder.classroom.autograded import write_autograded
from autograder.classroom.folder import ClassFolder, HandIn
from autograder.classroom.graded_notebook import Notebook, read_released
from autograder.classroom.parallel import Watcher, grade_many
from autograder.classroom.reader import Reader
from autograder.classroom.records import Record, find_record, save_record
from autograder.classroom.released import check_points, released_points
from autograder.classroom.remembered import Memory, files_digest
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, Report

if TYPE_CHECKING:
    from autograder.classroom.gradebook import ClassGradebook


@dataclass(frozen=True)
class Job:
    """One hand-in to grade, as it was read."""

    hand_in: HandIn
    submission: Submission
    files: str | None  # `files_digest` of it
    before: Record | None  # what the last run found


def grade_class(
    folder: ClassFolder,
    lesson: Lesson,
    hand_ins: Iterable[HandIn],
    *,
    task: str | None = None,
    seed: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
    watch: Watcher | None = None,
) -> Iterator[Record]:
    """Grade one lesson of a class and yield each record once it is in the gradebook.

    Many processes grade; this one alone writes. Stopping half way loses nothing: what
    was yielded is in the gradebook, and the next run finds the reports in the store.
    What is as the last run left it is neither read nor written again.

    Args:
        folder: The class.
        lesson: Which lesson.
        hand_ins: What was handed in for it.
        task: Grade this task alone, again; what the last run found in the others stays.
            What was handed in since then is passed over, as is what is gone again.
        seed: Another seed than the class run's.
        workers, scheduler, fresh, watch: See `grade_many`; the watcher's keys are jobs,
            or hand-ins that are kept.

    Raises:
        CourseError: the lesson is not released in this folder, or with other points, or
            cannot be graded.
        InfrastructureError: no worker can be started, or the gradebook not be used.
    """
    if not folder.gradebook.exists():
        raise CourseError(f"{folder.gradebook} is missing; run class init again")
    released = read_released(folder.released(lesson.id))
    check_points(released_points(released), lesson, folder.root)
    # Importing nbgrader takes longer than grading several submissions: do both at once.
    gradebook = f"{__package__}.gradebook"
    Thread(target=import_module, args=[gradebook], daemon=True).start()

    seed = folder.seed if seed is None else seed
    with _Run(folder, lesson, released, seed) as run:
        todo: list[HandIn] = []
        for hand_in in hand_ins:
            known = None if fresh or task else run.unchanged(hand_in)
            if known is None:
                todo.append(hand_in)
                continue
            if watch is not None:
                watch("kept", hand_in)
            yield known
        for job, report in grade_many(
            lesson,
            run.jobs(todo, task),
            tasks=None if task is None else _with_supports(lesson, task),
            seed=seed,
            workers=workers,
            scheduler=scheduler,
            store=folder.store,
            fresh=fresh,
            watch=watch,
        ):
            if task is not None and job.before is not None:
                report = with_task(job.before.report, report, task)
            yield run.write(job, report)


def with_task(before: Report, now: Report, task: str) -> Report:
    """Return the report of an earlier run with what a new one found in one task."""
    tasks = (now.task(task) if old.task == task else old for old in before.tasks)
    return replace(before, tasks=tuple(tasks))


def _with_supports(lesson: Lesson, task: str) -> tuple[str, ...]:
    """Return a task and those that it rests on, which decide how it is judged."""
    return (*lesson.supports(lesson.task(task)), task)


class _Run:
    """What writing one lesson of a class takes, each opened when it is first needed."""

    def __init__(
        self, folder: ClassFolder, lesson: Lesson, released: Notebook, seed: int
    ) -> None:
        self._folder, self._lesson, self._released = folder, lesson, released
        self._memory = Memory(folder, lesson, seed)
        self._stack = contextlib.ExitStack()
        self._reader = self._stack.enter_context(Reader(lesson))

    def __enter__(self) -> _Run:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @cached_property
    def _book(self) -> ClassGradebook:
        from autograder.classroom.gradebook import ClassGradebook

        book = self._stack.enter_context(ClassGradebook(self._folder.gradebook))
        book.check_points(self._lesson)
        book.add_students(self._folder.roster)
        return book

    def _time(self, hand_in: HandIn) -> str:
        from autograder.classroom.gradebook import time_of

        return hand_in.submitted if time_of(hand_in.submitted) else ""

    def unchanged(self, hand_in: HandIn) -> Record | None:
        """Return a hand-in's record if all that a run leaves of it is there."""
        found = self._memory.recall(hand_in)
        if found is None:
            return None
        record, note = found
        is_held = self._book.holds(record, self._lesson, has_written=note.has_written)
        return record if is_held else None

    def jobs(
        self, hand_ins: Iterable[HandIn], task: str | None
    ) -> Iterator[tuple[Job, Submission]]:
        """Read hand-ins; with a task, those that the last run has graded."""
        for hand_in in hand_ins:
            files = files_digest(hand_in.folder)
            submission = self._reader.read(hand_in.folder)
            if not hand_in.folder.is_dir():
                continue  # somebody took it away meanwhile: its last grade stays
            before = find_record(self._folder.reports, hand_in.lesson, hand_in.student)
            is_new = before is None or before.report.submission != submission.digest
            if task is None or not is_new:
                yield Job(hand_in, submission, files, before), submission

    def write(self, job: Job, report: Report) -> Record:
        """Write notebook, gradebook and record of one graded hand-in."""
        folder, hand_in, before = self._folder, job.hand_in, job.before
        record = Record(hand_in.student, report, hand_in.submitted)
        notebook = self._reader.graded_notebook(self._released, job.submission, report)
        write_autograded(folder, hand_in, notebook.text, self._time(hand_in))
        # The record comes after: a run stopped before it writes all three again.
        is_new = before is None or before.report.submission != report.submission
        has_written = notebook.has_written
        self._book.write(record, self._lesson, has_written=has_written, is_new=is_new)
        save_record(folder.reports, record)
        self._memory.keep(hand_in, record, job.files, has_written)
        return record
