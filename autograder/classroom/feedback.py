"""The page that a student reads, and the index over a class's pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from autograder.classroom.course_site import CourseSite, heading_of
from autograder.classroom.files import write_if_changed
from autograder.classroom.marks import Marks
from autograder.classroom.page_templates import render
from autograder.classroom.records import Roster, Student, check_student_id
from autograder.classroom.standing import Part
from autograder.student.report import Message, TaskResult, Verdict


@dataclass(frozen=True)
class Card:
    """One task on a student's page."""

    result: TaskResult
    part: Part | None  # what the gradebook says of it
    passed: int  # checks passed
    messages: tuple[Message, ...]  # the worst first, each once
    chapter: str  # heading of the chapter to read, in words
    link: str  # where that heading is on the course's website, "" without one
    hints: str  # where the task's hints are on it, "" without one

    @property
    def points(self) -> float:
        """The points that count."""
        return self.result.points if self.part is None else self.part.points

    @property
    def max_points(self) -> float:
        """The most that it gives."""
        return self.result.max_points if self.part is None else self.part.max_points


def feedback_page(marks: Marks, student: Student, site: str = "") -> str:
    """Return one student's page for one lesson.

    Args:
        marks: What grading found, and what people made of it.
        student: Whose name to put on top.
        site: Address of the course's website, for links to chapters and hints; without
            one, the page names them and links nothing.
    """
    tasks = marks.record.report.tasks
    return render(
        "feedback.html.j2",
        marks=marks,
        student=student,
        cards=[_card(task, marks, CourseSite(site)) for task in tasks],
    )


def write_feedback(
    folder: Path, marks: Iterable[Marks], roster: Roster | None = None, site: str = ""
) -> Path:
    """Write ``LESSON/STUDENT.html`` for each, and an index; return its path.

    The index names every student: it is for the instructor. A student's own page holds
    no one else's name.
    """
    people = roster or Roster()
    rows = []
    for one in marks:
        name, lesson = check_student_id(one.record.student), one.record.lesson
        page = feedback_page(one, people[name], site)
        write_if_changed(folder / lesson / f"{name}.html", page)
        rows.append((people[name], one, f"{quote(lesson)}/{quote(name)}.html"))
    index = folder / "index.html"
    write_if_changed(index, render("index.html.j2", rows=rows))
    return index


def _card(task: TaskResult, marks: Marks, site: CourseSite) -> Card:
    lesson = marks.lesson
    failed = [test for test in task.tests if test.verdict is not Verdict.PASSED]
    failed.sort(key=lambda test: test.verdict.rank)
    messages = dict.fromkeys(t.message for t in failed if t.message is not None)
    anchor = next((t.chapter for t in lesson.tasks if t.name == task.task), "")
    return Card(
        result=task,
        part=marks.part(task.task),
        passed=len(task.tests) - len(failed),
        messages=tuple(messages),
        chapter=heading_of(lesson, anchor) if anchor else "",
        link=site.chapter(lesson, anchor) if anchor else "",
        hints=site.hints(lesson, task.task) if anchor else "",
    )
