"""What the names of a platform's download tell, and whose work each one is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.classroom.arrivals.naming import (
    Form,
    Sender,
    assignment_prefix,
    is_receipt,
    looks_like_canvas,
    looks_like_moodle,
    named_by_blackboard,
    named_by_brightspace,
    named_by_canvas,
    named_by_moodle,
    platform_of,
    version_of,
)
from autograder.classroom.arrivals.sources import safe_id
from autograder.classroom.records import is_student_id


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("smithjohn_4711_99001_hw.py", ("smithjohn", "4711", "hw.py", False, 99001)),
        ("oneilbob_LATE_12_99_hw-1.ipynb", ("oneilbob", "12", "hw-1.ipynb", True, 99)),
        ("oneilbob_late_12_99_a_b_c.py", ("oneilbob", "12", "a_b_c.py", True, 99)),
        ("van_der_berg_12_99_x.zip", ("van_der_berg", "12", "x.zip", False, 99)),
        ("anna_12_99_3_4_x.py", ("anna", "12", "3_4_x.py", False, 99)),
        ("王芳_12_99_数.py", ("王芳", "12", "数.py", False, 99)),
        ("anna_12_text.html", ("anna", "12", "text.html", False, 0)),
    ],
)
def test_canvas_names_tell_student_file_and_lateness(
    name: str, told: tuple[object, ...]
) -> None:
    found = named_by_canvas(name)
    assert found is not None
    sender = found.sender
    late, attachment = found.late, found.attachment
    assert (sender.name, sender.user_id, found.file, late, attachment) == told
    assert found.is_typed == name.endswith("text.html")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Ada O'Neil_123_assignsubmission_file_", ("Ada O'Neil", "123", "")),
        ("Ada_Love Lace_123_assignsubmission_file", ("Ada_Love Lace", "123", "")),
        ("王 芳_9_assignsubmission_file_hw_1.py", ("王 芳", "9", "hw_1.py")),
        ("Participant 7_7_assignsubmission_file_x.py", ("Participant 7", "7", "x.py")),
        ("Participant_7_assignsubmission_file_", ("Participant 7", "7", "")),
    ],
)
def test_moodle_names_tell_student_and_file(
    name: str, told: tuple[str, str, str]
) -> None:
    found = named_by_moodle(name)
    assert found is not None
    assert (found.sender.name, found.sender.user_id, found.file) == told
    assert not found.is_typed
    typed = named_by_moodle(name.replace("_file", "_onlinetext", 1))
    assert typed is not None
    assert typed.is_typed


NAMES = st.text("abcxyzäöß王芳'- ", min_size=1, max_size=12)
FILES = st.text("abc_019-. ", min_size=1, max_size=12)
NUMBERS = st.integers(1, 10**9)


@given(NAMES, st.booleans(), NUMBERS, NUMBERS, FILES)
def test_what_canvas_joins_is_taken_apart(
    who: str, late: bool, user: int, attachment: int, file: str
) -> None:
    name = f"{who}{'_LATE' if late else ''}_{user}_{attachment}_{file}"
    found = named_by_canvas(name)
    assert found is not None
    assert (found.sender.name, found.sender.user_id) == (who, str(user))
    assert (found.late, found.attachment, found.file) == (late, attachment, file)


@given(NAMES.filter(str.strip), NUMBERS, FILES)
def test_what_moodle_joins_is_taken_apart(who: str, number: int, file: str) -> None:
    found = named_by_moodle(f"{who}_{number}_assignsubmission_file_{file}")
    assert found is not None
    assert (found.sender.name, found.sender.user_id) == (who.strip(), str(number))
    assert found.file == file.removeprefix("_") or found.file == file


def test_blackboard_names_tell_student_attempt_and_file() -> None:
    start = "HW_1_ada_attempt_2026-11-30-10-00-59"
    found = named_by_blackboard(f"{start}_my_work.ipynb")
    assert found is not None
    assert (found.sender.name, found.file) == ("ada", "my_work.ipynb")
    assert found.attempt == "2026-11-30-10-00-59"
    assert is_receipt(f"{start}.txt")
    assert not is_receipt(f"{start}_notes.txt")


@pytest.mark.parametrize("file", ["", "my - work.ipynb"])
def test_brightspace_names_tell_student_and_file(file: str) -> None:
    name = "123-45 - Anne-Marie O'Neil - Nov 3, 2026 1019 PM"
    found = named_by_brightspace(f"{name} - {file}" if file else name)
    assert found is not None
    assert found.sender == Sender("Anne-Marie O'Neil", "123", Form.BRIGHTSPACE)
    assert (found.file, found.attempt) == (file, "Nov 3, 2026 1019 PM")


@given(st.text(max_size=300))
def test_every_name_becomes_a_students_id(name: str) -> None:
    assert is_student_id(safe_id(name))


def test_a_students_own_names_are_no_platforms() -> None:
    own = ["hw_1_2_final.py", "alice.py", "part_2_of_3.ipynb", "README.md"]
    assert not looks_like_canvas(own)
    assert not looks_like_moodle(own)
    assert platform_of(own) is None
    assert platform_of(["index.html"]) is None
    assert looks_like_canvas(["anna_1_101_x.py", "bob_2_102_x.py", "notes.txt"])


@pytest.mark.parametrize(
    ("names", "parent", "prefix"),
    [
        (["hw1-ada", "hw1-bob-o"], "hw1-submissions", "hw1-"),
        (["hw1-anna-b", "hw1-anna-c"], "hw1-submissions", "hw1-"),
        (["hw-1-ada", "hw-1-alan"], "clones", "hw-1-"),
        (["hw-1-ada"], "clones", ""),
        (["ada", "bob"], "clones", ""),
        (["hw1-ada", "hw1-ada-b"], "clones", "hw1-"),
    ],
)
def test_an_assignments_name_stands_before_the_users(
    names: list[str], parent: str, prefix: str
) -> None:
    assert assignment_prefix(names, parent) == prefix


def test_a_counter_is_told_from_a_name() -> None:
    assert version_of("hw-1.ipynb") == ("hw.ipynb", 1)
    assert version_of("00-start.ipynb") == ("00-start.ipynb", 0)
    assert version_of("00-start-12.py") == ("00-start.py", 12)
