"""Our two steps in ``nbgrader autograde``: restore the notebook, write the grades.

Set up by the nbgrader_config.py of ``autograder class init``. Stock nbgrader runs the
student's notebook in a kernel beside its tests; here the sandbox judges, and nbgrader
reads the points from each grade cell's outputs as it always does. Both classes must
derive from NbGraderPreprocessor with ``enabled`` true, or nbgrader skips them silently.
"""

from __future__ import annotations

import atexit
import json
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from autograder.classroom.folder import ClassFolder, open_class
from autograder.classroom.graded_notebook import read_released, with_grades
from autograder.classroom.parallel import grade_many
from autograder.classroom.reader import Reader
from autograder.classroom.worker_pool import WorkerPool
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError, Report, Verdict

#: What `RestoreNotebook` read, kept for `GradeNotebook`, which comes next and takes it.
_just_read: dict[Path, Submission] = {}


class _Step(NbGraderPreprocessor):  # type: ignore[misc]
    """What both steps need: the class folder, the lesson, what was handed in."""

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Replace the notebook; nbgrader calls this once a pass."""
        folder = open_class(self._root())
        names = resources["nbgrader"]
        # An assignment of another course has no hidden tests here, and an empty output
        # means full marks to nbgrader: refuse rather than give points away.
        lesson = folder.course.lesson(names["assignment"])
        if names["notebook"] != lesson.id or names["assignment"] != lesson.id:
            raise CourseError(f"{names['notebook']} is not the notebook of {lesson.id}")
        work = folder.root / "submitted" / names["student"] / lesson.id
        submission = self.read(work, lesson)
        marked = self.mark(nb, folder, lesson, submission)
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
    ) -> dict[str, Any]:
        """Return what the notebook becomes."""
        raise NotImplementedError

    def _root(self) -> Path:
        owner = self.parent
        while owner is not None:
            directory = getattr(owner, "coursedir", None)
            if directory is not None:
                return Path(directory.root)
            owner = owner.parent
        raise CourseError("this preprocessor works inside `nbgrader autograde` alone")


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
    ) -> dict[str, Any]:
        """Return the released notebook with the student's answers."""
        released = read_released(folder.released(lesson.id))
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
    ) -> dict[str, Any]:
        """Return the notebook with its grades.

        Raises:
            InfrastructureError: our own failure: nbgrader then grades nothing of this
                submission, and says so.
        """
        report = _grade(folder, lesson, submission)
        if report.verdict is Verdict.INFRA:
            raise InfrastructureError("the grader failed; run autograde again")
        return with_grades(nb, report, lesson)


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
