"""A class of lesson 00-start, graded by the real commands, shared by these tests."""

from __future__ import annotations

import ast
import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.mutants import lesson_mutants
from autograder.student.lesson import Lesson, find_course

LESSON = "00-start"
SITE = "https://example.org/course"
MISTAKE = "normalise-divides-by-n-minus-1"
EVIL = "<script>alert('xss')</script><img src=x onerror=alert(1)>"

Notebook = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


def command(*words: str, cwd: Path | None = None, module: str = "autograder") -> Done:
    """Run a command of this environment as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=cwd,
        env=os.environ | {"PYTHONWARNINGS": "ignore", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Class:
    """A class folder and the notebook that would get full marks in it."""

    root: Path
    lesson: Lesson
    solved: Notebook

    def hand_in(
        self,
        student: str,
        content: Notebook | str,
        name: str = f"{LESSON}.ipynb",
        timestamp: str = "",
    ) -> None:
        """Put a file where nbgrader's collect puts it."""
        folder = self.root / "submitted" / student / LESSON
        folder.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_text(text)
        if timestamp:
            (folder / "timestamp.txt").write_text(timestamp)

    def edited(self, edit: Callable[[dict[str, Any]], None]) -> Notebook:
        """Return the solved notebook with an edit made to each cell."""
        notebook = copy.deepcopy(self.solved)
        for cell in notebook["cells"]:
            edit(cell)
        return notebook

    def autograded(self, student: str) -> Notebook:
        """Read a graded notebook."""
        path = self.root / "autograded" / student / LESSON / f"{LESSON}.ipynb"
        notebook: Notebook = json.loads(path.read_text())
        return notebook

    def grades(self) -> dict[str, dict[str, tuple[float | None, bool]]]:
        """Return each student's cells: the automatic score, and if a person must look.

        Read with SQL, so that no code of ours or of nbgrader's stands between.
        """
        import sqlite3

        query = """
            SELECT submitted_assignment.student_id, base_cell.name,
                   grade.auto_score, grade.needs_manual_grade
            FROM grade
            JOIN base_cell ON base_cell.id = grade.cell_id
            JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
            JOIN submitted_assignment
              ON submitted_assignment.id = submitted_notebook.assignment_id
        """
        found: dict[str, dict[str, tuple[float | None, bool]]] = {}
        connection = sqlite3.connect(self.root / "gradebook.db")
        try:
            for student, cell, score, manual in connection.execute(query):
                found.setdefault(student, {})[cell] = (score, bool(manual))
        finally:
            connection.close()
        return found


def make_class(root: Path) -> Class:
    """Make a class folder with ``autograder class init``."""
    options = ("--lesson", LESSON, "--seed", "7", "--site", SITE)
    done = command("class", "init", str(root), *options)
    assert done.code == 0, done.err
    source = root / "source" / LESSON / f"{LESSON}.ipynb"
    lesson = find_course(Path(__file__)).lesson(LESSON)
    return Class(root, lesson, json.loads(source.read_text()))


def fill(made: Class) -> None:
    """Hand in work of every kind: right, untouched, wrong, odd, broken, hostile."""
    mistake = _mistaken(made.lesson)
    released = made.root / "release" / LESSON / f"{LESSON}.ipynb"

    def wrong(cell: dict[str, Any]) -> None:
        if cell["metadata"].get("task") == "normalise":
            cell["source"] = [*cell["source"], "\n", mistake]

    def hostile(cell: dict[str, Any]) -> None:
        wrong(cell)
        written = made.lesson.written
        assert written is not None
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == written.name:
            cell["source"] = f"Because {EVIL} [x](javascript:alert(2))"
        if cell["cell_type"] == "code":
            html = {"text/html": EVIL, "application/javascript": "alert(3)"}
            output = {"output_type": "display_data", "metadata": {}, "data": html}
            cell["outputs"] = [output]

    def stripped(cell: dict[str, Any]) -> None:
        cell["metadata"] = {}

    def old(cell: dict[str, Any]) -> None:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"] |= {"schema_version": 1, "points": 500}

    made.hand_in("right", made.solved, timestamp="2026-01-05 12:00:00 UTC")
    made.hand_in("untouched", released.read_text())
    made.hand_in("wrong", made.edited(wrong))
    made.hand_in("hostile", made.edited(hostile))
    made.hand_in("stripped", made.edited(stripped))
    made.hand_in("old", made.edited(old))


def _mistaken(lesson: Lesson) -> str:
    """Return `normalise` as a student with the known mistake writes it."""
    (mutant,) = (m for m in lesson_mutants(lesson) if m.name == MISTAKE)
    source = mutant.edited(lesson.reference_path.read_text())
    found = {
        node.name: ast.get_source_segment(source, node)
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }
    mistake = found["normalise"]
    assert mistake is not None
    return mistake


#: Students whose files nbgrader's own autograde refuses; class grade takes them.
ODD = ("O'Neil", "broken")


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> tuple[Class, Done]:
    """A class graded by ``nbgrader autograde`` with our preprocessors."""
    made = make_class(tmp_path_factory.mktemp("stock") / "class")
    fill(made)
    return made, command("autograde", LESSON, cwd=made.root, module="nbgrader")


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Class, Done]:
    """The same class, and two students more, graded by ``autograder class grade``."""
    made = make_class(tmp_path_factory.mktemp("direct") / "class")
    fill(made)
    made.hand_in("O'Neil", made.solved, name="HW (1).ipynb")
    made.hand_in("broken", '{"cells": [', timestamp="not a time")
    (made.root / "submitted" / "a<b>" / LESSON).mkdir(parents=True)
    (made.root / "submitted" / "link").symlink_to("/etc")
    (made.root / "students.csv").write_text(
        "id,first_name,last_name,email,lms_user_id\n"
        'O\'Neil,Bob,"O\'Neil, ""Bob""",b@example.org,4711\n'
        "absent,Ann,Other,,\n"
    )
    return made, command("class", "grade", str(made.root), "--workers", "2")
