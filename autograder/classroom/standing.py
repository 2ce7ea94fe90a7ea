"""What a gradebook says of one student in one lesson, people's decisions included."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One graded thing: a task, or an answer in words."""

    name: str  # the task's, or the question's
    points: float  # what counts: by hand before ours, extra credit included
    max_points: float
    auto: float | None  # ours; None where none was given
    manual: float | None  # a person's
    comment: str  # a person's
    needs_manual_grade: bool

    @property
    def is_by_hand(self) -> bool:
        """Whether a person decided something about it."""
        return self.manual is not None or bool(self.comment)


@dataclass(frozen=True)
class Standing:
    """A student's points in one lesson, as nbgrader would export them."""

    student: str
    lesson: str
    max_points: float
    penalty: float  # for lateness
    parts: tuple[Part, ...]

    @property
    def points(self) -> float:
        """The points that count, lateness included."""
        return max(0.0, sum(part.points for part in self.parts) - self.penalty)

    @property
    def needs_manual_grade(self) -> bool:
        """Whether a person has still to look at a part."""
        return any(part.needs_manual_grade for part in self.parts)
