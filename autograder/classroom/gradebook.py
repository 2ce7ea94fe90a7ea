"""Writes reports into nbgrader's gradebook, through nbgrader's own API.

One process writes, one class at a time, whatever many processes grade. Only this
module, its neighbours `gradebook_place` and `gradebook_rows`, and `nbgrader_plugin`
import nbgrader.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from nbgrader.api import Grade, Gradebook, MissingEntry, Student
from nbgrader.apps.api import NbGraderAPI
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning

from autograder.classroom.gradebook_place import GradebookPlace, read_config
from autograder.classroom.gradebook_rows import SubmissionRow, read_rows
from autograder.classroom.graded_notebook import comment_of, task_of
from autograder.classroom.records import Record, Roster, check_student_id
from autograder.classroom.released import check_points
from autograder.classroom.standing import Part, Standing
from autograder.student.lesson import Course, Lesson
from autograder.student.report import CourseError, TaskResult, Verdict

_REASON = re.compile(r"^ *(\w+(?:Error|Exception|Entry): .+)$", re.MULTILINE)
_MOST_TIME = 100  # characters of a time


class ClassGradebook:
    """A class's gradebook, open for one writer."""

    def __init__(self, place: GradebookPlace) -> None:
        """Open a gradebook that ``class init`` made.

        Raises:
            CourseError: there is none.
            InfrastructureError: it cannot be opened.
        """
        if not place.exists():
            raise CourseError(
                f"{place} is missing; make it with: autograder class init"
            )
        self._place = place
        config = read_config(place.root)
        course = str(config.CourseDirectory.get("course_id", "default_course"))
        with place.told():
            self._book = Gradebook(place.full_address, course)
        self._penalties = AssignLatePenalties(config=config)
        self._penalties.init_plugin()
        self._names: dict[str, str] = {}  # of cells, by their number
        self._rows: dict[str, dict[str, SubmissionRow]] = {}

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
        with self._place.told():
            known = {student.id: student for student in self._book.students}
            for student in roster.students.values():
                if student.id not in known:
                    known[student.id] = Student(id=student.id)
                    self._book.db.add(known[student.id])
                row = known[student.id]
                row.first_name = student.first_name or None
                row.last_name = student.last_name or None
                row.email = student.email or None
                row.lms_user_id = student.lms_user_id or None
            self._book.db.commit()

    def check_points(self, lesson: Lesson) -> None:
        """Refuse where cells give other points than the course's tasks.

        Raises:
            CourseError: they do, or the lesson is not here.
        """
        with self._told(lesson):
            notebook = self._book.find_notebook(lesson.id, lesson.id)
            points = {cell.name: cell.max_score for cell in notebook.grade_cells}
        check_points(points, lesson, self._place.root)

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
        wins over ours. It is marked to be looked at again where the submission changed,
        or our score.

        Args:
            record: The student and the report.
            lesson: Whose notebook is in the gradebook.
            has_written: Whether there is an answer in words for a person to grade.
            is_new: Whether the submission is another one than at the last run.

        Raises:
            CourseError: the gradebook does not have this lesson, or is none.
            InfrastructureError: it cannot be written.
        """
        with warnings.catch_warnings(), self._told(lesson):
            # Nbgrader builds a submission's rows before adding them.
            warnings.filterwarnings("ignore", "Object of type", SAWarning)
            self._write(record, lesson, _Wanted(record, lesson, has_written), is_new)

    @contextlib.contextmanager
    def _told(self, lesson: Lesson) -> Iterator[None]:
        try:
            with self._place.told():
                yield
        except MissingEntry as error:
            raise CourseError(
                f"the gradebook has no {lesson.id} ({error}); run class init again"
            ) from None

    def _write(
        self, record: Record, lesson: Lesson, wanted: _Wanted, is_new: bool
    ) -> None:
        book, name = self._book, lesson.id
        student = check_student_id(record.student)
        book.find_assignment(name)
        if book.db.get(Student, student) is None:
            book.db.add(Student(id=student))
        try:
            submission = book.find_submission(name, student)
        except MissingEntry:
            submission, is_new = book.add_submission(name, student), True
        when = time_of(record.submitted)
        if when is not None:
            submission.timestamp = when
        notebook = book.find_submission_notebook(name, name, student)
        for grade in notebook.grades:
            score = wanted.score(self._name_of(grade))
            if is_new or score != grade.auto_score:
                grade.auto_score = score
                by_hand = grade.manual_score is not None or score is None
                grade.needs_manual_grade = by_hand
        for comment in notebook.comments:
            comment.auto_comment = wanted.comment(self._name_of(comment))
        points = sum(map(_points_of, notebook.grades))
        late = submission.total_seconds_late
        notebook.late_submission_penalty = self._penalty(student, points, late)
        book.db.commit()

    def _name_of(self, row: Any) -> str:
        """Return the name of a row's cell; the database is asked once a cell."""
        if row.cell_id not in self._names:
            self._names[row.cell_id] = row.cell.name
        return self._names[row.cell_id]

    def _penalty(self, student: str, points: float, seconds: float) -> float | None:
        """Apply the course's rule for late submissions, nbgrader's plugin for it."""
        if seconds <= 0:
            return None
        rule = self._penalties.plugin_inst.late_submission_penalty
        penalty: float | None = rule(student, points, seconds)
        return None if penalty is None else min(max(penalty, 0.0), points)

    def holds(self, record: Record, lesson: Lesson, *, has_written: bool) -> bool:
        """Return whether `write` would change nothing.

        The rows of a lesson are read once: changes of others since then are not seen.

        Raises:
            InfrastructureError: it cannot be read.
        """
        if lesson.id not in self._rows:
            with self._place.told():
                rows = read_rows(self._book, lesson.id)
            self._rows[lesson.id] = {row.student: row for row in rows}
        row = self._rows[lesson.id].get(record.student)
        if row is None:
            return False
        wanted = _Wanted(record, lesson, has_written)
        when = time_of(record.submitted)
        return (
            when in (None, row.timestamp)
            and all(wanted.score(name) == g.auto for name, g in row.grades.items())
            and all(wanted.comment(name) == c.auto for name, c in row.comments.items())
            and row.penalty == self._penalty(row.student, row.score, row.seconds_late)
        )

    def standings(self, course: Course) -> list[Standing]:
        """Return what each student has in each lesson, by lesson and student.

        Args:
            course: whose tasks name the parts; a cell of no task keeps its own name.

        Raises:
            InfrastructureError: it cannot be read.
        """
        with self._place.told():
            rows = read_rows(self._book)
        return [_standing(row, course) for row in rows]


