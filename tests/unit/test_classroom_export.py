"""Exports: what other systems read in them, and names that would break a table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import pytest
from classroom_kit import make_lesson, make_record, make_task
from hypothesis import given
from hypothesis import strategies as st
from lms_importers import CanvasStudent, canvas_import, moodle_import

import autograder.classroom
from autograder.classroom.csv_table import csv_text, read_table
from autograder.classroom.export import grades_json, long_csv, wide_csv
from autograder.classroom.grades import Grades, gather
from autograder.classroom.lms import canvas_csv, moodle_csv
from autograder.classroom.records import Record, Roster, Student
from autograder.classroom.standing import Part, Standing
from autograder.student.lesson import Course
from autograder.student.report import CourseError, Message, Verdict

LESSON = "00-slopes"
ROSTER = Roster(
    {
        "ob": Student("ob", "Bob", 'O\'Neil, "Bob"', "b@x.org", "4711"),
        "eve": Student("eve", "=cmd|' /C calc'!A0", "@SUM(A1)", "eve@x.org"),
        "張偉": Student("張偉", "偉", "張", "zhang@x.org", "4713"),
        "new": Student("new", "Points Possible", ""),
    }
)
#: As Canvas knows the class; its names are its own.
CANVAS = (
    CanvasStudent(4711, "ob", "ob"),
    CanvasStudent(4712, "s-4712", "eve"),
    CanvasStudent(4713, "s-4713", "z@x.org"),
    CanvasStudent(4714, "new", ""),
)
ASSIGNMENTS = {88: "Slopes", 89: "Other"}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of one lesson: 15 points for tasks, 5 for an answer in words."""
    return Course(make_lesson(tmp_path).root)


@pytest.fixture
def grades(course: Course) -> Grades:
    """Reports alone: one partly right, one that we failed to grade."""
    failed = make_record("eve", make_task("double", Verdict.INFRA))
    return gather([make_record("ob"), failed, make_record("張偉")], course, ROSTER)


def _standing(student: str = "ob", penalty: float = 1.0) -> Standing:
    parts = (
        Part("double", 8.5, 10, 5.0, 8.0, "Half a point <i>extra</i>.", False),
        Part("halve", 5.0, 5, 5.0, None, "", False),
        Part("explain", 4.0, 5, None, 4.0, "", False),
    )
    return Standing(student, LESSON, 20, penalty, parts)


@pytest.fixture
def graded(course: Course) -> Grades:
    """The same where a person has graded ``ob``."""
    return gather([make_record("ob")], course, ROSTER, [_standing()])


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_row_a_student_and_a_column_a_task(grades: Grades) -> None:
    rows = {row["student"]: row for row in _rows(wide_csv(grades))}
    assert list(rows) == ["eve", "ob", "張偉"]
    row = rows["ob"]
    assert (row["points"], row["max_points"], row["penalty"]) == ("10", "20", "0")
    assert (row["double"], row["halve"], row["explain"]) == ("5", "5", "")
    assert (row["needs_manual_grade"], row["verdict"]) == ("yes", "wrong")
    assert (rows["eve"]["points"], rows["eve"]["double"]) == ("", "")  # no zero


def test_long_csv_has_a_row_a_task_with_its_diagnosis(graded: Grades) -> None:
    rows = _rows(long_csv(graded))
    assert [(r["part"], r["points"], r["manual_points"]) for r in rows] == [
        ("double", "8.5", "8"),
        ("halve", "5", ""),
        ("explain", "4", "4"),
    ]
    assert rows[0]["last_name"] == 'O\'Neil, "Bob"'
    assert (rows[0]["diagnosis"], rows[0]["auto_points"]) == ("adds-two", "5")
    assert rows[0]["comment"] == "Half a point <i>extra</i>."


