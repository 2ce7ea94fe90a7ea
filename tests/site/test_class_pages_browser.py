"""The instructor's pages in a real browser: accessible, narrow, without the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import axe
import pytest
from website import REPOSITORY

from autograder.classroom.class_report import class_report, lesson_reports
from autograder.classroom.feedback import write_feedback
from autograder.classroom.fingerprints import Source, fingerprints
from autograder.classroom.marks import Marks
from autograder.classroom.records import Record, Roster, Student
from autograder.classroom.similar_page import similar_page
from autograder.classroom.similarity import Likeness, similar_groups
from autograder.classroom.standing import Part, Standing
from autograder.student.lesson import Course, Lesson
from autograder.student.report import (
    Message,
    Report,
    TaskResult,
    TestResult,
    Verdict,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

START, LESSON = map(Course(REPOSITORY).lesson, ("00", "01"))
STUDENTS = [
    f"student.{number:02}@a-university-with-a-long-name" for number in range(12)
]


def _marks(lesson: Lesson, students: Sequence[str]) -> Iterator[Marks]:
    verdicts = list(Verdict)
    for number, student in enumerate(students):
        tasks = []
        for place, task in enumerate(lesson.tasks):
            verdict = verdicts[-1 - (number * (place + 1)) % len(verdicts)]
            told = Message(
                f"{task.name}: " + "long" * 40, "x" * 300, "Chapter, step 1."
            )
            test = TestResult("test_" + "y" * 60, task.name, 1.0, verdict, told)
            mistake = ("sign-lost", "The sign is lost.") if number % 3 else (None, None)
            tasks.append(TaskResult(task.name, task.points, (test, test), *mistake))
        report = Report(lesson.id, "1" * 64, "a.py", "2" * 64, 7, "none", tuple(tasks))
        part = Part(
            "explain", 0.0, 5.0, None, None, "A comment. " * 20, bool(number % 2)
        )
        standing = Standing(student, lesson.id, 100.0, 1.0, (part,))
        yield Marks(Record(student, report), lesson, standing)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every kind of page."""
    root = tmp_path_factory.mktemp("pages")
    marks = [*_marks(START, STUDENTS[:2]), *_marks(LESSON, STUDENTS)]
    roster = Roster(
        {STUDENTS[0]: Student(STUDENTS[0], "Ada", "Lovelace"), "zed": Student("zed")}
    )
    cells = [Source("cell 1", LESSON.reference_path.read_text(encoding="utf-8"))]
    groups = similar_groups({name: fingerprints(cells) for name in STUDENTS[:3]})
    code = dict.fromkeys(STUDENTS[:3], cells)
    found = [Likeness(LESSON.id, 24, tuple(groups), code)]
    reports = lesson_reports(marks, roster, {LESSON.id: tuple(groups)})
    write_feedback(root, marks, roster, "https://example.org/course")
    (root / "class.html").write_text(class_report(reports, roster), encoding="utf-8")
    similar = similar_page(found, {LESSON.id: LESSON.title}, roster)
    (root / "similar.html").write_text(similar, encoding="utf-8")
    return root


def test_the_pages_are_accessible_narrow_and_whole(
    pages: Path, browser: Browser
) -> None:
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    problems = []
    paths = [pages / name for name in ("class.html", "similar.html", "index.html")]
    paths.append(pages / LESSON.id / f"{STUDENTS[1]}.html")
    for path in paths:
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(path.as_uri())
        axe.unfold(page)
        axe.start(page)
        problems += axe.found(page, f"{path.name}, light", axe.ALL)
        page.emulate_media(color_scheme="dark")
        problems += axe.found(page, f"{path.name}, dark", axe.DARK)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0:
                problems.append(f"{path.name} is too wide for {width} pixels")
        problems += axe.found(page, f"{path.name}, narrow", axe.NARROW)
    context.close()
    assert problems == [], "\n".join(problems)
    assert asked == [path.as_uri() for path in paths]  # nothing else is loaded
