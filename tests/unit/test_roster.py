"""The class list is checked whole, and finds who sent what arrived."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.classroom.arrivals.naming import Form, Sender
from autograder.classroom.records import Roster, Student
from autograder.classroom.roster import Recogniser, read_roster, roster_csv
from autograder.student.report import CourseError, CourseFaults


def _list(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "students.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_names_are_read_as_they_are(tmp_path: Path) -> None:
    text = '﻿id,first_name,last_name,email\nob,Bob,"O\'Neil, ""Bob""",b@x.org\nada,,,\n'
    roster = read_roster(_list(tmp_path, text))
    assert roster["ob"].last_name == 'O\'Neil, "Bob"'
    assert roster["ada"].full_name == "ada"
    assert roster["unknown"].id == "unknown"
    assert roster.ids(["zed"]) == ["ada", "ob", "zed"]
    assert read_roster(tmp_path / "none.csv").ids() == []


def test_columns_may_stand_in_any_order_and_between_semicolons(tmp_path: Path) -> None:
    text = "aliases;lms_user_id; id;section\r\n1234567;4711;ada;B\r\n;;;\r\n"
    assert read_roster(_list(tmp_path, text)).students == {
        "ada": Student("ada", lms_user_id="4711", aliases=("1234567",))
    }


def test_columns_may_be_in_capitals_and_between_tabs(tmp_path: Path) -> None:
    roster = read_roster(_list(tmp_path, "ID\tFirst_Name\nada\tAda, the first\n"))
    assert roster["ada"].first_name == "Ada, the first"


def test_a_quote_that_never_closes_loses_nobody_in_silence(tmp_path: Path) -> None:
    text = 'id,first_name\nada,Ada\nbob,"Bob\ncy,Cy\n'
    with pytest.raises(CourseFaults) as caught:
        read_roster(_list(tmp_path, text))
    assert "a quote opens and never closes" in str(caught.value.faults)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    odd = Student("bob", "Bob", 'O\'Neil, "B"', "b@x.org", "12", ("bob-o", "99"))
    roster = Roster({"bob": odd, "王芳": Student("王芳")})
    assert read_roster(_list(tmp_path, roster_csv(roster))) == roster


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    path = _list(
        tmp_path,
        "id,email,lms_user_id,aliases\n"
        "ada,a@x.org,1,\n"
        "../x,,,\n"
        "\n"
        "bob,A@x.org,1,\n"
        "ada,,,\n"
        ",x@x.org,,\n"
        "eve,e@x.org,3,ADA\n"
        "eve2,Smith, Eve,4,\n",
    )
    with pytest.raises(CourseFaults, match="7 faults, told above") as caught:
        read_roster(path)
    told = [fault.removeprefix(f"{path}, line ") for fault in caught.value.faults]
    use = "is not a student id: use letters, digits, blanks and . @ + - _ '"
    assert told == [
        f"3: '../x' {use}",
        "5: email 'A@x.org' is in line 2 as well",
        "5: lms_user_id '1' is in line 2 as well",
        "6: id 'ada' is in line 2 as well",
        "7: there is no id",
        "8: alias 'ADA' is in line 2 as well",
        "9: more fields than columns: put a field with a comma in quotes",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column called id"),
        (b"name\nada\n", "no column called id, but 'name'"),
        (b"sep=;\nid;email\n", "no column called id, but 'sep=;'"),
        (b"id\nada\n\xff\xfe\n", "line 3 is not in UTF-8"),
        (b'id\n"' + b"x" * 200_000, "not a CSV file"),
        (b"id,email,ID\nada,a@x.org,4711\n", "more than one column called id"),
    ],
)
def test_a_broken_list_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(CourseError, match=reason):
        read_roster(_list(tmp_path, content))


def test_a_list_that_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="cannot be read: Is a directory"):
        read_roster(tmp_path)


def test_a_control_character_reaches_no_page_and_no_database(tmp_path: Path) -> None:
    path = _list(tmp_path, b"id,last_name\nada,Love\tlace\nbo,\x1b[2J\ncy,a\x00b\n")
    with pytest.raises(CourseFaults) as caught:
        read_roster(path)
    told = "a field holds control characters"
    assert [line.partition("line ")[2] for line in caught.value.faults] == [
        f"3: {told}",
        f"4: {told}",
    ]


PEOPLE = Recogniser(
    Roster(
        {
            student.id: student
            for student in (
                Student("ada", "Ada", "O'Neil", "ada@x.org", "4711", ("ada-l",)),
                Student("wf1", "芳", "王", aliases=("124",)),
                Student("wf2", "芳", "王", aliases=("125",)),
                Student("jan", "Jan", "van der Berg"),
                Student("jose", "José", "García"),
            )
        }
    )
)


@pytest.mark.parametrize(
    ("form", "name", "user", "student"),
    [
        (Form.CANVAS, "oneilada", "4711", "ada"),
        (Form.CANVAS, "vanderbergjan", "9", "jan"),
        (Form.MOODLE, "Ada O'Neil", "9", "ada"),
        (Form.MOODLE, "O'Neil Ada", "9", "ada"),
        (Form.MOODLE, "芳 王", "124", "wf1"),
        (Form.MOODLE, "芳 王", "125", "wf2"),
        (Form.MOODLE, "Jose\u0301 Garci\u0301a", "9", "jose"),
        (Form.GITHUB, "ADA-L", "", "ada"),
        (Form.FOLDER, "ada@x.org", "", "ada"),
        (Form.FOLDER, "Jan van der Berg", "", "jan"),
        (Form.NBGRADER, "wf2", "", "wf2"),
    ],
)
def test_a_sender_is_found_by_number_name_address_or_alias(
    form: Form, name: str, user: str, student: str
) -> None:
    found = PEOPLE.find(Sender(name, user, form))
    assert isinstance(found, Student)
    assert found.id == student


@pytest.mark.parametrize(
    ("form", "name", "user", "why"),
    [
        (Form.CANVAS, "oneilada", "4712", "not in the class list"),  # another Ada
        (Form.MOODLE, "芳 王", "126", "may be wf1 and wf2: .* by an alias, e.g. 126"),
        (Form.MOODLE, "Eve", "4711", "not in the class list"),  # no number of Canvas's
        (Form.FOLDER, "", "", "not in the class list"),
    ],
)
def test_whoever_is_not_surely_known_is_nobody(
    form: Form, name: str, user: str, why: str
) -> None:
    import re

    found = PEOPLE.find(Sender(name, user, form))
    assert isinstance(found, str)
    assert re.search(why, found)
