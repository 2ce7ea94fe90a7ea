"""The links of feedback pages, followed into the website as it is built."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import Document, read
from website import REPOSITORY, Site

from autograder.classroom.feedback import feedback_page
from autograder.classroom.marks import Marks
from autograder.classroom.records import Record, Student
from autograder.student.lesson import Course, Lesson
from autograder.student.report import Report, TaskResult, TestResult, Verdict

LESSONS = Course(REPOSITORY).lessons


def _failed(lesson: Lesson) -> Record:
    """Return a record in which every task failed, so that every link is shown."""
    tasks = tuple(
        TaskResult(
            task.name,
            task.points,
            (TestResult("test", task.name, 1.0, Verdict.WRONG),),
        )
        for task in lesson.tasks
    )
    return Record(
        "ada", Report(lesson.id, "1" * 64, "a.py", "2" * 64, 7, "none", tasks)
    )


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_every_link_of_a_feedback_page_resolves(site: Site, lesson: Lesson) -> None:
    page = feedback_page(Marks(_failed(lesson), lesson), Student("ada"), site.url)
    links = Document(page).links
    assert len(links) == 2 * len(lesson.tasks)
    for link in links:
        assert link.startswith(site.url)
        path, _, anchor = link.removeprefix(site.url).partition("#")
        target = Path(site.root, path, "index.html")
        assert target.is_file(), link
        assert anchor in read(target).ids, link
