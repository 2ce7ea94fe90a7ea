"""What hand-ins do to the machine that grades them, outside the jail: nothing.

The commands run as an instructor runs them: as processes, standing among hand-ins.
"""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.student.lesson import Lesson, find_course

pytestmark = pytest.mark.jail
REPOSITORY = Path(__file__).resolve().parents[2]
LESSON = "00-start"
FULL = "10"
#: Names that Python, pytest, Jupyter or matplotlib would take for their own.
MODULES = (
    *("random", "json", "numpy", "torch", "autograder", "keyword", "re", "typer"),
    *("conftest", "sitecustomize", "usercustomize", "runpy", "nbgrader", "matplotlib"),
    *("jupyter_config", "jupyter_nbgrader_config", "nbgrader_config"),
)
PROGRAMS = ("bwrap", "alembic", "setpriv", "node", "python3", "nbgrader")
CONFIGS = {
    "pytest.ini": "[pytest]\naddopts = -p conftest\n",
    "matplotlibrc": "backend: module://conftest\nnonsense: 1\n",
    "alembic.ini": "[alembic]\nscript_location = .\n",
}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """A class of one lesson, and the command that its instructor has installed."""

    root: Path
    command: Path
    lesson: Lesson
    solved: dict[str, Any]

    def run(self, *words: object, cwd: Path, start: tuple[str, ...] = ()) -> Done:
        """Run the command, standing somewhere, with ``.`` before all else on PATH."""
        search = f".:{Path(sys.executable).parent}::{os.environ['PATH']}"
        environment = os.environ | {"PATH": search, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            [sys.executable, *(start or (str(self.command),)), *map(str, words)],
            cwd=cwd,
            env=environment | {"NO_COLOR": "1", "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=600,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def folder(self, student: str) -> Path:
        """Return a student's folder, made when it is first asked for."""
        place = self.root / "submitted" / student / LESSON
        place.mkdir(parents=True, exist_ok=True)
        return place

    def edited(self, edit: Callable[[dict[str, Any]], None]) -> str:
        """Return the solved notebook with an edit made to each cell, as JSON."""
        notebook = json.loads(json.dumps(self.solved))
        for cell in notebook["cells"]:
            edit(cell)
        return json.dumps(notebook)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An empty class, made while standing among hostile files."""
    here = tmp_path_factory.mktemp("desk")
    # What pip writes for the command, in a folder of its own.
    command = here / "bin" / "autograder"
    command.parent.mkdir()
    command.write_text("from autograder.__main__ import main\nmain()\n")
    root = here / "class"
    made = Desk(root, command, find_course(Path(__file__)).lesson(LESSON), {})
    hostile, markers = here / "hostile", here / "markers"
    plant(hostile, markers)
    done = made.run("class", "init", root, "-l", "00", "--seed", 7, cwd=hostile)
    assert done.code == 0, done.err
    assert os.listdir(markers) == []
    source = root / "source" / LESSON / f"{LESSON}.ipynb"
    return Desk(root, command, made.lesson, json.loads(source.read_text()))


def plant(folder: Path, markers: Path) -> None:
    """Fill a folder with files that leave a marker if anyone runs or imports them."""
    folder.mkdir()
    markers.mkdir()
    for name in MODULES:
        text = f"open({str(markers / name)!r}, 'w').close()\n"
        (folder / f"{name}.py").write_text(text)
    for name in PROGRAMS:
        (folder / name).write_text(f"#!/bin/sh\n: > '{markers / name}'\nexit 1\n")
        (folder / name).chmod(0o755)
    for name, text in CONFIGS.items():
        (folder / name).write_text(text)
    # A course of a student's own, whose hidden tests would run on the host.
    for part in ("course/00-start/lesson.toml", "solutions/00-start/reference.py"):
        path = folder / part
        path.parent.mkdir(parents=True)
        path.write_text("")


def test_nothing_that_lies_among_hand_ins_runs_on_the_host(
    desk: Desk, tmp_path: Path
) -> None:
    here, markers = tmp_path / "here", tmp_path / "markers"
    plant(here, markers)
    (here / "ada.py").write_text(desk.lesson.reference_path.read_text())
    (desk.folder("ada") / f"{LESSON}.ipynb").write_text(json.dumps(desk.solved))
    out = tmp_path / "out"
    done = desk.run("grade", ".", "-l", "00", "--out", out, "--workers", 2, cwd=here)
    assert done.code == 1, done.err
    rows = {line.split()[0]: line for line in done.out.splitlines() if LESSON in line}
    assert f" {FULL} / {FULL}" in rows["ada"]
    assert f" 0 / {FULL}" in rows["random"]
    for words in (
        ("class", "grade", desk.root, "--workers", 1),
        ("class", "report", desk.root),
        ("class", "similar", desk.root),
        ("export", "csv", out),
        ("export", "canvas", desk.root),
    ):
        done = desk.run(*words, cwd=here)
        assert done.code == 0, done.err
        assert "matplotlibrc" not in done.err
    assert os.listdir(markers) == []


def test_python_m_autograder_imports_nothing_from_where_one_stands(
    desk: Desk, tmp_path: Path
) -> None:
    here, markers = tmp_path / "here", tmp_path / "markers"
    plant(here, markers)
    (here / "autograder.py").unlink()  # this one Python itself would take for ours
    (here / "runpy.py").unlink()
    done = desk.run("class", "report", desk.root, cwd=here, start=("-m", "autograder"))
    assert "Traceback" not in done.err
    assert os.listdir(markers) == []


def _zips(depth: int, inner: bytes) -> bytes:
    """Return an archive of archives: 12 to the power of its depth."""
    for _ in range(depth):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(12):
                archive.writestr(f"{number}.zip", inner)
        inner = stream.getvalue()
    return inner


def _hand_in_killers(desk: Desk) -> set[str]:
    """Hand in everything that once stopped or slowed a class; return who did."""
    lesson = desk.lesson
    right = json.dumps(desk.solved)
    reference = lesson.reference_path.read_text()
    name = f"{LESSON}.ipynb"
    written = lesson.written
    assert written is not None

    def halves(cell: dict[str, Any]) -> None:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == written.name:
            cell["source"] = "Because \ud800 it is."
        elif cell["cell_type"] == "code":
            cell["source"] = f"{''.join(cell['source'])}\n# \udfff"

    texts = {
        "half-characters": desk.edited(halves),
        "deep-json": "[" * 100_000,
        "deep-cells": json.dumps(
            {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        ).replace("[]", "[" + ",".join(["[" * 1000 + "]" * 1000] * 2000) + "]"),
        "empty": "",
    }
    for student, text in texts.items():
        (desk.folder(student) / name).write_text(text)
    sources = {
        "one-line": reference + "\n# %%\n" + "x = 1; " * 30_000,
        "deep-code": reference + "\n# %%\nx = " + "(" * 3000 + ")" * 3000,
        "long-message": reference
        + "\ndef mean(x):\n    raise ValueError('/a/b 1.5e3 [red] ' * 10**6)\n",
        "deep-answer": reference
        + "\ndef mean(x):\n    y = []\n    for _ in range(2000):\n        y = [y]\n"
        "    return y\n",
    }
    for student, text in sources.items():
        (desk.folder(student) / "hw.py").write_text(text)
    times = {"odd-time": "1" * 40 + "h", "long-time": "2026-01-01 " * 10**6}
    for student, text in times.items():
        (desk.folder(student) / name).write_text(right)
        (desk.folder(student) / "timestamp.txt").write_text(text)
    (desk.folder("zips") / "hw.zip").write_bytes(_zips(4, reference.encode()))
    os.mkfifo(desk.folder("fifo") / name)
    (desk.folder("folder") / name).mkdir()
    (desk.folder("link") / name).symlink_to("/dev/zero")
    names = {
        "bytes": b"hw\xff\xfe.py",
        "newline": b"hw\n[red]<b>.py",
        "long-name": b"h" * 252 + b".py",
    }
    for student, odd in names.items():
        (Path(os.fsdecode(os.fsencode(desk.folder(student)) + b"/" + odd))).write_text(
            reference
        )
    os.mkdir(os.fsencode(desk.root / "submitted") + b"/\xff")
    (desk.folder("zz-right") / name).write_text(right)
    return {*texts, *sources, *times, *names, "zips", "fifo", "folder", "link"}


def _scores(desk: Desk) -> dict[str, float]:
    query = """
        SELECT submitted_assignment.student_id, sum(coalesce(grade.auto_score, 0))
        FROM grade
        JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
        JOIN submitted_assignment
          ON submitted_assignment.id = submitted_notebook.assignment_id
        GROUP BY submitted_assignment.student_id
    """
    connection = sqlite3.connect(desk.root / "gradebook.db")
    try:
        return dict(connection.execute(query))
    finally:
        connection.close()


def test_a_class_of_killers_is_graded_to_its_end(desk: Desk, tmp_path: Path) -> None:
    killers = _hand_in_killers(desk)
    done = desk.run("class", "grade", desk.root, "--workers", 2, cwd=tmp_path)
    assert done.code == 1, done.err[-2000:]
    assert "Traceback" not in done.err
    scores = _scores(desk)
    assert set(scores) >= {*killers, "zz-right"}
    honest = {"zz-right", "half-characters", *("odd-time", "long-time", "one-line")}
    honest |= {"bytes", "newline", "long-name", "deep-code"}
    assert {s: scores[s] for s in honest} == dict.fromkeys(honest, float(FULL))
    for student in ("deep-json", "deep-cells", "empty", "zips", "fifo", "folder"):
        assert scores[student] == 0, student
    reports = {
        path.stem: json.loads(path.read_text())["report"]
        for path in (desk.root / "reports" / LESSON).iterdir()
    }
    assert "infra" not in {report["verdict"] for report in reports.values()}
    unread = ("empty", "fifo", "folder", "link", "zips", "deep-json")
    assert len({reports[name]["submission"] for name in unread}) == len(unread)
    page = desk.root / "autograded" / "half-characters" / LESSON / f"{LESSON}.ipynb"
    assert re.search(r"Because [?\ufffd]+ it is\.", page.read_text(encoding="utf-8"))
    done = desk.run("class", "grade", desk.root, cwd=tmp_path)
    assert f"{len(reports)} unchanged" in done.err
