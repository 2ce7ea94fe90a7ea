"""A class whose gradebook is a database of a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import postgres
import pytest
from conftest import LESSON, Class, Done, command
from every_row import every_row
from nbgrader.api import Gradebook

pytestmark = [pytest.mark.jail, pytest.mark.postgres]
#: The command, on a server that stops after so many submissions are written.
_STOPPED = """
import os, signal, sys, time
from pathlib import Path
from autograder.classroom.gradebook import ClassGradebook
from autograder.cli import main

write, server, left = ClassGradebook.write, int(sys.argv.pop(1)), int(sys.argv.pop(1))
def write_until(*words, **named):
    global left
    write(*words, **named)
    left -= 1
    if left == 0:
        os.kill(server, signal.SIGQUIT)
        while Path(f"/proc/{server}").exists():
            time.sleep(0.01)
ClassGradebook.write = write_until
main()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server for these tests."""
    with postgres.running() as running:
        yield running


@dataclass(frozen=True)
class Moved:
    """A copy of the graded class, whose gradebook is in a database of a server."""

    root: Path
    address: str

    def run(self, *words: str) -> Done:
        """Run a command on it; it must not tell the password."""
        done = command("class", *words, str(self.root))
        assert postgres.PASSWORD not in done.out + done.err
        return done


@pytest.fixture(scope="module")
def moved(
    graded: tuple[Class, Done],
    server: postgres.Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Moved:
    """The class, its lesson released again, nothing written yet."""
    made, _ = graded
    root = tmp_path_factory.mktemp("moved") / "class"
    shutil.copytree(made.root, root, symlinks=True)
    (root / "gradebook.db").unlink()
    address = server.make("cs101")
    done = command("class", "init", str(root), "--lesson", LESSON, "--db", address)
    assert done.code == 0, done.err
    assert postgres.PASSWORD not in done.out + done.err
    assert "teacher:***@" in done.out
    return Moved(root, address)


def test_a_class_in_postgresql_is_the_class_in_a_file(
    graded: tuple[Class, Done], moved: Moved
) -> None:
    made, _ = graded
    done = moved.run("grade")
    assert done.code == 1, done.err
    kept = every_row(f"sqlite:///{made.root / 'gradebook.db'}")
    assert every_row(moved.address) == kept
    assert not (moved.root / "gradebook.db").exists()

    done = moved.run("grade")
    assert "8 unchanged" in done.err
    assert every_row(moved.address) == kept

    assert moved.run("report").code == 0
    with Gradebook(moved.address) as book:  # what formgrader lists
        rows = {r["student"]: r for r in book.notebook_submission_dicts(LESSON, LESSON)}
    assert rows["right"]["score"] == sum(t.points for t in made.lesson.tasks)
    assert rows["hostile"]["needs_manual_grade"] is True
    for path in moved.root.rglob("*"):
        if path.is_file() and path.name != "nbgrader_config.py":
            assert postgres.PASSWORD.encode() not in path.read_bytes()
    mode = (moved.root / "nbgrader_config.py").stat().st_mode
    assert mode & 0o077 == 0  # it holds the password


def test_a_wrong_password_is_told_and_the_class_keeps_its_own(moved: Moved) -> None:
    config = (moved.root / "nbgrader_config.py").read_text()
    wrong = moved.address.replace(postgres.PASSWORD, "not-the-word")
    done = command("class", "init", str(moved.root), "--db", wrong)
    assert done.code == 2, done.err
    (line,) = done.err.splitlines()
    assert "password authentication failed" in line
    assert "not-the-word" not in line
    assert (moved.root / "nbgrader_config.py").read_text() == config


def test_a_server_that_stops_half_way_loses_nothing(
    moved: Moved, server: postgres.Server, graded: tuple[Class, Done]
) -> None:
    made, _ = graded
    server.rows("cs101", "TRUNCATE submitted_assignment CASCADE")
    words = ("class", "grade", str(moved.root), "--workers", "1")
    done = subprocess.run(
        [sys.executable, "-c", _STOPPED, str(server.process()), "3", *words],
        env=os.environ | {"PYTHONWARNINGS": "ignore", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 3, done.stderr
    *before, last = done.stderr.splitlines()
    assert last.startswith("autograder: postgresql+psycopg://teacher:***@/")
    assert "cannot be used: " in last
    assert not [line for line in before if "Traceback" in line or "Error" in line]

    line = moved.run("grade").err.splitlines()[-1]  # still away
    assert line.startswith("autograder: postgresql+psycopg://teacher:***@/")
    server.start()
    done = moved.run("grade")
    assert done.code == 1, done.err
    kept = every_row(f"sqlite:///{made.root / 'gradebook.db'}")
    assert every_row(moved.address) == kept
