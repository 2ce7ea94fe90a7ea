"""The class report: one page with the class's numbers, plots and common mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from markupsafe import Markup

from autograder.classroom.page_templates import render
from autograder.classroom.records import Record, Roster
from autograder.classroom.statistics import LessonStatistics, summarise
from autograder.student.lesson import Lesson


def class_statistics(records: Iterable[Record]) -> list[LessonStatistics]:
    """Count the records lesson by lesson, in the lessons' order."""
    by_lesson: dict[str, list[Record]] = {}
    for record in records:
        by_lesson.setdefault(record.lesson, []).append(record)
    return [
        summarise(lesson, (record.report for record in by_lesson[lesson]))
        for lesson in sorted(by_lesson)
    ]


def class_report(
    records: Iterable[Record],
    lessons: Mapping[str, Lesson],
    roster: Roster | None = None,
) -> str:
    """Return the page over a whole class, plots inside it as SVG."""
    from autograder.classroom import plots as draw

    everything = list(records)
    people = roster or Roster()
    sections = []
    for statistics in class_statistics(everything):
        lesson = lessons.get(statistics.lesson)
        plots = {}
        if statistics.tasks:
            plots = {
                "points": Markup(draw.points_plot(statistics)),
                "verdicts": Markup(draw.verdict_plot(statistics)),
                "time": Markup(draw.time_plot(statistics)),
            }
        if statistics.misconceptions:
            drawn = draw.misconception_plot(statistics.misconceptions)
            plots["misconceptions"] = Markup(drawn)
        missing = sorted(
            set(people.students)
            - {r.student for r in everything if r.lesson == statistics.lesson}
        )
        title = statistics.lesson if lesson is None else lesson.title
        sections.append((title, statistics, plots, missing))
    return render("class.html.j2", sections=sections)
