"""Work that arrives in any form is collected, graded, and gets its full marks."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import LESSON, Class, Done, command, make_class

from autograder.student.lesson import find_course

pytestmark = pytest.mark.jail

COURSE = find_course(Path(__file__))
RIGHT = COURSE.lesson(LESSON).reference_path.read_bytes()
STUB = COURSE.lesson(LESSON).exercise_path.read_bytes()
ROSTER = """\
id,first_name,last_name,email,lms_user_id,aliases
ada,Ada,O'Neil,ada@example.org,4711,
wf1,芳,王,,,124
wf2,芳,王,,,125
chloé,Chloë,Müller-Lüdenscheidt,,,
gil,Gil,Hub,,,gil-hub
nina,Nina,Grade,,,
zip,Zoe,Ip,,,
"""


@dataclass(frozen=True)
class Arrived:
    """A class, what was collected into it, and how it was graded."""

    made: Class
    sources: tuple[Path, ...]
    collected: Done
    graded: Done


def _save(path: Path, data: bytes = RIGHT) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _copy(folder: Path, notebook: bytes) -> None:
    """Write a copy of the course, lived in, with the answer in exercise.py."""
    _save(folder / f"course/{LESSON}/exercise.py")
    _save(folder / f"notebooks/{LESSON}.ipynb", notebook)
    _save(folder / "course/01-gradients/exercise.py", b"def mean(x):\n    return 1\n")
    _save(folder / ".venv/pyvenv.cfg", b"")
    _save(folder / "node_modules/x/mean.py", b"def mean(x):\n    return 1\n")


def _canvas(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"oneilada_LATE_4711_99001_{LESSON}-1.py", RIGHT)
        archive.writestr("stranger_4712_99002_hw.py", RIGHT)
        archive.writestr("stranger_4712_99003_notes.txt", b"see hw.py")
        archive.writestr("evil_4713_99004_../../x.py", RIGHT)
    return path


def _sources(made: Class, root: Path) -> tuple[Path, ...]:
    """Write a source of each form, with a right answer in each."""
    stub = (made.root / "release" / LESSON / f"{LESSON}.ipynb").read_bytes()
    for who, number in (
        ("芳 王", 124),
        ("芳 王", 125),
        ("Chloë Müller-Lüdenscheidt", 126),
    ):
        _save(root / f"moodle/{who}_{number}_assignsubmission_file_/hw.py")
    _copy(root / "hw1-submissions/hw1-gil-hub", stub)
    (root / "hw1-submissions/hw1-gil-hub/.git").mkdir()
    exchange = root / "exchange/nina" / LESSON  # what nbgrader's collect leaves
    _save(exchange / f"{LESSON}.ipynb", json.dumps(made.solved).encode())
    _save(exchange / "timestamp.txt", b"2026-01-05 12:00:00.123456 UTC")
    _save(exchange / "submission_secret.txt", b"0123456789abcdef" * 8)
    _copy(root / "zip/gradients", stub)
    shutil.make_archive(str(root / "zip"), "zip", root / "zip")
    names = ("moodle", "hw1-submissions", "exchange", "zip.zip")
    return (_canvas(root / "canvas.zip"), *(root / name for name in names))


@pytest.fixture(scope="session")
def arrived(tmp_path_factory: pytest.TempPathFactory) -> Arrived:
    """A class that collected a source of each form at once, and was graded."""
    made = make_class(tmp_path_factory.mktemp("collect") / "class")
    (made.root / "students.csv").write_text(ROSTER, encoding="utf-8")
    sources = _sources(made, tmp_path_factory.mktemp("arrived"))
    words = ("class", "collect", str(made.root), *map(str, sources), "-l", LESSON)
    collected = command(*words, "--json")
    return Arrived(made, sources, collected, command("class", "grade", str(made.root)))


def test_a_right_answer_gets_full_marks_wherever_it_lay(arrived: Arrived) -> None:
    assert arrived.graded.code == 0, arrived.graded.err
    grades = arrived.made.grades()
    everyone = {"ada", "wf1", "wf2", "chloé", "gil", "nina", "zip", "unknown-4712"}
    assert set(grades) == everyone
    for student in everyone:
        for task in arrived.made.lesson.tasks:
            assert grades[student][f"grade-{task.name}"][0] == task.points, student


def test_what_was_collected_is_told(arrived: Arrived) -> None:
    assert arrived.collected.code == 1
    rows = {row["student"]: row for row in json.loads(arrived.collected.out)}
    ada = rows["ada"]
    assert (ada["file"], ada["user_id"]) == (f"{LESSON}.py", "4711")
    assert (ada["late"], ada["form"], ada["sender"]) == (True, "canvas", "oneilada")
    assert rows["gil"]["file"] == f"course/{LESSON}/exercise.py"
    assert rows["nina"]["time"] == "2026-01-05 12:00:00.123456 UTC"
    assert rows["unknown-4712"]["notes"] == ["not in the class list"]
    told = arrived.collected.err
    assert "evil_4713_99004_../../x.py: its path leads outside the archive" in told
    assert "not in the class list: unknown-4712" in told
    place = arrived.made.root / "submitted/ada" / LESSON
    assert json.loads((place / "arrival.json").read_text()) == ada
    assert (place.parents[1] / f"nina/{LESSON}/submission_secret.txt").exists()


def test_a_choice_is_told_only_where_there_was_one(arrived: Arrived) -> None:
    def notes(student: str) -> list[str]:
        path = arrived.made.root / "reports" / LESSON / f"{student}.json"
        report: dict[str, list[str]] = json.loads(path.read_text())["report"]
        return report["notes"]

    assert notes("nina") == notes("ada") == []
    (told,) = notes("gil")
    assert f"'course/{LESSON}/exercise.py' answers the most and was graded" in told
    (told,) = notes("zip")
    assert f"'zip.zip/gradients/course/{LESSON}/exercise.py' answers the most" in told


def test_a_second_collect_changes_nothing(arrived: Arrived) -> None:
    root = arrived.made.root
    before = {path: path.stat().st_mtime_ns for path in root.glob("submitted/**/*")}
    done = command("class", "collect", str(root), *map(str, arrived.sources))
    assert done.out.count("unchanged") == 8, done.err
    assert {p: p.stat().st_mtime_ns for p in root.glob("submitted/**/*")} == before


def test_a_wrong_class_list_stops_all_before_anything_is_done(
    arrived: Arrived, tmp_path: Path
) -> None:
    root = shutil.copytree(arrived.made.root, tmp_path / "class", symlinks=True)
    work = root / "submitted/zed" / LESSON
    _save(work / "x.py")
    people = root / "students.csv"
    people.write_text(ROSTER + "../x,,,,,\nada,,,,,\n", encoding="utf-8")
    told = (f"{people}, line 9: '../x' is not", f"{people}, line 10: id 'ada' is in")
    new = tmp_path / "new.py"
    _save(new)
    for words in (("grade",), ("collect", str(new), "-l", LESSON)):
        done = command("class", words[0], str(root), *words[1:])
        assert done.code == 2
        assert all(line in done.err for line in told)
        assert done.err.count("\n") == 3
    assert not (root / f"reports/{LESSON}/zed.json").exists()
    assert not (root / "submitted/new").exists()


def test_a_zip_that_may_hold_a_class_is_told_of(
    arrived: Arrived, tmp_path: Path
) -> None:
    root = shutil.copytree(arrived.made.root, tmp_path / "class", symlinks=True)
    for name in ("Ada Adams", "Xu Y"):
        _save(tmp_path / f"Submitted files/{name}/HW 1/Version 1/hw.py")
    shutil.make_archive(str(tmp_path / "work"), "zip", tmp_path, "Submitted files")
    words = ("class", "collect", str(root), str(tmp_path / "work.zip"), "-l", LESSON)
    done = command(*words)
    assert "unknown-work" in done.err
    assert "say --from folder" in done.err
    done = command(*words, "--from", "folder")
    assert done.err == "not in the class list: unknown-Ada Adams, unknown-Xu Y\n"
    assert done.code == 0


def test_a_download_is_graded_without_a_class(arrived: Arrived, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("grade", str(arrived.sources[0]), "-l", LESSON, "--out", str(out))
    done = command(*words)
    assert done.code == 1  # a file was not taken in
    assert "4711: late, as the platform says" in done.err
    exported = command("export", "canvas", str(out)).out
    rows = list(csv.DictReader(io.StringIO(exported)))
    points = {row["ID"]: row[LESSON] for row in rows if row["ID"]}
    full = f"{sum(task.points for task in arrived.made.lesson.tasks):g}"
    assert {user: f"{float(text):g}" for user, text in points.items()} == {
        "4711": full,
        "4712": full,
    }
    assert os.listdir(out / "pages")
