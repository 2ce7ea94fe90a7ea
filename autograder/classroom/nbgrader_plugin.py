"""Our steps in ``nbgrader autograde``: restore the notebook, grade it, save the grades.

Set up by the nbgrader_config.py of ``autograder class init``. Stock nbgrader runs the
student's notebook in a kernel beside its tests; here the sandbox judges, and nbgrader
reads the points from each grade cell's outputs as it always does. All classes must
derive from NbGraderPreprocessor with ``enabled`` true, or nbgrader skips them silently.
"""

from __future__ import annotations

import atexit
import json
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor, SaveAutoGrades
from nbgrader.utils import determine_grade
from traitlets import Bool

from autograder.classroom.folder import ClassFolder, HandIn, open_class
from autograder.classroom.graded_notebook import (
    comment_of,
    read_released,
    task_of,
    with_grades,
)
from autograder.classroom.parallel import grade_many
from autograder.classroom.reader import Reader
from autograder.classroom.records import Record, find_record, save_record
from autograder.classroom.released import check_points, released_points
from autograder.classroom.worker_pool import WorkerPool
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError, Report, Verdict

#: What `RestoreNotebook` read, kept for `GradeNotebook`, which comes next and takes it.
_just_read: dict[Path, Submission] = {}
#: What `GradeNotebook` found, kept for `SaveGrades`.
_just_graded: dict[Path, Report] = {}


def _root_of(step: Any) -> Path:
    """Return the class folder of the ``nbgrader autograde`` that a step is part of."""
    owner = step.parent
    while owner is not None:
        directory = getattr(owner, "coursedir", None)
        if directory is not None:
            return Path(directory.root)
        owner = owner.parent
    raise CourseError("this preprocessor works inside `nbgrader autograde` alone")


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    """What both steps need: the class folder, the lesson, what was handed in."""

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Replace the notebook; nbgrader calls this once a pass."""
        folder = open_class(_root_of(self))
        names = resources["nbgrader"]
        # An assignment of another course has no hidden tests here, and an empty output
        # means full marks to nbgrader: refuse rather than give points away.
        lesson = folder.course.lesson(names["assignment"])
        if names["notebook"] != lesson.id or names["assignment"] != lesson.id:
            raise CourseError(f"{names['notebook']} is not the notebook of {lesson.id}")
        work = folder.root / "submitted" / names["student"] / lesson.id
        submission = self.read(work, lesson)
        marked = self.mark(nb, folder, lesson, submission, work)
        return nbformat.from_dict(marked), resources

    def read(self, work: Path, lesson: Lesson) -> Submission:
        """Return what was handed in."""
        return _reader(lesson).read(work)

    def mark(
        self,
        nb: Any,
        folder: ClassFolder,
        lesson: Lesson,
        submission: Submission,
        work: Path,
    ) -> dict[str, Any]:
        """Return what the notebook becomes."""
        raise NotImplementedError


class RestoreNotebook(_Step):
    """First step of sanitising: our released notebook with the student's code in it."""

    def read(self, work: Path, lesson: Lesson) -> Submission:
        """Read the submission and keep it for the step that grades it."""
        _just_read.clear()
        _just_read[work] = super().read(work, lesson)
        return _just_read[work]

    def mark(
        self,
        nb: Any,
        folder: ClassFolder,
        lesson: Lesson,
        submission: Submission,
        work: Path,
    ) -> dict[str, Any]:
        """Return the released notebook with the student's answers."""
        released = read_released(folder.released(lesson.id))
        check_points(released_points(released), lesson, folder.root)
        text = _reader(lesson).restored_notebook(released, submission)
        restored: dict[str, Any] = json.loads(text)
        return restored


class GradeNotebook(_Step):
    """First step of autograding: every grade cell's outputs, from the report."""

    def read(self, work: Path, lesson: Lesson) -> Submission:
        """Return what the first step read; read it if that step was not run."""
        found = _just_read.pop(work, None)
        return super().read(work, lesson) if found is None else found

    def mark(
        self,
        nb: Any,
        folder: ClassFolder,
        lesson: Lesson,
        submission: Submission,
        work: Path,
    ) -> dict[str, Any]:
        """Return the notebook with its grades.

        Raises:
            InfrastructureError: our own failure: nbgrader then grades nothing of this
                submission, and says so.
        """
        report = _grade(folder, lesson, submission)
        if report.verdict is Verdict.INFRA:
            raise InfrastructureError("the grader failed; run autograde again")
        _just_graded.clear()
        _just_graded[work] = report
        return with_grades(nb, report, lesson)


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]
    """Nbgrader's own step, which says of each answer what ``class grade`` says.

    What a person graded is marked to be looked at again only where the submission or
    our score changed.
    """

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save scores and comments, then the record of our report."""
        folder = open_class(_root_of(self))
        names = resources["nbgrader"]
        hand_in = HandIn(
            names["student"],
            names["assignment"],
            folder.root / "submitted" / names["student"] / names["assignment"],
        )
        self._report = _just_graded.pop(hand_in.folder)
        self._lesson = folder.course.lesson(hand_in.lesson)
        before = find_record(folder.reports, hand_in.lesson, hand_in.student)
        self._is_new = before is None or (
            before.report.submission != self._report.submission
        )
        saved: tuple[Any, Any] = super().preprocess(nb, resources)
        record = Record(hand_in.student, self._report, hand_in.submitted)
        save_record(folder.reports, record)
        return saved

    def _add_score(self, cell: Any, resources: Any) -> None:
        grade = self.gradebook.find_grade(
            cell.metadata["nbgrader"]["grade_id"],
            self.notebook_id,
            self.assignment_id,
            self.student_id,
        )
        score, _ = determine_grade(cell, self.log)
        if self._is_new or score != grade.auto_score:
            super()._add_score(cell, resources)

    def _add_comment(self, cell: Any, resources: Any) -> None:
        super()._add_comment(cell, resources)
        name = cell.metadata["nbgrader"]["grade_id"]
        task = task_of(name, self._lesson)
        if task is None:
            return
        comment = self.gradebook.find_comment(
            name, self.notebook_id, self.assignment_id, self.student_id
        )
        comment.auto_comment = comment_of(self._report.task(task))
        self.gradebook.db.commit()


_pools: dict[tuple[str, int], WorkerPool] = {}
_readers: dict[str, Reader] = {}


def _reader(lesson: Lesson) -> Reader:
    """Return one reader a lesson, kept for all students of an nbgrader run."""
    if lesson.digest not in _readers:
        _readers[lesson.digest] = Reader(lesson)
    return _readers[lesson.digest]


def _grade(folder: ClassFolder, lesson: Lesson, submission: Submission) -> Report:
    """Grade with one pool a lesson, kept for all students of an nbgrader run."""
    key = lesson.digest, folder.seed
    if key not in _pools:
        cache = folder.store.folder / "answers"
        _pools[key] = WorkerPool(lesson, folder.seed, size=1, cache=cache)
    ((_, report),) = grade_many(
        lesson,
        [(None, submission)],
        seed=folder.seed,
        store=folder.store,
        pool=_pools[key],
    )
    return report


@atexit.register
def _stop_workers() -> None:
    for pool in _pools.values():
        pool.close()
    for reader in _readers.values():
        reader.close()
