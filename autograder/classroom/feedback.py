"""The page that a student reads, and the index over a class's pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from autograder.classroom.course_site import CourseSite, heading_of
from autograder.classroom.files import write_if_changed
from autograder.classroom.page_templates import render
from autograder.classroom.records import Record, Roster, Student, check_student_id
from autograder.student.lesson import Lesson
from autograder.student.report import Message, TaskResult, Verdict


@dataclass(frozen=True)
class Card:
    """One task on a student's page."""

    result: TaskResult
    passed: int  # checks passed
    messages: tuple[Message, ...]  # the worst first, each once
    chapter: str  # heading of the chapter to read, in words
    link: str  # where that heading is on the course's website, "" without one
    hints: str  # where the task's hints are on it, "" without one


def feedback_page(
    record: Record, lesson: Lesson, student: Student, site: str = ""
) -> str:
    """Return one student's page for one lesson.

    Args:
        record: What grading found.
        lesson: Where titles and chapter anchors come from.
        student: Whose name to put on top.
        site: Address of the course's website, for links to chapters and hints; without
            one, the page names them and links nothing.
    """
    return render(
        "feedback.html.j2",
        record=record,
        report=record.report,
        lesson=lesson,
        student=student,
        cards=[_card(task, lesson, CourseSite(site)) for task in record.report.tasks],
        ungraded=record.report.verdict is Verdict.INFRA,
    )


def write_feedback(
    folder: Path,
    records: Iterable[Record],
    lessons: Mapping[str, Lesson],
    roster: Roster | None = None,
    site: str = "",
) -> Path:
    """Write ``LESSON/STUDENT.html`` for every record, and an index; return its path.

    The index names every student: it is for the instructor. A student's own page holds
    no one else's name.
    """
    people = roster or Roster()
    rows = []
    for record in records:
        name = check_student_id(record.student)
        page = feedback_page(record, lessons[record.lesson], people[name], site)
        write_if_changed(folder / record.lesson / f"{name}.html", page)
        link = f"{quote(record.lesson)}/{quote(name)}.html"
        rows.append((people[name], record, link))
    index = folder / "index.html"
    write_if_changed(index, render("index.html.j2", rows=rows))
    return index


def _card(task: TaskResult, lesson: Lesson, site: CourseSite) -> Card:
    failed = [test for test in task.tests if test.verdict is not Verdict.PASSED]
    failed.sort(key=lambda test: test.verdict.rank)
    messages = dict.fromkeys(t.message for t in failed if t.message is not None)
    anchor = next((t.chapter for t in lesson.tasks if t.name == task.task), "")
    return Card(
        result=task,
        passed=len(task.tests) - len(failed),
        messages=tuple(messages),
        chapter=heading_of(lesson, anchor) if anchor else "",
        link=site.chapter(lesson, anchor) if anchor else "",
        hints=site.hints(lesson, task.task) if anchor else "",
    )
