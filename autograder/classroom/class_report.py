"""The class report: how it went, what to teach again, whom to look at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from autograder.classroom.attention import Concern, concerns
from autograder.classroom.course_site import CourseSite, heading_of
from autograder.classroom.marks import Marks
from autograder.classroom.page_templates import render
from autograder.classroom.records import Roster
from autograder.classroom.similarity import Group
from autograder.classroom.statistics import LessonStatistics, summarise
from autograder.student.lesson import Lesson

#: By lesson: the groups that resemble each other, None where nobody has compared.
Groups = Mapping[str, tuple[Group, ...]]


@dataclass(frozen=True)
class LessonReport:
    """What an instructor reads of one lesson."""

    lesson: Lesson
    statistics: LessonStatistics
    concerns: tuple[Concern, ...]
    is_compared: bool  # whether anyone looked for what resembles each other

    @property
    def to_see(self) -> int:
        """How many students somebody should look at, ordinary grading apart."""
        whys = [why for why in self.concerns if why.kind != "waiting"]
        return len({one.student for why in whys for one in why.people})

    @property
    def to_grade(self) -> int:
        """How many students wait for a person's grade."""
        return sum(len(why.people) for why in self.concerns if why.kind == "waiting")

    def as_dict(self) -> dict[str, Any]:
        """Return plain data: the facts of the page."""
        return {
            "title": self.lesson.title,
            **asdict(self.statistics),
            "chapters": {task.name: task.chapter for task in self.lesson.tasks},
            "concerns": [asdict(concern) for concern in self.concerns],
            "is_compared": self.is_compared,
        }


def lesson_reports(
    marks: Iterable[Marks], roster: Roster | None = None, groups: Groups | None = None
) -> list[LessonReport]:
    """Count everyone's marks lesson by lesson, in the lessons' order."""
    by_lesson: dict[str, list[Marks]] = {}
    for one in marks:
        by_lesson.setdefault(one.record.lesson, []).append(one)
    students = (roster or Roster()).students
    compared = groups or {}
    return [
        LessonReport(
            mine[0].lesson,
            summarise(lesson, mine, students),
            tuple(concerns(mine, compared.get(lesson, ()))),
            lesson in compared,
        )
        for lesson, mine in sorted(by_lesson.items())
    ]


def class_report(
    reports: Iterable[LessonReport], roster: Roster | None = None, site: str = ""
) -> str:
    """Return the page over a whole class.

    Args:
        reports: What to show.
        roster: Who the students are.
        site: Address of the course's website, for links to chapters.
    """
    website = CourseSite(site)
    shown = list(reports)
    chapters = {
        (report.lesson.id, task.name): (
            heading_of(report.lesson, task.chapter),
            website.chapter(report.lesson, task.chapter),
        )
        for report in shown
        for task in report.lesson.tasks
    }
    return render(
        "class.html.j2", reports=shown, chapters=chapters, people=roster or Roster()
    )
