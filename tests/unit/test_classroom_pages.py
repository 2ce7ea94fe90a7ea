"""The pages: a student's, the index, the class report."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from classroom_kit import make_lesson, make_record, make_report, make_task

from autograder.classroom.class_report import class_report, lesson_reports
from autograder.classroom.course_site import check_site
from autograder.classroom.feedback import feedback_page, write_feedback
from autograder.classroom.fingerprints import Source
from autograder.classroom.gradescope import gradescope_results
from autograder.classroom.marks import Marks, marks_of
from autograder.classroom.records import Roster, Student
from autograder.classroom.similar_page import similar_page
from autograder.classroom.similarity import Group, Likeness, Pair, Passage, Place
from autograder.classroom.standing import Part, Standing
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
    marks = Marks(make_record("ada"), lesson)
    page = feedback_page(marks, Student("ada", "Ada"), "https://x.org/c")
    for words in (
        "Slopes",
        "Ada",
        "5 / 10",
        "1 of 2 checks pass",
        "double is wrong.",
        "the lesson of adds-two",
        'href="https://x.org/c/00-slopes/#step-1-double-it"',
        'href="https://x.org/c/00-slopes/#hints-double"',
        "For a person to grade",
    ):
        assert words in page


def test_a_student_reads_how_marks_came_about(lesson: Lesson) -> None:
    core = make_task("double", Verdict.PASSED, Verdict.WRONG)
    first, second = core.tests
    tests = replace(first, core=True), replace(second, core=True, lent=("halve",))
    failed = replace(core, tests=tests)
    page = feedback_page(Marks(make_record("ada", failed), lesson), Student("ada"))
    assert "4 / 10" in page
    for sentence in (failed.cap_text, failed.lent_text):
        assert sentence
        assert sentence in page
        assert sentence in task_feedback(failed)
        assert sentence in gradescope_results(make_report(failed))["tests"][0]["output"]
    right = make_record("ada", make_task("double", Verdict.PASSED))
    passed = feedback_page(Marks(right, lesson), Student("ada"))
    assert "at most" not in passed


def test_without_a_site_the_chapter_is_named_and_nothing_links(lesson: Lesson) -> None:
    page = feedback_page(Marks(make_record("ada"), lesson), Student("ada"))
    assert "Step 1 double it" in page
    assert "hints.md" in page
    assert "href" not in page
    chapter = "# Slopes\n\n## Step 1: double it {#step-1-double-it}\n"
    (lesson.course_dir / "index.md").write_text(chapter)
    page = feedback_page(Marks(make_record("ada"), lesson), Student("ada"))
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
    part = Part("double", 1.0, 10.0, 0.0, 1.0, EVIL, True)
    marks = Marks(record, lesson, _standing(part, replace(part, name=EVIL)))
    roster = Roster({"ada": Student("ada", EVIL)})
    group = _group(EVIL)
    code = {name: [Source(EVIL, EVIL)] for name in group.students}
    found = [Likeness(lesson.id, 2, (group,), code)]
    reports = lesson_reports([marks], roster, {lesson.id: (group,)})
    pages = [
        feedback_page(marks, Student("ada", EVIL)),
        class_report(reports, roster),
        similar_page(found, {lesson.id: EVIL}, roster),
    ]
    for page in pages:
        found = _tags(page)
        assert not {"script", "img"} & set(found.tags)
        assert not [name for name in found.attributes if name.startswith("on")]
        assert "alert(1)" in page
        assert "default-src 'none'; style-src 'unsafe-inline'" in page


def test_one_page_a_student_and_an_index_over_all(
    tmp_path: Path, lesson: Lesson
) -> None:
    marks = [Marks(make_record(name), lesson) for name in ("ada", "O'Neil")]
    roster = Roster({"ada": Student("ada", "Ada", "Lovelace")})
    index = write_feedback(tmp_path / "out", marks, roster)
    assert "Ada Lovelace" in index.read_text()
    for link in re.findall(r'href="([^"]+)"', index.read_text()):
        assert (index.parent / link.replace("%27", "'")).exists()
    own = (index.parent / "00-slopes" / "ada.html").read_text()
    assert "O'Neil" not in own
    assert "O&#39;Neil" not in own


def test_our_own_failure_is_said_to_be_ours(lesson: Lesson) -> None:
    record = make_record("ada", make_task("double", Verdict.INFRA))
    page = feedback_page(Marks(record, lesson), Student("ada"))
    assert "through no fault of yours" in page


def test_the_class_report_says_how_it_went_and_what_to_teach_again(
    lesson: Lesson,
) -> None:
    failed = make_task("halve", Verdict.WRONG, points=5)
    records = [make_record("ada"), make_record("bob", failed)]
    roster = Roster({"zed": Student("zed", "Zed")})
    site = "https://x.org/c"
    page = class_report(
        lesson_reports(marks_of(records, {lesson.id: lesson}), roster), roster, site
    )
    for words in (
        "1 on the class list handed nothing in",
        "the lesson of adds-two",
        'href="https://x.org/c/00-slopes/#step-1-double-it"',
        'href="00-slopes/ada.html"',
        "Failed without a mistake that we know; most often in test_halve_0",
        "autograder class similar",
    ):
        assert words in page
    assert re.search(r"60 to 70 %.*?>1<", page)  # ada, 10 of 15
    assert re.search(r"0 to 10 %.*?>1<", page)  # bob


def test_pages_say_what_a_person_decided(lesson: Lesson) -> None:
    standing = _standing(
        Part("double", 9.0, 10.0, 5.0, 7.0, "Better than it looks.", False),
        Part("halve", 5.0, 5.0, 5.0, None, "", False),
        Part("explain", 4.0, 5.0, None, 4.0, "Well said.", False),
        Part("poster", 1.0, 2.0, None, 1.0, "", False),
        penalty=3.0,
    )
    page = feedback_page(Marks(make_record("ada"), lesson, standing), Student("ada"))
    for words in (
        "16 <small>/ 22 points",
        "Handed in late: 3 points are taken off.",
        "9 / 10",
        "Graded by a person: 7 of 10 points.",
        "Extra credit from a person: 2.",
        "Better than it looks.",
        "4 / 5",
        "Well said.",
        "poster",
    ):
        assert words in page
    assert "For a person to grade" not in page


def test_an_answer_in_words_waits_for_a_person(tmp_path: Path, lesson: Lesson) -> None:
    waits = Part("explain", 0.0, 5.0, None, None, "", True)
    marks = Marks(make_record("ada"), lesson, _standing(waits))
    page = feedback_page(marks, Student("ada"))
    assert "points so far" in page
    assert "For a person to grade" in page
    index = write_feedback(tmp_path, [marks]).read_text()
    assert "for a person to grade: explain" in index
    silent = replace(waits, auto=0.0, needs_manual_grade=False)
    nothing = Marks(make_record("ada"), lesson, _standing(silent))
    assert "No answer" in feedback_page(nothing, Student("ada"))


def test_a_partly_solved_file_is_not_called_unattempted(
    tmp_path: Path, lesson: Lesson
) -> None:
    done = make_task("double", Verdict.PASSED)
    stub = make_task("halve", Verdict.NOT_ATTEMPTED, points=5)
    half = make_task("halve", Verdict.PASSED, Verdict.NOT_ATTEMPTED, points=5)
    records = [make_record("ada", done, stub), make_record("bob", done, half)]
    marks = marks_of(records, {lesson.id: lesson})
    index = write_feedback(tmp_path, marks).read_text()
    assert index.count("Partly solved") == 2
    assert "Not attempted" not in index
    assert "Partly solved" in feedback_page(marks[1], Student("bob"))
    assert "Partly solved (2.5 / 5)" in task_feedback(half)


def _standing(*parts: Part, penalty: float = 0.0) -> Standing:
    most = sum(part.max_points for part in parts)
    return Standing("ada", "00-slopes", most, penalty, parts)


def _group(cell: str) -> Group:
    place = Place(cell, 1, 1)
    pair = Pair("ada", "eve", 0.9, 99, False, (Passage(place, place),))
    return Group(("ada", "eve"), (pair,))


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
    ada, bob = (Marks(make_record(name), lesson) for name in ("ada", "bob"))
    index = write_feedback(tmp_path, [ada, bob])
    pages = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.html")}
    right = make_record("ada", make_task("double", Verdict.PASSED))
    write_feedback(tmp_path, [Marks(right, lesson), bob])
    changed = {p for p, stamp in pages.items() if p.stat().st_mtime_ns != stamp}
    assert changed == {index, tmp_path / lesson.id / "ada.html"}


def test_a_class_in_which_no_test_ran_still_has_its_report(lesson: Lesson) -> None:
    record = make_record("ada", make_task("double"), make_task("halve", points=5))
    reports = lesson_reports([Marks(record, lesson)])
    assert "Class report" in class_report(reports)
