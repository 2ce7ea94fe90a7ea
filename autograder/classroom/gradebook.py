"""Writes reports into nbgrader's gradebook, through nbgrader's own API.

One process writes, one class at a time, whatever many processes grade. Only this module
and `nbgrader_plugin` import nbgrader.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.apps.api import NbGraderAPI
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy.exc import OperationalError, SAWarning, SQLAlchemyError
from traitlets.config import Config

from autograder.classroom.graded_notebook import comment_of, task_of
from autograder.classroom.records import Record, Roster, check_student_id
from autograder.classroom.standing import Part, Standing
from autograder.isolated import environment
from autograder.student.lesson import Course, Lesson
from autograder.student.report import CourseError, InfrastructureError, Verdict

_REASON = re.compile(r"^ *(\w+(?:Error|Exception|Entry): .+)$", re.MULTILINE)
_MOST_TIME = 100  # characters of a time
LOCK_PATIENCE_S = 30  # formgrader may hold the database for a moment


class ClassGradebook:
    """A class's gradebook.db, open for one writer."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise CourseError(f"{path} is missing; make it with: autograder class init")
        self._folder = path.parent
        self._url = f"sqlite:///{path}?timeout={LOCK_PATIENCE_S}"
        self._path = path
        with self._told():
            self._book = Gradebook(self._url)
        self._penalties = AssignLatePenalties(config=read_config(path.parent))
        self._penalties.init_plugin()
        self._tasks: dict[str, str] = {}  # of cells, by their number

    def __enter__(self) -> ClassGradebook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._book.close()

    def add_students(self, roster: Roster) -> None:
        """Take over names and addresses of the class list.

        Raises:
            InfrastructureError: the gradebook cannot be written.
        """
        with self._told():
            for student in roster.students.values():
                self._book.update_or_create_student(
                    student.id,
                    first_name=student.first_name or None,
                    last_name=student.last_name or None,
                    email=student.email or None,
                    lms_user_id=student.lms_user_id or None,
                )

    def write(
        self,
        record: Record,
        lesson: Lesson,
        *,
        has_written: bool,
        is_new: bool = True,
    ) -> None:
        """Write one report: scores, comments, when it was handed in.

        What a person graded stays, as with ``nbgrader autograde``: a manual score
        wins over ours. It is marked to be looked at again where something changed.

        Args:
            record: The student and the report.
            lesson: Whose notebook is in the gradebook.
            has_written: Whether there is an answer in words for a person to grade.
            is_new: Whether the submission or its report changed since the last run.

        Raises:
            CourseError: the gradebook does not have this lesson, or is none.
            InfrastructureError: it cannot be written.
        """
        try:
            with warnings.catch_warnings(), self._told():
                # Nbgrader builds a submission's rows before adding them.
                warnings.filterwarnings("ignore", "Object of type", SAWarning)
                self._write(record, lesson, has_written, is_new)
        except MissingEntry as error:
            raise CourseError(
                f"the gradebook has no {lesson.id} ({error}); run class init again"
            ) from None

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Tell in one sentence why the database refuses, and whose fault it is."""
        try:
            yield
        except SQLAlchemyError as error:
            reason = _reason(error)
            if isinstance(error, OperationalError) and "no such" not in reason:
                # Locked, read-only, or the disk is full.
                raise InfrastructureError(
                    f"{self._path} cannot be used: {reason}"
                ) from None
            raise CourseError(f"{self._path} is not a gradebook: {reason}") from None

    def _write(
        self, record: Record, lesson: Lesson, has_written: bool, is_new: bool
    ) -> None:
        book = self._book
        student = check_student_id(record.student)
        book.find_assignment(lesson.id)
        book.update_or_create_student(student)
        is_new = is_new or not self._has_submission(lesson.id, student)
        when = _timestamp(record.submitted)
        fields = {} if when is None else {"timestamp": when}
        submission = book.update_or_create_submission(lesson.id, student, **fields)
        notebook = book.find_submission_notebook(lesson.id, lesson.id, student)
        results = {task.task: task for task in record.report.tasks}
        for grade in notebook.grades:
            task = results.get(self._task_of(grade, lesson))
            score: float | None
            if task is None:  # the answer in words
                score = None if has_written else 0.0
            else:
                score = None if task.verdict is Verdict.INFRA else task.points
            if is_new or score != grade.auto_score:
                grade.auto_score = score
                by_hand = grade.manual_score is not None or score is None
                grade.needs_manual_grade = by_hand
        for comment in notebook.comments:
            task = results.get(self._task_of(comment, lesson))
            if task is not None:
                comment.auto_comment = comment_of(task)
            else:
                comment.auto_comment = None if has_written else "No response."
        book.db.commit()
        if submission.total_seconds_late > 0:
            self._penalise(notebook, submission.total_seconds_late)
        elif notebook.late_submission_penalty is not None:
            notebook.late_submission_penalty = None
            book.db.commit()

    def _task_of(self, row: Grade | Comment, lesson: Lesson) -> str:
        """Return the task that a row is about; the database is asked once a cell."""
        if row.cell_id not in self._tasks:
            self._tasks[row.cell_id] = task_of(row.cell.name, lesson) or ""
        return self._tasks[row.cell_id]

    def _has_submission(self, lesson: str, student: str) -> bool:
        try:
            self._book.find_submission(lesson, student)
        except MissingEntry:
            return False
        return True

    def _penalise(self, notebook: SubmittedNotebook, seconds: float) -> None:
        """Apply the course's rule for late submissions, nbgrader's plugin for it."""
        penalty = self._penalties.plugin_inst.late_submission_penalty(
            notebook.student.id, notebook.score, seconds
        )
        if penalty is not None:
            penalty = min(max(penalty, 0.0), notebook.score)
        notebook.late_submission_penalty = penalty
        self._book.db.commit()

    def standings(self, course: Course) -> list[Standing]:
        """Return what each student has in each lesson, by lesson and student.

        Args:
            course: whose tasks name the parts; a cell of no task keeps its own name.
        """
        return [
            self._standing(submission, course)
            for assignment in self._book.assignments
            for submission in sorted(
                assignment.submissions, key=lambda one: one.student.id
            )
        ]

    def _standing(self, submission: SubmittedAssignment, course: Course) -> Standing:
        name = submission.assignment.name
        lesson = course.lesson(name) if name in course.ids else None
        comments: dict[str, str] = {}
        parts: list[Part] = []
        for notebook in submission.notebooks:
            for comment in notebook.comments:
                own = self._part_of(comment, lesson)
                comments[own] = comment.manual_comment or ""
            for grade in notebook.grades:
                own = self._part_of(grade, lesson)
                parts.append(
                    Part(
                        own,
                        grade.score,
                        grade.cell.max_score,
                        grade.auto_score,
                        grade.manual_score,
                        comments.get(own, ""),
                        bool(grade.needs_manual_grade),
                    )
                )
        return Standing(
            submission.student.id,
            name,
            submission.assignment.max_score,
            submission.late_submission_penalty or 0.0,
            tuple(parts),
        )

    def _part_of(self, row: Grade | Comment, lesson: Lesson | None) -> str:
        task = self._task_of(row, lesson) if lesson else ""
        return task or str(row.cell.name)


def create_gradebook(path: Path) -> None:
    """Make an empty gradebook, unless there is one.

    Nbgrader starts the ``alembic`` command for it and finds that on PATH alone; half
    way through, a gradebook without a version would stay. So it is made here, once.

    Raises:
        CourseError: it cannot be made.
    """
    if path.exists():
        return
    safe = environment()
    safe["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), safe["PATH"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.unlink(missing_ok=True)
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(safe)
    try:
        Gradebook(f"sqlite:///{draft}").close()
        draft.replace(path)
    except (OSError, subprocess.CalledProcessError, SQLAlchemyError) as error:
        draft.unlink(missing_ok=True)
        raise CourseError(f"{path} cannot be made: {_reason(error)}") from None
    finally:
        os.environ.clear()
        os.environ.update(before)


def release(root: Path, lesson: str) -> None:
    """Run ``nbgrader generate_assignment`` for one lesson of a class folder.

    Raises:
        CourseError: nbgrader refuses; its last words are in the sentence.
    """
    api = NbGraderAPI(config=read_config(root))
    result = api.generate_assignment(lesson, force=True, create=True)
    if not result["success"]:
        text = f"{result.get('error', '')}\n{result.get('log', '')}"
        reasons = re.findall(
            r"^ *(\w+(?:Error|Exception|Entry): .+)$", text, re.MULTILINE
        )
        words = reasons[-1] if reasons else "it gives no reason"
        raise CourseError(f"nbgrader does not release {lesson}: {words}")


def read_config(root: Path) -> Config:
    """Return the class folder's nbgrader configuration."""
    from traitlets.config.loader import PyFileConfigLoader

    config = Config()
    if (root / "nbgrader_config.py").exists():
        loader = PyFileConfigLoader("nbgrader_config.py", path=str(root))
        config = loader.load_config()
    config.CourseDirectory.root = str(root)
    return config


def _timestamp(text: str) -> Any:
    """Return when, in UTC, or None where timestamp.txt cannot be read as a time."""
    try:
        return parse_utc(text[:_MOST_TIME]) if text else None
    except Exception:  # dateutil answers odd texts with errors of many kinds
        return None


def _reason(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).split("\n")[0]