class _Wanted:
    """What the rows of one record are to say, by the names of the notebook's cells."""

    def __init__(self, record: Record, lesson: Lesson, has_written: bool) -> None:
        self._lesson, self._has_written = lesson, has_written
        self._results = {task.task: task for task in record.report.tasks}

    def score(self, cell: str) -> float | None:
        """Return our points; None where a person has to give them."""
        task = self._result(cell)
        if task is None:  # the answer in words
            return None if self._has_written else 0.0
        return None if task.verdict is Verdict.INFRA else task.points

    def comment(self, cell: str) -> str | None:
        """Return what we say about an answer."""
        task = self._result(cell)
        if task is None:
            return None if self._has_written else "No response."
        return comment_of(task)

    def _result(self, cell: str) -> TaskResult | None:
        return self._results.get(task_of(cell, self._lesson) or "")


def _points_of(grade: Grade) -> float:
    """Return what counts of a row that may not be in the database yet."""
    own = grade.auto_score if grade.manual_score is None else grade.manual_score
    return 0.0 if own is None else own + (grade.extra_credit or 0.0)


def _standing(row: SubmissionRow, course: Course) -> Standing:
    lesson = course.lesson(row.lesson) if row.lesson in course.ids else None
    order = [task.name for task in lesson.tasks] if lesson else []

    def part_of(cell: str) -> str:
        return (task_of(cell, lesson) if lesson else None) or cell

    said = {part_of(name): c.manual or "" for name, c in row.comments.items()}
    parts = [
        Part(
            part_of(name),
            grade.score,
            grade.max_score,
            grade.auto,
            grade.manual,
            said.get(part_of(name), ""),
            grade.needs_manual_grade,
        )
        for name, grade in row.grades.items()
    ]
    place = {name: number for number, name in enumerate(order)}
    parts.sort(key=lambda part: (place.get(part.name, len(order)), part.name))
    penalty = row.penalty or 0.0
    return Standing(row.student, row.lesson, row.max_score, penalty, tuple(parts))


def release(root: Path, lesson: str) -> None:
    """Run ``nbgrader generate_assignment`` for one lesson of a class folder.

    Raises:
        CourseError: nbgrader refuses; its last words are in the sentence.
    """
    api = NbGraderAPI(config=read_config(root))
    result = api.generate_assignment(lesson, force=True, create=True)
    if not result["success"]:
        text = f"{result.get('error', '')}\n{result.get('log', '')}"
        reasons = _REASON.findall(text)
        words = reasons[-1] if reasons else "it gives no reason"
        raise CourseError(f"nbgrader does not release {lesson}: {words}")


def time_of(text: str) -> datetime | None:
    """Return when, in UTC, or None where timestamp.txt cannot be read as a time."""
    try:
        when: datetime | None = parse_utc(text[:_MOST_TIME]) if text else None
    except Exception:  # dateutil answers odd texts with errors of many kinds
        return None
    return when
