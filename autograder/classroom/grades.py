"""What a class's students have in its lessons, for whoever carries it elsewhere.

The gradebook decides where there is one: it knows what people graded, what lateness
costs and what is extra. Where there is none the reports do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.classroom.records import Record, Roster, load_records
from autograder.classroom.roster import read_roster
from autograder.classroom.standing import Part, Standing
from autograder.student.lesson import Course, Lesson
from autograder.student.report import TaskResult, Verdict


@dataclass(frozen=True)
class Grade:
    """One student's grade in one lesson."""

    standing: Standing
    record: Record | None  # None where only the gradebook knows of it
    is_graded: bool  # False where the grader failed and nobody has graded by hand

    @property
    def student(self) -> str:
        """The student's id."""
        return self.standing.student

    @property
    def lesson(self) -> str:
        """The lesson's folder name."""
        return self.standing.lesson

    def task(self, name: str) -> TaskResult | None:
        """Return what grading found for a part, None where it is no task."""
        tasks = self.record.report.tasks if self.record else ()
        return next((task for task in tasks if task.task == name), None)


@dataclass(frozen=True)
class Grades:
    """The grades of a class, by student and lesson, and who the students are."""

    grades: tuple[Grade, ...]
    roster: Roster

    def __iter__(self) -> Iterator[Grade]:
        return iter(self.grades)

    @property
    def lessons(self) -> list[str]:
        """The lessons in which anyone has a grade, in order."""
        return sorted({grade.lesson for grade in self.grades})

    @property
    def students(self) -> list[str]:
        """Everyone of the class list or with a grade, sorted."""
        return self.roster.ids(grade.student for grade in self.grades)

    def of(self, student: str, lesson: str) -> Grade | None:
        """Return one grade, None where nothing was handed in."""
        return self._by_key.get((student, lesson))

    def max_points(self, lesson: str) -> float:
        """Return the points possible in a lesson, the answer in words included."""
        return max(g.standing.max_points for g in self.grades if g.lesson == lesson)

    @property
    def waiting(self) -> list[Grade]:
        """The grades of which a person has still to look at a part."""
        return [grade for grade in self.grades if grade.standing.needs_manual_grade]

    @cached_property
    def _by_key(self) -> dict[tuple[str, str], Grade]:
        return {(grade.student, grade.lesson): grade for grade in self.grades}


def load_grades(source: Path, course: Course, lesson: str | None = None) -> Grades:
    """Read the grades of a class folder, of ``grade --out``, or of a file of reports.

    Args:
        source: what `load_records` reads; the gradebook and the class list beside it.
        course: whose lessons these are.
        lesson: only this one's.

    Raises:
        CourseError: there is nothing graded.
        InfrastructureError: the gradebook cannot be read.
    """
    known = [one for one in _standings(source, course) if lesson in (None, one.lesson)]
    # Nbgrader's own autograde fills the gradebook and writes no report.
    only_known = known and not any(source.glob("reports/*/*.json"))
    records = [] if only_known else load_records(source, lesson)
    return gather(records, course, read_roster(source / "students.csv"), known)


def gather(
    records: Iterable[Record],
    course: Course,
    roster: Roster,
    standings: Sequence[Standing] = (),
) -> Grades:
    """Return the grades that reports and standings make together."""
    by_key = {(record.student, record.lesson): record for record in records}
    lessons = {name: course.lesson(name) for name in course.ids}
    found = {(one.student, one.lesson): one for one in standings}
    for key, record in by_key.items():
        if key not in found:
            found[key] = _standing_of(record, lessons.get(record.lesson))
    return Grades(
        tuple(
            Grade(one, by_key.get(key), _is_graded(one, lessons.get(one.lesson)))
            for key, one in sorted(found.items())
        ),
        roster,
    )


def _standings(source: Path, course: Course) -> list[Standing]:
    from autograder.classroom.gradebook_place import find_gradebook

    place = find_gradebook(source)
    if not place.exists():
        return []
    from autograder.classroom.gradebook import ClassGradebook

    with ClassGradebook(place) as book:
        return book.standings(course)


def _standing_of(record: Record, lesson: Lesson | None) -> Standing:
    """Return what a report alone says: nobody has graded the answer in words yet."""
    parts = [_part_of(task) for task in record.report.tasks]
    if lesson is not None and lesson.written is not None:
        written = lesson.written
        parts.append(Part(written.name, 0.0, written.points, None, None, "", True))
    most = sum(part.max_points for part in parts)
    return Standing(record.student, record.lesson, most, 0.0, tuple(parts))


def _part_of(task: TaskResult) -> Part:
    failed = task.verdict is Verdict.INFRA
    auto = None if failed else task.points
    return Part(task.task, auto or 0.0, task.max_points, auto, None, "", failed)


def _is_graded(standing: Standing, lesson: Lesson | None) -> bool:
    tasks = {task.name for task in lesson.tasks} if lesson else set()
    return not any(
        part.auto is None and part.manual is None
        for part in standing.parts
        if part.name in tasks
    )
