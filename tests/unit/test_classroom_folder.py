"""The class folder and what it takes in: layout, settings, students, paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from arrivals_kit import parcels
from classroom_kit import make_lesson

from autograder.classroom import worker
from autograder.classroom.folder import ClassFolder, open_class, save_settings
from autograder.student.report import CourseError


@pytest.fixture
def folder(tmp_path: Path) -> ClassFolder:
    """An opened class over a course of one lesson."""
    lesson = make_lesson(tmp_path)
    root = tmp_path / 'a "class"'
    root.mkdir()
    save_settings(root, lesson.root, 42)
    return open_class(root)


def _hand_in(folder: ClassFolder, student: str, timestamp: str = "") -> Path:
    work = folder.root / "submitted" / student / "00-slopes"
    work.mkdir(parents=True)
    if timestamp:
        (work / "timestamp.txt").write_text(timestamp)
    return work


def test_settings_come_back(folder: ClassFolder) -> None:
    assert folder.seed == 42
    assert folder.course.ids == ("00-slopes",)
    assert folder.lessons() == []
    assert folder.site == ""
    save_settings(folder.root, folder.course.root, 42, "https://x.org/c")
    assert open_class(folder.root).site == "https://x.org/c"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "seed = 1",
        'course = "x"',
        'course = "x"\nseed = "y"',
        'course = "x"\nseed = true',
        'course = "x"\nseed = 1000000000000000000000',
        "course = " + "[" * 5000,
        'course = "x"\nseed = 1\nsite = 3',
        'course = "x"\nseed = 1\nsite = "javascript:alert(1)"',
        "\x00",
    ],
)
def test_broken_settings_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "autograder.toml").write_text(text)
    with pytest.raises(CourseError, match=r"autograder\.toml"):
        open_class(tmp_path)


def test_settings_that_an_editor_of_windows_saved_are_read(folder: ClassFolder) -> None:
    path = folder.root / "autograder.toml"
    text = path.read_text().replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert open_class(folder.root).seed == 42


def test_settings_that_are_no_file_are_told(tmp_path: Path) -> None:
    (tmp_path / "autograder.toml").mkdir()
    with pytest.raises(CourseError, match=r"autograder\.toml cannot be read: .*direct"):
        open_class(tmp_path)


def test_no_settings_ask_for_init(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="autograder class init"):
        open_class(tmp_path)


def test_hand_ins_come_sorted_and_strays_apart(folder: ClassFolder) -> None:
    lesson = folder.course.lesson("00")
    _hand_in(folder, "bob")
    _hand_in(folder, "ada", "2026-01-05 12:00:00 UTC\nsecond line")
    _hand_in(folder, "a<b>")
    (folder.root / "submitted" / "empty").mkdir()
    (folder.root / "submitted" / ".hidden").mkdir()
    (folder.root / "submitted" / "link").symlink_to(folder.root)
    other = folder.root / "submitted" / "bob" / "01-other"
    other.mkdir()
    (folder.root / "submitted" / "eve").mkdir()
    (folder.root / "submitted" / "eve" / "00-slopes").symlink_to(other)
    found = folder.submitted()
    assert [(h.student, h.submitted) for h in found.of(lesson)] == [
        ("ada", "2026-01-05 12:00:00 UTC"),
        ("bob", ""),
    ]
    assert found.strays == ("a<b>", "link")


def test_a_timestamp_that_is_a_link_is_not_followed(folder: ClassFolder) -> None:
    work = _hand_in(folder, "eve")
    (work / "timestamp.txt").symlink_to("/etc/passwd")
    (hand_in,) = folder.submitted().hand_ins
    assert hand_in.submitted == ""


def test_no_student_id_leads_out_of_the_class(folder: ClassFolder) -> None:
    with pytest.raises(CourseError, match="is not a student id"):
        folder.autograded("../../etc", "00-slopes")


def test_one_folder_alone_holds_submissions(tmp_path: Path) -> None:
    (tmp_path / "carol").mkdir()
    for name in ("ada.ipynb", "bob.py", "eve.ipynb.txt", "notes.pdf", ".x.py"):
        (tmp_path / name).write_text("")
    found = [(i.student, i.arrivals[0].path.name) for i in parcels([tmp_path])]
    assert found == [
        ("ada", "ada.ipynb"),
        ("bob", "bob.py"),
        ("carol", "carol"),
        ("eve", "eve.ipynb.txt"),
    ]


def test_equal_names_are_numbered_and_odd_ones_made_safe(tmp_path: Path) -> None:
    paths = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "hw (1).ipynb")
        paths[-1].write_text("")
    assert [i.student for i in parcels(paths)] == ["hw -1", "hw -1-2"]
    odd = tmp_path / "..<b>..ipynb"
    odd.write_text("")
    assert parcels([odd])[0].student == "b"


def test_a_missing_path_and_an_empty_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="does not exist"):
        parcels([tmp_path / "none"])
    with pytest.raises(CourseError, match=r"holds no \.ipynb"):
        parcels([tmp_path])


def test_a_worker_leaves_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr(worker.os, "getppid", lambda: 1)
    monkeypatch.setattr(worker.os, "kill", lambda pid, signal: killed.append(pid))
    worker.leave_with_parent(99999)
    assert killed == [worker.os.getpid()]
