"""What goes wrong around a class run is told in one line, with exit code 3."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LESSON, Class, Done

from autograder.classroom.run_lock import only_run

pytestmark = pytest.mark.jail
#: The command, impatient with a gradebook that somebody else holds.
_COMMAND = (
    "from autograder.classroom import gradebook_place as place;"
    " place.LOCK_PATIENCE_S = 0.1;"
    " from autograder.cli import main; main()"
)


@pytest.fixture
def copied(graded: tuple[Class, Done], tmp_path: Path) -> Class:
    """A copy of the graded class, in which one submission is new."""
    made, _ = graded
    root = shutil.copytree(made.root, tmp_path / "class", symlinks=True)
    copied = Class(root, made.lesson, made.solved)
    copied.hand_in("new", made.solved)
    return copied


def _grade(made: Class, *around: str, passing: int = -1) -> Done:
    """Run ``class grade`` inside another command, such as a mount of another kind."""
    words = ("class", "grade", str(made.root), "--workers", "1")
    done = subprocess.run(
        [*around, sys.executable, "-c", _COMMAND, *words],
        pass_fds=[passing] if passing >= 0 else [],
        env=os.environ | {"PYTHONWARNINGS": "ignore", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def _mounted(*options: str) -> tuple[str, ...]:
    return ("bwrap", "--bind", "/", "/", "--dev-bind", "/dev", "/dev", *options, "--")


def _told(done: Done) -> str:
    """Return the one line that tells why a run stopped."""
    assert done.code == 3, done.err
    assert "Traceback" not in done.err
    lines = [line for line in done.err.splitlines() if line.startswith("autograder: ")]
    assert lines == done.err.splitlines()[-1:]
    return lines[0]


def test_a_gradebook_that_somebody_holds(copied: Class) -> None:
    holder = sqlite3.connect(copied.root / "gradebook.db", isolation_level=None)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        line = _told(_grade(copied))
    finally:
        holder.close()
    assert "gradebook.db cannot be used: database is locked" in line
    assert _grade(copied).code == 1  # it goes on from there: some task failed


def test_a_second_run_says_who_holds_the_folder(copied: Class) -> None:
    with only_run(copied.root):
        line = _told(_grade(copied))
    assert f"process {os.getpid()} on " in line
    assert "another run works in" in line
    assert _grade(copied).code == 1


def test_a_folder_that_cannot_be_written(copied: Class) -> None:
    folder = str(copied.root)
    line = _told(_grade(copied, *_mounted("--ro-bind", folder, folder)))
    assert "Read-only file system" in line
    assert folder in line


@pytest.mark.parametrize("part", ["reports", "autograded"])
def test_a_full_disk(copied: Class, part: str) -> None:
    folder = str(copied.root / part)
    line = _told(_grade(copied, *_mounted("--size", "4096", "--tmpfs", folder)))
    assert "No space left on device" in line
    assert folder in line


def test_a_gradebook_that_cannot_be_written(copied: Class) -> None:
    book = str(copied.root / "gradebook.db")
    line = _told(_grade(copied, *_mounted("--ro-bind", book, book)))
    assert f"{book} cannot be used: " in line
    assert "readonly" in line


def test_a_disk_that_the_gradebook_fills(copied: Class) -> None:
    book = copied.root / "gradebook.db"
    place = copied.root / "books" / "class.db"
    place.parent.mkdir()
    config = copied.root / "nbgrader_config.py"
    address = "c.CourseDirectory.db_url = 'sqlite:///books/class.db'"
    config.write_text(f"{config.read_text()}\n{address}\n")
    with book.open("rb") as data:
        full = ("--size", str(book.stat().st_size), "--tmpfs", str(place.parent))
        copy = ("--file", str(data.fileno()), str(place))
        line = _told(_grade(copied, *_mounted(*full, *copy), passing=data.fileno()))
    assert f"{place} cannot be used: " in line
    assert "full" in line
    book.rename(place)
    done = _grade(copied)
    assert "9 of 9 graded" in done.err
    assert done.code == 1, done.err


def test_a_bad_row_of_the_class_list_is_told_before_anything_is_graded(
    copied: Class,
) -> None:
    people = copied.root / "students.csv"
    people.write_text("id\nnew\n../x\n")
    done = _grade(copied)
    assert done.code == 2, done.err
    assert "students.csv, line 3: '../x' is not a student id" in done.err
    assert not done.out
    people.write_text("id\nnew\n")
    assert _grade(copied).code == 1  # some task failed
    assert "new" in copied.grades()


def test_a_mistake_of_our_own_is_not_taken_for_a_failed_task(copied: Class) -> None:
    (copied.root / "release" / LESSON / f"{LESSON}.ipynb").write_text(
        json.dumps({"cells": [{"source": "", "cell_type": "code"}]})
    )
    done = _grade(copied)
    assert done.code == 3, done.err
    assert done.err.splitlines()[-1].startswith("autograder: ")
