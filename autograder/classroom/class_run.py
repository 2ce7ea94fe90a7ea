"""Grades a class folder: from hand-ins to gradebook, notebooks and records."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from autograder.classroom.folder import TIMESTAMP, ClassFolder, HandIn
from autograder.classroom.graded_notebook import (
    read_released,
    with_answers,
    with_grades,
)
from autograder.classroom.parallel import Watcher, grade_many
from autograder.classroom.records import Record, save_record
from autograder.classroom.store import write_atomically
from autograder.classroom.written_answer import written_answer
from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError

if TYPE_CHECKING:
    from autograder.classroom.gradebook import ClassGradebook

_Key = tuple[HandIn, Submission]


def grade_class(
    folder: ClassFolder,
    lesson: Lesson,
    *,
    seed: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    fresh: bool = False,
    watch: Watcher | None = None,
) -> Iterator[Record]:
    """Grade one lesson of a class and yield each record once it is in the gradebook.

    Many processes grade; this one alone writes. Stopping half way loses nothing: what
    was yielded is in the gradebook, and the next run finds the reports in the store.

    Args:
        folder: The class.
        lesson: Which lesson.
        seed: Another seed than the class run's.
        workers, scheduler, fresh, watch: See `grade_many`; the watcher's keys are
            (HandIn, Submission).

    Raises:
        CourseError: the lesson is not released in this folder, or cannot be graded.
        InfrastructureError: no worker can be started.
    """
    if not folder.gradebook.exists():
        raise CourseError(f"{folder.gradebook} is missing; run class init again")
    released = read_released(folder.released(lesson.id))
    # Importing nbgrader takes longer than grading several submissions: do both at once.
    gradebook = f"{__package__}.gradebook"
    Thread(target=import_module, args=[gradebook], daemon=True).start()

    def submissions() -> Iterator[tuple[_Key, Submission]]:
        for hand_in in folder.hand_ins(lesson):
            submission = read_submission(hand_in.folder, lesson)
            yield (hand_in, submission), submission

    reports = grade_many(
        lesson,
        submissions(),
        seed=folder.seed if seed is None else seed,
        workers=workers,
        scheduler=scheduler,
        store=folder.store,
        fresh=fresh,
        watch=watch,
    )
    with contextlib.ExitStack() as stack:
        book: ClassGradebook | None = None
        for (hand_in, submission), report in reports:
            if book is None:
                book = stack.enter_context(_open_gradebook(folder))
            record = Record(hand_in.student, report, hand_in.submitted)
            written = written_answer(hand_in.folder, lesson)
            notebook = with_answers(released, submission, lesson, written)
            notebook = with_grades(notebook, report, lesson)
            write_autograded(folder, hand_in, notebook)
            book.write(record, lesson, has_written=written is not None)
            save_record(folder.reports, record)
            yield record


def _open_gradebook(folder: ClassFolder) -> ClassGradebook:
    from autograder.classroom.gradebook import ClassGradebook

    book = ClassGradebook(folder.gradebook)
    book.add_students(folder.roster)
    return book


def write_autograded(
    folder: ClassFolder, hand_in: HandIn, notebook: dict[str, Any]
) -> Path:
    """Write the graded notebook where formgrader and generate_feedback look for it."""
    place = folder.autograded(hand_in.student, hand_in.lesson)
    path = place / f"{hand_in.lesson}.ipynb"
    write_atomically(path, json.dumps(notebook, indent=1, ensure_ascii=False))
    if hand_in.submitted:
        write_atomically(place / TIMESTAMP, f"{hand_in.submitted}\n")
    return path
