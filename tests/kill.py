"""Kills class runs and their workers at random, and compares what is left in the end.

``python tests/kill.py --kills 20`` makes one class twice and grades one copy in peace.
In the other, runs and workers are killed (``kill -9``), half of the submissions change,
and a person's scores are entered; after one last run, gradebook, reports and notebooks
of both copies must be equal.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LESSON = "00-start"
STUDENTS = 12
_ROWS = """
    SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score,
           grade.manual_score, grade.needs_manual_grade
    FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment
      ON submitted_assignment.id = submitted_notebook.assignment_id
    ORDER BY 1, 2
"""
_COMMENTS = """
    SELECT submitted_assignment.student_id, base_cell.name, comment.auto_comment
    FROM comment
    JOIN base_cell ON base_cell.id = comment.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = comment.notebook_id
    JOIN submitted_assignment
      ON submitted_assignment.id = submitted_notebook.assignment_id
    ORDER BY 1, 2
"""


def main() -> None:
    """Run the comparison and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="autograder-kill-") as folder:
        found = differences(Path(folder), options.kills, random.Random(options.seed))
    for line in found:
        print(line)
    print(f"{options.kills} kills: {len(found)} differences")
    raise SystemExit(bool(found))


def differences(
    folder: Path, kills: int, rng: random.Random, students: int = STUDENTS
) -> list[str]:
    """Return what differs between a class graded in peace and a disturbed one."""
    peaceful, disturbed = folder / "peaceful", folder / "disturbed"
    make_class(peaceful)
    shutil.copytree(peaceful, disturbed)
    for first, number in ((True, kills // 2), (False, kills - kills // 2)):
        for root in (peaceful, disturbed):
            if not first:
                enter_scores(root)
            hand_in(root, range(0, students, 1 if first else 2), again=not first)
        for _ in range(number):
            disturb(disturbed, rng, students)
        for root in (peaceful, disturbed):
            grade(root)
    return compare(snapshot(peaceful), snapshot(disturbed))


def make_class(root: Path) -> None:
    """Make an empty class of one lesson."""
    words = ("class", "init", str(root), "--lesson", LESSON, "--seed", "7")
    subprocess.run(_command(*words), check=True, capture_output=True)


def hand_in(root: Path, students: range, *, again: bool) -> None:
    """Hand in work of each student: right, wrong and partly right in turn."""
    solved = (root / "source" / LESSON / f"{LESSON}.ipynb").read_text()
    released = (root / "release" / LESSON / f"{LESSON}.ipynb").read_text()
    for number in students:
        text = (solved, released, _partly(solved, number))[(number + again) % 3]
        folder = root / "submitted" / f"student-{number:02}" / LESSON
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{LESSON}.ipynb").write_text(text)


def _partly(solved: str, number: int) -> str:
    notebook = json.loads(solved)
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "id": "mine"}
    source = f"def mean(x):\n    return {number}.5\n"
    notebook["cells"].append(code | {"execution_count": None, "source": source})
    return json.dumps(notebook)


def enter_scores(root: Path) -> None:
    """Enter a person's score for every student's first task, as formgrader does."""
    with contextlib.closing(sqlite3.connect(root / "gradebook.db")) as book, book:
        book.execute(
            "UPDATE grade SET manual_score = 1.5, needs_manual_grade = 0"
            " WHERE cell_id IN (SELECT id FROM base_cell WHERE name = 'grade-mean')"
        )


def grade(root: Path) -> None:
    """Grade a class in peace."""
    done = subprocess.run(_grade(root), capture_output=True, text=True)
    assert done.returncode == 1, done.stderr  # some task failed


def disturb(root: Path, rng: random.Random, students: int) -> None:
    """Start a run and kill it, or one of its workers, after some submissions."""
    options = ["--fresh"] if rng.random() < 0.5 else []
    lines, kills_worker = rng.randrange(students), rng.random() < 0.4
    run = subprocess.Popen([*_grade(root), *options], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert run.stderr is not None
    with run, run.stderr:
        for _ in range(lines):
            if not run.stderr.readline():
                break
        victims = list(_children(run.pid)) if kills_worker else []
        victim = rng.choice(victims) if victims else run.pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        run.stderr.read()


def _children(parent: int) -> Iterator[int]:
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError, IndexError):
            stat = Path("/proc", name, "stat").read_text()
            if int(stat.rpartition(")")[2].split()[1]) == parent:
                yield int(name)


def _grade(root: Path) -> list[str]:
    return _command("class", "grade", str(root), "--workers", "2")


def _command(*words: str) -> list[str]:
    code = "from autograder.__main__ import main; main()"
    return [sys.executable, "-W", "ignore", "-c", code, *words]


def snapshot(root: Path) -> dict[str, Any]:
    """Return everything that a class run leaves, without timings."""
    found: dict[str, Any] = {}
    with contextlib.closing(sqlite3.connect(root / "gradebook.db")) as book:
        for name, query in (("score", _ROWS), ("comment", _COMMENTS)):
            for student, cell, *values in book.execute(query):
                found[f"{name} {student} {cell}"] = values
    for path in sorted((root / "reports").rglob("*.json")):
        found[f"report {path.stem}"] = _without_timings(json.loads(path.read_text()))
    for path in sorted((root / "autograded").rglob("*.ipynb")):
        found[f"notebook {path.relative_to(root)}"] = path.read_text()
    return found


def _without_timings(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_timings(item) for item in value]
    if isinstance(value, dict):
        timings = ("wall_s", "cpu_s", "pace")
        return {k: _without_timings(v) for k, v in value.items() if k not in timings}
    return value


def compare(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return a line for each thing that is not the same in both."""
    missing = object()
    return [
        f"{key}: {one.get(key)!r:.100} in peace, {other.get(key)!r:.100} disturbed"
        for key in sorted(one.keys() | other.keys())
        if one.get(key, missing) != other.get(key, missing)
    ]


if __name__ == "__main__":
    main()