def test_json_is_what_its_schema_says(grades: Grades, graded: Grades) -> None:
    path = Path(autograder.classroom.__file__).with_name("grades.schema.json")
    schema = json.loads(path.read_text(encoding="utf-8"))
    for one in (grades, graded):
        jsonschema.validate(json.loads(grades_json(one)), schema)
    (found,) = json.loads(grades_json(graded))["grades"]
    assert (found["points"], found["penalty"], found["max_points"]) == (16.5, 1, 20)
    assert found["parts"][0]["comment"] == "Half a point <i>extra</i>."
    assert found["report"]["tasks"][0]["diagnosis"] == "adds-two"


def test_formulas_are_defused_and_numbers_are_not(grades: Grades) -> None:
    row = _rows(wide_csv(grades))[0]
    assert row["first_name"].startswith("'=")
    assert row["last_name"].startswith("'@")
    assert csv_text(["n"], [[-1.5], [-2], ["-"], ["+3"]]) == "n\n-1.5\n-2\n-\n+3\n"


@given(st.text(max_size=20))
def test_no_text_field_reaches_a_spreadsheet_as_a_formula(text: str) -> None:
    _, row = csv.reader(io.StringIO(csv_text(["h", "i"], [[text, "last"]])))
    assert row[1:] == ["last"]
    sign, rest = row[0].strip()[:1], row[0].strip()[1:]
    if sign in {"=", "+", "-", "@"} and rest:
        assert sign in "+-"
        float(rest.rstrip("%").replace(",", "."))


def test_canvas_finds_everyone_by_number_or_id(grades: Grades, course: Course) -> None:
    made = canvas_csv(grades, course)
    found = canvas_import(made.text, CANVAS, {88: LESSON})
    assert found.unknown_students == []
    assert found.unknown_assignments == []
    assert found.points_possible == {LESSON: "20"}  # the answer in words included
    assert found.grades == {
        (4711, LESSON): "10",
        (4712, LESSON): "",  # not graded is not zero
        (4713, LESSON): "10",
        (4714, LESSON): "",  # a name that Canvas would take for the row of points
    }


def test_canvas_gets_what_people_decided(graded: Grades, course: Course) -> None:
    found = canvas_import(canvas_csv(graded, course).text, CANVAS, {88: LESSON})
    assert found.grades[4711, LESSON] == "16.5"


def test_canvas_s_own_gradebook_is_filled_in(
    grades: Grades, course: Course, tmp_path: Path
) -> None:
    path = tmp_path / "canvas.csv"
    path.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Other (89),Slopes (88),Final Score"
        "\n,,,,,Manual Posting,,\n    Points Possible,,,,,3,15,(read only)\n"
        '"O\'Neil, Bob",4711,ob,b@x.org,"One, two",3,1.00,50\n'
        '"=Eve",4712,s-4712,eve,One,-,7.00,\n'
        "張偉,4713,s-4713,z@x.org,One,3,,\n"
        '"Student, Test",9,,deadbeef,One,,-,\n',
        encoding="utf-8-sig",
    )
    made = canvas_csv(grades, course, read_table(path))
    found = canvas_import(made.text, CANVAS, ASSIGNMENTS)
    assert found.unknown_assignments == []
    assert found.unknown_students == ["Student, Test"]
    assert found.points_possible == {"Slopes": "15"}  # Canvas's own is not changed
    assert found.grades == {
        (4711, "Slopes"): "10",
        (4712, "Slopes"): "7.00",  # kept: we could not grade it
        (4713, "Slopes"): "10",
    }
    assert made.notes == (f"{LESSON}: 15 points possible there, 20 here",)


def test_an_assignment_of_another_name_is_named(
    grades: Grades, course: Course, tmp_path: Path
) -> None:
    made = canvas_csv(grades, course, column="Homework 1 (88)")
    found = canvas_import(made.text, CANVAS, {88: "Homework 1"})
    assert found.unknown_assignments == []
    assert found.grades[4711, "Homework 1"] == "10"
    path = tmp_path / "canvas.csv"
    head = "Student,ID,SIS User ID,SIS Login ID,Section"
    path.write_text(f"{head},Homework 1 (88),Homework 1b (89)\nBob,4711,,,One,,\n")
    made = canvas_csv(grades, course, read_table(path), "Homework 1")
    found = canvas_import(made.text, CANVAS, {88: "Homework 1"})
    assert found.grades == {(4711, "Homework 1"): "10"}
    records = [make_record("ob"), make_record("ob", lesson="01-other")]
    with pytest.raises(CourseError, match="--column is of one lesson"):
        canvas_csv(gather(records, course, ROSTER), course, column="Homework 1")


