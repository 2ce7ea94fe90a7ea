"""Where a gradebook is, from an address that may hold a password."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.classroom.gradebook_place import (
    GradebookPlace,
    create_gradebook,
    find_gradebook,
)
from autograder.student.report import CourseError

HIDDEN = "not-to-be-told"


def _configured(root: Path, address: str) -> GradebookPlace:
    line = f"c = get_config()\nc.CourseDirectory.db_url = {address!r}\n"
    (root / "nbgrader_config.py").write_text(line)
    return find_gradebook(root)


def test_it_is_a_file_of_the_class_folder_by_default(tmp_path: Path) -> None:
    place = find_gradebook(tmp_path)
    assert place.file == tmp_path / "gradebook.db"
    assert str(place) == str(tmp_path / "gradebook.db")
    assert not place.exists()


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("sqlite:///books/class.db", "books/class.db"),
        ("sqlite+pysqlite:///class.db?timeout=5", "class.db"),
    ],
)
def test_a_relative_file_is_one_of_the_class_folder(
    tmp_path: Path, address: str, file: str
) -> None:
    assert _configured(tmp_path, address).file == tmp_path / file


def test_a_whole_path_is_taken_as_it_is(tmp_path: Path) -> None:
    assert _configured(tmp_path, "sqlite:////srv/class.db").file == Path(
        "/srv/class.db"
    )


def test_the_address_of_a_server_is_shown_without_its_password(tmp_path: Path) -> None:
    place = _configured(tmp_path, f"postgresql://me:{HIDDEN}@db.example.org/cs101")
    assert place.file is None
    assert str(place) == "postgresql://me:***@db.example.org/cs101"
    assert HIDDEN in place.full_address
    assert "connect_timeout=30" in place.full_address
    assert HIDDEN not in repr(place)
    place = _configured(tmp_path, f"postgresql://me@db/cs101?password={HIDDEN}")
    assert str(place) == "postgresql://me@db/cs101"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        (f"the database, {HIDDEN}", "is not the address of a database"),
        ("sqlite://", "names no file"),
        (f"oracle9://me:{HIDDEN}@db/cs101", "knows no such database"),
        (f"postgresql+pg8000://me:{HIDDEN}@db/cs101", "needs the package pg8000"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, address: str, told: str
) -> None:
    with pytest.raises(CourseError) as caught:
        create_gradebook(GradebookPlace(tmp_path, address))
    assert told in str(caught.value)
    assert HIDDEN not in str(caught.value)


def test_a_configuration_that_leaves_ends_no_command(tmp_path: Path) -> None:
    (tmp_path / "nbgrader_config.py").write_text("raise SystemExit(0)")
    with pytest.raises(CourseError, match=r"nbgrader_config.py cannot be read: System"):
        find_gradebook(tmp_path)


def test_a_configuration_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "nbgrader_config.py").write_text("c.CourseDirectory.db_url = ")
    with pytest.raises(CourseError, match=r"nbgrader_config.py cannot be read: Syntax"):
        find_gradebook(tmp_path)


def test_a_class_folder_in_no_utf_8_is_told(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"\? is no path in UTF-8"):
        find_gradebook(Path(os.fsdecode(os.fsencode(tmp_path) + b"\xff")))
