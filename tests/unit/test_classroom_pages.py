"""The pages: a student's, the index, the class report."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from classroom_kit import make_lesson, make_record, make_report, make_task

from autograder.classroom.class_report import class_report
from autograder.classroom.course_site import check_site
from autograder.classroom.feedback import feedback_page, write_feedback
from autograder.classroom.gradescope import gradescope_results
from autograder.classroom.records import Roster, Student
from autograder.classroom.wording import task_feedback
from autograder.student.lesson import Lesson
from autograder.student.report import CourseError, Message, Verdict

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    return make_lesson(tmp_path)


def _tags(page: str) -> _Tags:
    parser = _Tags()
    parser.feed(page)
    return parser


def test_a_student_reads_points_message_diagnosis_and_chapter(lesson: Lesson) -> None:
    page = feedback_page(
        make_record("ada"), lesson, Student("ada", "Ada"), "https://x.org/c"
    )
    for words in (
        "Slopes",
        "Ada",
        "5 / 10",
        "1 of 2 checks pass",
        "double is wrong.",
        "the lesson of adds-two",
        'href="https://x.org/c/00-slopes/#step-1-double-it"',
        'href="https://x.org/c/00-slopes/#hints-double"',
        "Read by a person",
    ):
        assert words in page


def test_a_student_reads_how_marks_came_about(lesson: Lesson) -> None:
    core = make_task("double", Verdict.PASSED, Verdict.WRONG)
    first, second = core.tests
    tests = replace(first, core=True), replace(second, core=True, lent=("halve",))
    failed = replace(core, tests=tests)
    page = feedback_page(make_record("ada", failed), lesson, Student("ada"))
    assert "4 / 10" in page
    for sentence in (failed.cap_text, failed.lent_text):
        assert sentence
        assert sentence in page
        assert sentence in task_feedback(failed)
        assert sentence in gradescope_results(make_report(failed))["tests"][0]["output"]
    passed = feedback_page(
        make_record("ada", make_task("double", Verdict.PASSED)), lesson, Student("ada")
    )
    assert "at most" not in passed


def test_without_a_site_the_chapter_is_named_and_nothing_links(lesson: Lesson) -> None:
    page = feedback_page(make_record("ada"), lesson, Student("ada"))
    assert "Step 1 double it" in page
    assert "hints.md" in page
    assert "href" not in page
    chapter = "# Slopes\n\n## Step 1: double it {#step-1-double-it}\n"
    (lesson.course_dir / "index.md").write_text(chapter)
    page = feedback_page(make_record("ada"), lesson, Student("ada"))
    assert "Chapter: Step 1: double it" in page


def test_nothing_that_a_student_wrote_becomes_markup(lesson: Lesson) -> None:
    task = make_task(
        "double",
        Verdict.CRASH,
        Verdict.WRONG,
        message=Message(EVIL, EVIL, EVIL),
        diagnosis=EVIL,
    )
    record = make_record("ada", task, notes=(EVIL,), name=EVIL)
    pages = [
        feedback_page(record, lesson, Student("ada", EVIL)),
        class_report([record], {lesson.id: lesson}),
    ]
    for page in pages:
        found = _tags(page)
        assert not {"script", "img"} & set(found.tags)
        assert not [name for name in found.attributes if name.startswith("on")]


def test_one_page_a_student_and_an_index_over_all(
    tmp_path: Path, lesson: Lesson
) -> None:
    records = [make_record("ada"), make_record("O'Neil")]
    roster = Roster({"ada": Student("ada", "Ada", "Lovelace")})
    index = write_feedback(tmp_path / "out", records, {lesson.id: lesson}, roster)
    assert "Ada Lovelace" in index.read_text()
    for link in re.findall(r'href="([^"]+)"', index.read_text()):
        assert (index.parent / link.replace("%27", "'")).exists()
    own = (index.parent / "00-slopes" / "ada.html").read_text()
    assert "O'Neil" not in own
    assert "O&#39;Neil" not in own


def test_our_own_failure_is_said_to_be_ours(lesson: Lesson) -> None:
    record = make_record("ada", make_task("double", Verdict.INFRA))
    page = feedback_page(record, lesson, Student("ada"))
    assert "through no fault of yours" in page


def test_the_class_report_has_plots_and_the_common_mistakes(lesson: Lesson) -> None:
    records = [make_record("ada"), make_record("bob")]
    roster = Roster({"zed": Student("zed")})
    page = class_report(records, {lesson.id: lesson}, roster)
    assert page.count("<svg") == 4
    assert "the lesson of adds-two" in page
    assert re.search(r"Nothing handed in:\s*zed", page)
    assert page == class_report(records, {lesson.id: lesson}, roster)


@pytest.mark.parametrize(
    "address",
    ["x.org", "javascript:alert(1)", "https://", "https://x.org/?a", 'https://x.org/"'],
)
def test_what_is_no_address_of_a_website_is_refused(address: str) -> None:
    with pytest.raises(CourseError, match="not a website's address"):
        check_site(address)


def test_pages_that_stay_the_same_are_left_alone(
    tmp_path: Path, lesson: Lesson
) -> None:
    known = {lesson.id: lesson}
    index = write_feedback(tmp_path, [make_record("ada"), make_record("bob")], known)
    pages = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.html")}
    ada = make_record("ada", make_task("double", Verdict.PASSED))
    write_feedback(tmp_path, [ada, make_record("bob")], known)
    changed = {p for p, stamp in pages.items() if p.stat().st_mtime_ns != stamp}
    assert changed == {index, tmp_path / lesson.id / "ada.html"}


def test_a_class_in_which_no_test_ran_still_has_its_report(lesson: Lesson) -> None:
    record = make_record("ada", make_task("double"), make_task("halve", points=5))
    assert "Class report" in class_report([record], {lesson.id: lesson})