def test_a_number_of_canvas_is_no_id_of_ours(course: Course, tmp_path: Path) -> None:
    roster = Roster(
        {"4712": Student("4712", lms_user_id="4711"), "4711": Student("4711")}
    )
    other = make_record("4711", make_task("double", Verdict.WRONG))
    grades = gather([make_record("4712"), other], course, roster)
    path = tmp_path / "canvas.csv"
    path.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,00-slopes (88)\n"
        "One,4711,,one@x.org,A,\nTwo,99,4711,,A,\n"
    )
    rows = _rows(canvas_csv(grades, course, read_table(path)).text)
    assert [row["00-slopes (88)"] for row in rows] == ["10", "0"]
    assert canvas_csv(grades, course, read_table(path)).notes == ()


def test_what_canvas_does_not_know_is_told(
    grades: Grades, course: Course, tmp_path: Path
) -> None:
    path = tmp_path / "canvas.csv"
    head = "Student,ID,SIS User ID,SIS Login ID,Section,"
    path.write_text(f"{head}00-slopes (1)\nBob,,ob,,One,\n")
    made = canvas_csv(grades, course, read_table(path))
    assert made.notes == ("canvas.csv names nobody who is eve, 張偉: left out",)
    path.write_text(f"{head}Essay (1)\n")
    with pytest.raises(CourseError, match=r"00-slopes: no column of canvas\.csv"):
        canvas_csv(grades, course, read_table(path))
    path.write_text("Name,Grade\n")
    with pytest.raises(CourseError, match="is not a gradebook that Canvas exported"):
        canvas_csv(grades, course, read_table(path))


def test_moodle_s_gradebook_reads_grades_and_comments_by_address(
    graded: Grades,
) -> None:
    made = moodle_csv(graded)
    rows = {row["Email address"]: row for row in _rows(made.text)}
    row = rows["b@x.org"]
    assert (row["Grade"], row["Maximum Grade"]) == ("16.5", "20")
    assert {row["Identifier"] for row in rows.values()} == {""}  # Moodle's alone
    comment = row["Feedback comments"]
    assert "double: Wrong (5 / 10)<br>" in comment
    assert "double, as a person graded it: 8.5 / 10<br>" in comment
    assert "explain, as a person graded it: 4 / 5<br>" in comment
    assert "Half a point &lt;i&gt;extra&lt;/i&gt;." in comment  # text, no markup
    assert comment.endswith("Taken off for lateness: 1.")
    assert "by address" in made.notes[0]


def test_moodle_s_own_worksheet_is_filled_in(grades: Grades, tmp_path: Path) -> None:
    path = tmp_path / "moodle.csv"
    path.write_text(
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be"
        " changed,Last modified (grade),Feedback comments\n"
        'Participant 77,"Bob O\'Neil, ""Bob""",B@X.org,Submitted,,15.00,Yes,-,\n'
        "Participant 78,=Eve,eve@x.org,Submitted,3.00,15.00,Yes,-,Good\n"
        "Participant 79,偉 張,,Submitted,,15.00,Yes,-,\n"
        "Participant 80,Someone Else,else@x.org,,,15.00,Yes,-,\n",
        encoding="utf-8-sig",
    )
    made = moodle_csv(grades, read_table(path))
    found = moodle_import(made.text, {77, 78, 79, 80}, 15)
    assert found.grades == {77: 10, 78: 3, 79: 10}  # 78: kept, we could not grade it
    assert found.comments[78] == "Good"
    assert "Looks like: the lesson of adds-two" in found.comments[77]
    assert found.comments[80] == ""
    assert {row["Last modified (grade)"] for row in _rows(made.text)} == {"-"}
    assert made.notes == (
        "00-slopes: maximum grade 15.00 in Moodle, 20 here; Moodle skips grades above"
        " its own",
    )


