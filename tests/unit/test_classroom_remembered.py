"""What a run remembers of a hand-in, and when it no longer holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from classroom_kit import make_lesson, make_record, make_report, make_task

from autograder.classroom.folder import ClassFolder, HandIn
from autograder.classroom.records import Record, record_path, save_record
from autograder.classroom.remembered import Memory, files_digest
from autograder.student.lesson import Course
from autograder.student.report import Verdict


@pytest.fixture
def folder(tmp_path: Path) -> ClassFolder:
    """A class in which ada handed in a file and was graded."""
    lesson = make_lesson(tmp_path)
    root = tmp_path / "class"
    folder = ClassFolder(root, Course(tmp_path), 7)
    for path in (
        folder.released(lesson.id),
        folder.autograded("ada", lesson.id) / f"{lesson.id}.ipynb",
        root / "submitted" / "ada" / lesson.id / "mine.py",
    ):
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    save_record(folder.reports, make_record("ada"))
    return folder


def _hand_in(folder: ClassFolder) -> HandIn:
    (lesson,) = folder.course.ids
    return HandIn("ada", lesson, folder.root / "submitted" / "ada" / lesson)


def _memory(folder: ClassFolder, seed: int = 7) -> Memory:
    (lesson,) = Course(folder.course.root).lessons
    return Memory(folder, lesson, seed)


def _keep(folder: ClassFolder, record: Record) -> None:
    hand_in = _hand_in(folder)
    files = files_digest(hand_in.folder)
    _memory(folder).keep(hand_in, record, files, has_written=True)


def test_what_nobody_touched_is_recalled(folder: ClassFolder) -> None:
    hand_in = _hand_in(folder)
    assert _memory(folder).recall(hand_in) is None
    _keep(folder, make_record("ada"))
    found = _memory(folder).recall(hand_in)
    assert found is not None
    assert found[0] == make_record("ada")
    assert found[1].has_written


@pytest.mark.parametrize(
    "place",
    [
        lambda folder: _hand_in(folder).folder / "mine.py",
        lambda folder: _hand_in(folder).folder / "another.py",
        lambda folder: record_path(folder.reports, "00-slopes", "ada"),
        lambda folder: folder.autograded("ada", "00-slopes") / "00-slopes.ipynb",
        lambda folder: folder.released("00-slopes"),
        lambda folder: folder.course.lessons[0].course_dir / "lesson.toml",
    ],
    ids=["answer", "more", "record", "notebook", "release", "lesson"],
)
def test_whatever_changes_ends_it(
    folder: ClassFolder, place: Callable[[ClassFolder], Path]
) -> None:
    _keep(folder, make_record("ada"))
    path = place(folder)
    text = path.read_text() if path.exists() else ""
    path.write_text(f"{text}\n")
    assert _memory(folder).recall(_hand_in(folder)) is None


def test_another_seed_remembers_nothing(folder: ClassFolder) -> None:
    _keep(folder, make_record("ada"))
    assert _memory(folder, seed=8).recall(_hand_in(folder)) is None


def test_our_own_failures_are_not_remembered(folder: ClassFolder) -> None:
    failed = Record("ada", make_report(make_task("double", Verdict.INFRA)))
    save_record(folder.reports, failed)
    _keep(folder, failed)
    assert _memory(folder).recall(_hand_in(folder)) is None


def test_only_ordinary_files_have_a_digest(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one")
    before = files_digest(tmp_path)
    assert before is not None
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert files_digest(tmp_path) not in (None, before)
    os.mkfifo(tmp_path / "pipe")
    assert files_digest(tmp_path) is None
    (tmp_path / "pipe").unlink()
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert files_digest(tmp_path) is None
