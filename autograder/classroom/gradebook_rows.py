"""What a gradebook's rows say, read in three queries however large the class is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import select


@dataclass(frozen=True)
class GradeRow:
    """The points of one cell."""

    score: float  # what counts: a person's before ours, and extra credit
    max_score: float
    auto: float | None
    manual: float | None
    needs_manual_grade: bool


@dataclass(frozen=True)
class CommentRow:
    """What is said about one cell."""

    auto: str | None
    manual: str | None


@dataclass
class SubmissionRow:
    """What a student handed in for a lesson; cells by their names in the notebook."""

    student: str
    lesson: str
    timestamp: datetime | None
    due: datetime | None  # with this student's extension
    max_score: float
    penalty: float | None = None
    grades: dict[str, GradeRow] = field(default_factory=dict)
    comments: dict[str, CommentRow] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The points of all cells, before any penalty."""
        return sum(grade.score for grade in self.grades.values())

    @property
    def seconds_late(self) -> float:
        """How long after its due date it came; 0 without one."""
        if self.timestamp is None or self.due is None:
            return 0.0
        return max(0.0, (self.timestamp - self.due).total_seconds())


def read_rows(book: Gradebook, lesson: str | None = None) -> list[SubmissionRow]:
    """Return the submissions of one lesson, or of all, by lesson and student."""
    mine = () if lesson is None else (Assignment.name == lesson,)
    found: dict[str, SubmissionRow] = {}
    query: Any = (
        select(
            SubmittedNotebook.id,
            SubmittedNotebook.late_submission_penalty,
            SubmittedAssignment.id,
            SubmittedAssignment.student_id,
            SubmittedAssignment.timestamp,
            SubmittedAssignment.extension,
            Assignment.name,
            Assignment.duedate,
            Assignment.max_score,
        )
        .join(SubmittedAssignment, SubmittedNotebook.assignment)
        .join(Assignment, SubmittedAssignment.assignment)
        .where(*mine)
    )
    submissions: dict[str, SubmissionRow] = {}
    for own, penalty, whole, student, when, extension, name, due, most in _all(
        book, query
    ):
        if due is not None and extension is not None:
            due += extension
        row = submissions.setdefault(
            whole, SubmissionRow(student, name, when, due, most)
        )
        if penalty is not None:
            row.penalty = (row.penalty or 0.0) + penalty
        found[own] = row
    query = select(
        Grade.notebook_id,
        BaseCell.name,
        Grade.score,
        Grade.max_score,
        Grade.auto_score,
        Grade.manual_score,
        Grade.needs_manual_grade,
    ).join(BaseCell, Grade.cell)
    for own, cell, *values in _all(book, query):
        if own in found:
            found[own].grades[cell] = GradeRow(*values)
    query = select(
        Comment.notebook_id, BaseCell.name, Comment.auto_comment, Comment.manual_comment
    ).join(BaseCell, Comment.cell)
    for own, cell, auto, manual in _all(book, query):
        if own in found:
            found[own].comments[cell] = CommentRow(auto, manual)
    return sorted(submissions.values(), key=lambda row: (row.lesson, row.student))


def _all(book: Gradebook, query: Any) -> Any:
    return book.db.execute(query).all()