def test_nobody_gets_the_grade_of_a_namesake(course: Course, tmp_path: Path) -> None:
    people = Student("ob", "Bob", "Smith", "b@x.org"), Student("li", "Li", "Wu")
    roster = Roster({student.id: student for student in people})
    records = [make_record("ob"), make_record("li")]
    path = tmp_path / "moodle.csv"
    path.write_text(
        "Identifier,Full name,Email address,Grade,Last modified (grade)\n"
        "Participant 1,Bob Smith,b@x.org,,-\nParticipant 2,Bob Smith,o@x.org,,-\n"
        "Participant 3,Li Wu,,,-\nParticipant 4,LI WU,,,-\n"
    )
    made = moodle_csv(gather(records, course, roster), read_table(path))
    assert [bool(row["Grade"]) for row in _rows(made.text)] == [True, *[False] * 3]
    assert made.notes == ("moodle.csv names nobody who is li: left out",)


def test_a_semicolon_begins_no_formula() -> None:
    line = csv_text(["name"], [['Smith;=1+1; @x;a-b;-2 ";+3']]).splitlines()[1]
    assert line == "\"Smith;'=1+1; '@x;a-b;'-2 \"\";'+3\""


def test_a_worksheet_is_of_one_lesson_and_in_english(
    grades: Grades, tmp_path: Path, course: Course
) -> None:
    records = [make_record("ob"), make_record("ob", lesson="01-other")]
    with pytest.raises(CourseError, match=r"--lesson \(00-slopes, 01-other\)"):
        moodle_csv(gather(records, course, ROSTER))
    path = tmp_path / "moodle.csv"
    path.write_text("ID,Bewertung\nTeilnehmer 1,\n")
    with pytest.raises(CourseError, match="no column 'Identifier'"):
        moodle_csv(grades, read_table(path))


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_text_of_a_submission_breaks_a_worksheet(says: str, name: str) -> None:
    task = make_task("double", Verdict.WRONG, message=Message(says, says, says))
    roster = Roster({"ob": Student("ob", name, name, name, "4711")})
    grades = gather([make_record("ob", task)], Course(Path("/nowhere")), roster)
    (row,) = _rows(moodle_csv(grades).text)
    assert row["Grade"] == "0"
    assert "<" not in row["Feedback comments"].replace("<br>", "")
    canvas = canvas_csv(grades, Course(Path("/nowhere"))).text
    assert canvas_import(canvas, CANVAS, {88: LESSON}).grades == {(4711, LESSON): "0"}


def test_a_grade_without_a_report_is_exported_too(course: Course) -> None:
    standings = [_standing("ob"), _standing("gone", penalty=30)]
    grades = gather([make_record("ob")], course, ROSTER, standings)
    rows = {row["student"]: row for row in _rows(wide_csv(grades))}
    assert (rows["gone"]["points"], rows["gone"]["verdict"]) == ("0", "")


def test_a_table_with_semicolons_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes('\ufeffStudent;ID\r\n"Lovelace, Ada";1,5\r\n\r\nBob\r\n'.encode())
    table = read_table(path)
    assert table.header == ["Student", "ID"]
    assert table.rows == [["Lovelace, Ada", "1,5"], ["Bob", ""]]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is empty"), (b"\xff\xfe\x00", "not a CSV file in UTF-8")],
)
def test_a_table_that_cannot_be_read_is_told(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=reason):
        read_table(path)
    with pytest.raises(CourseError, match="cannot be read: No such file"):
        read_table(tmp_path / "none.csv")


def test_records_keep_their_times(course: Course) -> None:
    record = Record("ob", make_record("ob").report, "2026-01-05 12:00:00 UTC")
    (row,) = _rows(wide_csv(gather([record], course, ROSTER)))
    assert row["submitted"] == "2026-01-05 12:00:00 UTC"
