"""Records on disk, student ids and the class list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from classroom_kit import make_record, make_report
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom.records import (
    check_student_id,
    find_record,
    load_records,
    save_record,
)
from autograder.student.report import CourseError


@pytest.mark.parametrize(
    "name", ["ada", "O'Neil", "grace.hopper@navy.mil", "s-12_3", "Zoë", "Ada L", "7"]
)
def test_real_ids_pass(name: str) -> None:
    assert check_student_id(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../x", "a/b", "a\\b", ".hidden", "a\0", "a\n", "<b>", 'a"b'),
        *("-x", "a..b", "a ", "x" * 200, "/etc/passwd", "a\n../b", "~", "a&b", "=cmd"),
    ],
)
def test_ids_that_could_leave_their_folder_or_carry_markup_are_refused(
    name: str,
) -> None:
    with pytest.raises(CourseError, match="is not a student id"):
        check_student_id(name)


@given(st.text(max_size=30))
def test_no_accepted_id_is_more_than_one_folder_name(name: str) -> None:
    try:
        check_student_id(name)
    except CourseError:
        return
    assert Path("submitted", name).parts == ("submitted", name)
    assert not name.startswith(".")
    assert not set(name) & set('<>&"`/\\\n\r\t\0')


def test_a_record_is_found_again_and_a_damaged_one_is_none(tmp_path: Path) -> None:
    record = make_record("ada")
    assert find_record(tmp_path, "00-slopes", "ada") is None
    save_record(tmp_path, record)
    assert find_record(tmp_path, "00-slopes", "ada") == record
    (tmp_path / "00-slopes" / "ada.json").write_text("{")
    assert find_record(tmp_path, "00-slopes", "ada") is None


def test_records_come_back_sorted_and_filtered(tmp_path: Path) -> None:
    records = [make_record("bob"), make_record("ada")]
    for record in records:
        save_record(tmp_path / "reports", record)
    assert load_records(tmp_path) == records[::-1]
    assert load_records(tmp_path / "reports", "00-slopes") == records[::-1]
    with pytest.raises(CourseError, match="no reports of 01-other"):
        load_records(tmp_path, "01-other")


def test_reads_what_grade_json_prints(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    reports = [make_report(name="ada.ipynb"), make_report(name="bob.py")]
    path.write_text(json.dumps([report.as_dict() for report in reports]))
    assert [(r.student, r.report) for r in load_records(path)] == [
        ("ada", reports[0]),
        ("bob", reports[1]),
    ]


@pytest.mark.parametrize("text", ["", "{", "3", "[1]", '{"student": "../x"}'])
def test_a_file_that_is_no_report_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CourseError, match=r"x\.json is not a report"):
        load_records(tmp_path / "x.json")
