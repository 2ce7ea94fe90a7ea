"""The instructor's commands that need no nbgrader: grade and export."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from classroom_kit import make_record

from autograder.cli import main
from autograder.student.lesson import Lesson, find_course

pytestmark = pytest.mark.jail


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return find_course(Path(__file__)).lesson("00-start")


def _run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    out, err = capsys.readouterr()
    code = left.value.code
    return (code if isinstance(code, int) else 0), out, err


def test_grades_a_folder_writes_everything_and_resumes(
    tmp_path: Path, lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "ada.py").write_text(lesson.reference_path.read_text())
    (work / "bob.py").write_text(lesson.exercise_path.read_text())
    (work / "eve.ipynb").write_text('{"cells": [')
    out = tmp_path / "out"
    site = ("--site", "https://x.org/c/")
    words = ("grade", work, "--lesson", "00", "--out", out, "--workers", 1, *site)
    code, text, err = _run(capsys, *words)
    assert code == 1
    assert "3/3" in err
    rows = {line.split()[0]: line for line in text.splitlines() if "00-start" in line}
    full = f"{sum(task.points for task in lesson.tasks):g}"
    assert f"{full} / {full}" in rows["ada"]
    assert "Passed" in rows["ada"]
    assert f"0 / {full}" in rows["bob"]
    assert "eve: the submission cannot be read" in text
    for name in ("ada", "bob", "eve"):
        page = (out / "pages" / "00-start" / f"{name}.html").read_text()
        linked = 'href="https://x.org/c/00-start/#step-1"' in page
        assert linked == (name != "ada")
    code, text, err = _run(capsys, *words, "--json")
    assert "3 unchanged" in err
    assert [report["name"] for report in json.loads(text)] == [
        "ada.py",
        "bob.py",
        "eve.ipynb",
    ]
    code, text, _ = _run(capsys, "export", "csv", out)
    assert {row["student"] for row in csv.DictReader(io.StringIO(text))} == {
        "ada",
        "bob",
        "eve",
    }
    _, text, err = _run(capsys, "class", "export", "canvas", out, "--lesson", "00")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["00-start"] == "12"  # the answer in words included
    assert {row["SIS Login ID"]: row["00-start"] for row in rows[1:]}["ada"] == full
    assert "3 of 3 grades wait for a person" in err
    theirs, filled = tmp_path / "theirs.csv", tmp_path / "filled.csv"
    theirs.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (7)\n"
        "Ada,1,,ada,A,\nBob,2,,bob,A,\n"
    )
    words = ("--into", theirs, "--lesson", 0, "--column", "Homework 1", "--out", filled)
    code, text, err = _run(capsys, "export", "canvas", out, *words)
    assert (code, "3 grades" in text) == (0, True)
    with filled.open(newline="") as stream:
        points = [row["Homework 1 (7)"] for row in csv.DictReader(stream)]
    assert points == [full, "0"]
    assert "theirs.csv names nobody who is eve: left out" in err
    code, _, err = _run(capsys, "export", "gradescope", out)
    assert code == 2
    assert "--out DIR" in err
    one = out / "reports" / "00-start" / "ada.json"
    _, text, _ = _run(capsys, "export", "gradescope", one)
    assert json.loads(text)["score"] == float(full)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["grade", "/nowhere", "--lesson", "00"], "/nowhere does not exist"),
        (["grade", ".", "--lesson", "77"], "is not a lesson"),
        (["class", "grade", "/nowhere"], "is not a class folder"),
        (["class", "report", "/nowhere"], "is not a class folder"),
        (["class", "similar", "/nowhere"], "is not a class folder"),
        (["export", "csv", "/nowhere"], "holds no reports"),
        (["grade"], "Missing argument"),
        (["grade", ".", "--lesson", "00", "--site", "x.org"], "website's address"),
        (["grade", ".", "--lesson", "00", "--workers", "0"], "Invalid value"),
        (["export", "excel", "."], "Invalid value"),
        (["export", "json", ".", "--long"], "--long is for csv"),
        (["export", "csv", ".", "--into", "x.csv"], "--into is for canvas and moodle"),
        (["export", "csv", ".", "--column", "x"], "--column is for canvas"),
        (["class", "export", "canvas", "/nowhere"], "holds no reports"),
        (["gradescope", "77"], "is not a lesson"),
        (["grade", ".", "--lesson", "00", "--seed", "9" * 200], "Invalid value"),
        (["gradescope", "00", "--out", "."], "name the archive to write"),
    ],
)
def test_bad_input_gets_code_2_and_no_traceback(
    capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    code, _, err = _run(capsys, *words)
    assert code == 2
    assert reason in err
    assert "Traceback" not in err


def test_reports_go_to_a_terminal_of_any_letters_and_to_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = make_record("ada").report.as_dict() | {"name": "Zoë 偉.py"}
    path = tmp_path / "grades.json"
    path.write_text(json.dumps(report))
    code, _, err = _run(capsys, "export", "csv", path, "--out", tmp_path)
    assert (code, "is a folder" in err) == (2, True)
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, "ascii"))
    code, _, err = _run(capsys, "export", "csv", path)
    assert (code, err) == (0, "")
    sys.stdout.flush()
    assert "Zoë 偉" in printed.getvalue().decode("utf-8")
    path.write_text("[" * 100_000)
    code, _, err = _run(capsys, "export", "csv", path)
    assert (code, "is not a report: nested too deeply" in err) == (2, True)


def test_what_is_graded_twice_in_one_place_holds_no_student_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lesson: Lesson
) -> None:
    for name in ("ada.py", "Ada.py"):
        (tmp_path / name).write_bytes(lesson.reference_path.read_bytes())
    out = tmp_path / "results"
    for _ in range(2):
        words = (tmp_path, "--lesson", "00", "--out", out, "--workers", 1)
        code, text, _ = _run(capsys, "grade", *words)
        assert (code, "results  " in text) == (0, False)
    code, text, _ = _run(capsys, "export", "csv", out)
    assert code == 0
    names = [row["student"] for row in csv.DictReader(io.StringIO(text))]
    assert names == ["Ada", "ada-2"]
    code, _, err = _run(capsys, "grade", tmp_path, "--lesson", "00", "--out", tmp_path)
    assert (code, "name another folder with --out" in err) == (2, True)


def test_a_platforms_odd_name_is_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lesson: Lesson
) -> None:
    source, out = tmp_path / "assignment_1_export", tmp_path / "results"
    (source / "submission_1").mkdir(parents=True)
    (source / "submission_1" / "hw.py").write_bytes(lesson.reference_path.read_bytes())
    who = '{":name": "Ada\\e[2J\\nL;=1", ":sid": "1\\n2"}'
    told = f'submission_1:\n  ":submitters": [{who}]\n'
    (source / "submission_metadata.yml").write_text(told)
    assert _run(capsys, "grade", source, "-l", "00", "--out", out)[0] == 0
    code, text, _ = _run(capsys, "export", "csv", out)
    assert code == 0
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["last_name"] == "Ada [2J L;'=1"


def test_init_refuses_a_folder_that_holds_something_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("")
    code, _, err = _run(capsys, "class", "init", tmp_path)
    assert code == 2
    assert "not empty" in err
