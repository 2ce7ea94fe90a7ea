"""`autograder progress`: every lesson that has been begun, each by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.commands.students_copy import write_copy
from autograder.student.lesson import find_course

COURSE = find_course(Path(__file__))
RIGHT = (
    "def mean(x):\n    if not x.size:\n        raise ValueError\n    return x.mean()\n"
)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A students' copy of two lessons."""
    folder = tmp_path_factory.mktemp("release") / "students"
    write_copy(COURSE, folder, lessons=["00", "01"])
    return folder


@pytest.fixture
def copy(untouched: Path, tmp_path: Path) -> Path:
    """One to work in."""
    return Path(shutil.copytree(untouched, tmp_path / "students"))


def progress(copy: Path, *words: str) -> tuple[int, str]:
    """Run the command in a copy; return its exit code and what it prints."""
    code = f"import autograder.student.cli as cli; cli.main(['progress', *{words!r}])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def add(copy: Path, lesson: str, text: str) -> None:
    with (copy / f"course/{lesson}/exercise.py").open("a", encoding="utf-8") as file:
        file.write(text)


def test_what_nobody_has_tried_fails_nothing(copy: Path, tmp_path: Path) -> None:
    assert progress(copy) == (0, "Not begun: 00-start, 01-gradients\n")
    add(copy, "00-start", RIGHT)
    summary = tmp_path / "summary.md"
    code, said = progress(copy, "--summary", str(summary))
    assert code == 0
    assert said.split()[:5] == ["00-start", "mean", "2", "of", "2"]
    assert "Not begun: 01-gradients" in said
    text = summary.read_text("utf-8")
    assert "| 00-start | `mean` | 2 of 2 | passed |\n" in text
    assert "| 00-start | `halvings` | 0 of 4 | not attempted yet |\n" in text


def test_a_wrong_answer_fails_and_says_where(copy: Path, tmp_path: Path) -> None:
    add(copy, "00-start", "def mean(x):\n    return 0.0\n")
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n", "utf-8")
    code, said = progress(copy, "--summary", str(summary))
    assert code == 1
    assert "  mean of 1, 2, 6\n    got 0, expected 3" in said
    text = summary.read_text("utf-8")
    assert text.startswith("# Before\n## Public tests\n")
    assert "| `mean` | 0 of 2 | ❌ wrong |" in text
    assert "**00-start mean**\n\n    mean of 1, 2, 6\n      got 0, expected 3" in text


def test_one_lesson_cannot_stop_the_check_of_the_next(copy: Path) -> None:
    add(copy, "00-start", "import os\ndef mean(x):\n    os._exit(0)\n")
    add(copy, "01-gradients", "def gradient(f, x):\n    return 0.0\n")
    code, said = progress(copy, "--json")
    assert code == 1
    rows = json.loads(said)["tasks"]
    assert {row["lesson"] for row in rows} == {"00-start", "01-gradients"}
    failed = [(row["lesson"], row["task"]) for row in rows if row["failed"]]
    assert ("01-gradients", "gradient") in failed
    assert any(lesson == "00-start" for lesson, _ in failed)


def test_a_summary_that_cannot_be_written_is_one_line(copy: Path) -> None:
    code, said = progress(copy, "--summary", str(copy / "no/where.md"))
    assert code == 2
    assert said.endswith("no/where.md cannot be written: No such file or directory\n")
