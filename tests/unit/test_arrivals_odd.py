"""Names, times and files that stop no class, however odd they are."""

from __future__ import annotations

import os
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.classroom.arrivals.bulk_zip import unpack
from autograder.classroom.arrivals.collect import Collection, collect
from autograder.classroom.bounded import BoundedProcess
from autograder.classroom.folder import ClassFolder, open_class, save_settings
from autograder.classroom.records import Roster
from autograder.student.lesson import find_course
from autograder.student.report import CourseError

COURSE = find_course(Path(__file__))
LESSON = COURSE.lesson("00-start")
RIGHT = LESSON.reference_path.read_bytes()


@pytest.fixture(scope="module")
def process() -> Iterator[BoundedProcess]:
    """A process that reads what arrives."""
    with BoundedProcess() as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> ClassFolder:
    """A class without a gradebook."""
    root = tmp_path / "class"
    root.mkdir()
    save_settings(root, COURSE.root, 7)
    return open_class(root)


def _packed(path: Path, *files: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def _collect(folder: ClassFolder, *sources: Path) -> Collection:
    return collect(folder, sources, Roster(), lesson=LESSON)


def _unpacked(
    source: Path, target: Path, process: BoundedProcess
) -> tuple[list[str], list[str]]:
    """Return the files that are there, and what was said of the others."""
    target.mkdir()
    told = [str(one) for one in unpack(source, target, process)]
    files = (path for path in target.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(target)) for path in files), told


@pytest.mark.parametrize(
    "name",
    [
        "hw at 3.15\u202fPM.py",  # macOS writes times with a narrow blank
        "Ada\u00a0Lovelace hw.py",
        "hw \U0001f469\u200d\U0001f4bb.py",  # an emoji of two signs and a joiner
        "\u202ehw.py",
    ],
)
def test_a_name_with_blanks_and_joiners_costs_nobody_the_work(
    folder: ClassFolder, name: str
) -> None:
    archive = folder.root.parent / "a.zip"
    _packed(archive, (f"ann_1_100_{name}", RIGHT), ("bo_2_101_x.py", RIGHT))
    done = _collect(folder, archive)
    assert [one.student for one in done.collected] == ["1", "2"]
    assert not done.refused
    text = done.collected[0].file
    assert all(unicodedata.category(sign) not in ("Cc", "Cf") for sign in text)


def test_a_colon_is_no_drive(tmp_path: Path, process: BoundedProcess) -> None:
    files = ("CS101: HW1/ann_1_100_x.py", RIGHT), ("C:/bo_2_101_x.py", RIGHT)
    source = _packed(tmp_path / "a.zip", *files)
    kept, told = _unpacked(source, tmp_path / "out", process)
    assert kept == ["CS101: HW1/ann_1_100_x.py"]
    assert told == ["a.zip/C:/bo_2_101_x.py: its path leads outside the archive"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_files_of_one_name_none_is_lost_in_silence(
    tmp_path: Path, process: BoundedProcess
) -> None:
    source = _packed(
        tmp_path / "a.zip",
        ("ann_1_100_x.py", RIGHT),
        ("ann_1_100_x.py", b"x = 1"),
        ("ann_1_100_x.py/y.py", b"x = 1"),
        (".", b"x = 1"),
    )
    kept, told = _unpacked(source, tmp_path / "out", process)
    assert kept == ["ann_1_100_x.py"]
    assert (tmp_path / "out" / "ann_1_100_x.py").read_bytes() == RIGHT
    twice = "another file of the archive has its name"
    assert told == [
        f"a.zip/ann_1_100_x.py: {twice}",
        f"a.zip/ann_1_100_x.py/y.py: {twice}",
        "a.zip/.: it has no name",
    ]


def test_what_cannot_be_graded_is_told_when_it_is_collected(
    folder: ClassFolder,
) -> None:
    place = folder.root.parent / "hw"
    place.mkdir()
    whole = _packed(place / "bo.zip", ("x.py", RIGHT)).read_bytes()
    (place / "ann.zip").write_bytes(whole[:-30])
    (place / "cy.ipynb").write_bytes(b"%PDF-1.7")
    done = _collect(folder, place)
    notes = {one.student: " ".join(one.notes) for one in done.collected}
    assert "damaged" in notes["ann"]
    assert "PDF" in notes["cy"]
    assert notes["bo"] == ""


def test_a_time_that_no_calendar_has_is_none(folder: ClassFolder) -> None:
    place = folder.root.parent / "assignment_9_export"
    for number, when in enumerate(("9999-12-31 23:59:59 -14:00", "0001-01-01 00:00 Z")):
        work = place / f"submission_{number}"
        work.mkdir(parents=True)
        (work / "hw.py").write_bytes(RIGHT)
        with (place / "submission_metadata.yml").open("a") as file:
            file.write(
                f"submission_{number}:\n  :submitters:\n  - :name: N{number}\n"
                f"  :created_at: {when}\n"
            )
    done = _collect(folder, place)
    assert [one.student for one in done.collected] == ["N0", "N1"]
    assert done.collected[0].time == ""


def test_metadata_that_is_no_file_is_not_waited_for(folder: ClassFolder) -> None:
    place = folder.root.parent / "assignment_9_export"
    (place / "submission_1").mkdir(parents=True)
    os.mkfifo(place / "submission_metadata.yml")
    with pytest.raises(CourseError, match=r"submission_metadata\.yml cannot be read"):
        _collect(folder, place)


def test_a_source_that_is_nothing_to_collect_is_told(folder: ClassFolder) -> None:
    pipe = folder.root.parent / "pipe"
    os.mkfifo(pipe)
    for source, told in (
        (pipe, "neither a file nor a folder"),
        (Path("/dev/null"), "neither a file nor a folder"),
        (pipe.with_name("x" * 300), "does not exist"),
        (folder.root, "holds the class folder"),
        (folder.root.parent, "holds the class folder"),
    ):
        with pytest.raises(CourseError, match=told):
            _collect(folder, source)
    assert not (folder.root / "submitted").exists()
