"""What a student has in a lesson: what grading found, and what people made of it.

Pages and the class report show this, so that they agree with the gradebook. Where there
is no gradebook, the report's own points count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from autograder.classroom.records import Record
from autograder.classroom.standing import Part, Standing
from autograder.classroom.wording import report_word
from autograder.student.lesson import Lesson
from autograder.student.report import Verdict, gettext

#: By student and lesson.
Standings = Mapping[tuple[str, str], Standing]


@dataclass(frozen=True)
class Marks:
    """One student's record in one lesson, and the gradebook's standing if any."""

    record: Record
    lesson: Lesson
    standing: Standing | None = None

    @property
    def points(self) -> float:
        """The points that count."""
        return self.standing.points if self.standing else self.record.report.points

    @property
    def max_points(self) -> float:
        """The most that the lesson gives, extra credit apart."""
        if self.standing is None:
            return self.record.report.max_points
        return self.standing.max_points

    @property
    def penalty(self) -> float:
        """What lateness costs."""
        return self.standing.penalty if self.standing else 0.0

    @property
    def waiting(self) -> tuple[Part, ...]:
        """The parts that a person has still to grade."""
        parts = self.standing.parts if self.standing else ()
        return tuple(part for part in parts if part.needs_manual_grade)

    def part(self, name: str) -> Part | None:
        """Return what the gradebook says of a task or an answer in words."""
        parts = self.standing.parts if self.standing else ()
        return next((part for part in parts if part.name == name), None)

    @property
    def other_parts(self) -> tuple[Part, ...]:
        """What the lesson does not know: an instructor's own cells."""
        known = {task.task for task in self.record.report.tasks}
        if self.lesson.written is not None:
            known.add(self.lesson.written.name)
        parts = self.standing.parts if self.standing else ()
        return tuple(part for part in parts if part.name not in known)

    @property
    def is_graded(self) -> bool:
        """Whether nothing of ours failed."""
        return self.record.report.verdict is not Verdict.INFRA

    @property
    def word(self) -> str:
        """How the submission ended, in a word or two."""
        return report_word(self.record.report)


def marks_of(
    records: Iterable[Record],
    lessons: Mapping[str, Lesson],
    standings: Standings | None = None,
) -> list[Marks]:
    """Return each record with its lesson and its standing."""
    known = standings or {}
    return [
        Marks(
            record, lessons[record.lesson], known.get((record.student, record.lesson))
        )
        for record in records
    ]


def extra_credit(part: Part) -> float:
    """Return the points that a person gave on top."""
    given = part.manual if part.manual is not None else part.auto
    return round(part.points - (given or 0.0), 4)


def by_hand(part: Part) -> tuple[str, ...]:
    """Return the sentences that say what a person decided about a part's points."""
    told = []
    if part.manual is not None and part.manual != part.auto:
        text = gettext("Graded by a person: {points} of {most} points.")
        told.append(text.format(points=f"{part.manual:g}", most=f"{part.max_points:g}"))
    if extra_credit(part):
        text = gettext("Extra credit from a person: {points}.")
        told.append(text.format(points=f"{extra_credit(part):g}"))
    return tuple(told)
