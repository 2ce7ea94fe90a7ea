"""Grades a class folder: from hand-ins to gradebook, notebooks and records."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from autograder.classroom.files import write_if_changed
from autograder.classroom.folder import TIMESTAMP, ClassFolder, HandIn
from autograder.classroom.graded_notebook import read_released
from autograder.classroom.parallel import Watcher, grade_many
from autograder.classroom.reader import Reader
from autograder.classroom.records import Record, is_saved, save_record
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError

if TYPE_CHECKING:
    from autograder.classroom.gradebook import ClassGradebook

_Key = tuple[HandIn, Submission]


def grade_class(
    folder: ClassFolder,
    lesson: Lesson,
    hand_ins: Iterable[HandIn],
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
        hand_ins: What was handed in for it; each is read once, here.
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

    reader = Reader(lesson)

    def submissions() -> Iterator[tuple[_Key, Submission]]:
        for hand_in in hand_ins:
            submission = reader.read(hand_in.folder)
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
        stack.enter_context(reader)
        book: ClassGradebook | None = None
        for (hand_in, submission), report in reports:
            if book is None:
                book = stack.enter_context(_open_gradebook(folder))
            record = Record(hand_in.student, report, hand_in.submitted)
            notebook = reader.graded_notebook(released, submission, report)
            # The record comes last: a run stopped before it writes all three again.
            is_new = write_autograded(folder, hand_in, notebook.text)
            is_new |= not is_saved(folder.reports, record)
            has_written = notebook.has_written
            book.write(record, lesson, has_written=has_written, is_new=is_new)
            save_record(folder.reports, record)
            yield record


def _open_gradebook(folder: ClassFolder) -> ClassGradebook:
    from autograder.classroom.gradebook import ClassGradebook

    book = ClassGradebook(folder.gradebook)
    book.add_students(folder.roster)
    return book


def write_autograded(folder: ClassFolder, hand_in: HandIn, text: str) -> bool:
    """Write the graded notebook where formgrader and generate_feedback look for it.

    Returns:
        Whether it was not there already, the same.
    """
    place = folder.autograded(hand_in.student, hand_in.lesson)
    path = place / f"{hand_in.lesson}.ipynb"
    is_new = write_if_changed(path, text)
    if hand_in.submitted:
        write_if_changed(place / TIMESTAMP, f"{hand_in.submitted}\n")
    return is_new
