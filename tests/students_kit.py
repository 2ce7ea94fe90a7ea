"""A student with a release: a folder, the commands of its README, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.commands.students_copy import write_copy
from autograder.student.lesson import Lesson, find_course
from autograder.student.notebook.build import build_notebook
from autograder.student.notebook.written import WRITTEN_STUB
from autograder.student.report import Report

COURSE = find_course(Path(__file__))
#: What a student's own environment of the README's installs is enough for.
LESSONS = [lesson for lesson in COURSE.lessons if "torch" not in lesson.needs]
WRONG_LESSON = "def shout(text):\n    return text.upper()\n"
WORDS = "Because # each half\nis a half.  Ünïcödé."
_TASK = re.compile(
    r'^(# %% tags=\["task"\] task="(\w+)"\n)(?:(?!# %%).*\n)*', re.MULTILINE
)


@dataclass(frozen=True)
class Student:
    """A student's copy of the course, and the environment made for it."""

    root: Path
    venv: Path

    def exercise(self, lesson: Lesson) -> Path:
        """Return the Python form of a lesson."""
        return self.root / "course" / lesson.id / "exercise.py"

    def notebook(self, lesson: Lesson) -> Path:
        """Return the notebook of a lesson."""
        return self.root / "notebooks" / f"{lesson.id}.ipynb"

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment in the copy's folder."""
        command = [str(self.venv / "bin" / words[0]), *words[1:]]
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment(self.root),
            capture_output=True,
            text=True,
        )

    def execute(self, lesson: Lesson) -> dict[str, float]:
        """Run a notebook in Jupyter; return the points that its cells show."""
        path = self.notebook(lesson)
        done = self.run(
            "jupyter", "execute", "--inplace", "--startup_timeout=600", str(path)
        )
        assert done.returncode == 0, done.stderr
        shown = {}
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            found = re.search(r'^points\("(\w+)"\)', "".join(cell["source"]), re.M)
            if found:
                (output,) = cell["outputs"]
                shown[found[1]] = float("".join(output["data"]["text/plain"]))
        return shown

    def copied(self, to: Path) -> Student:
        """Return a plain copy of the folder, all of whose files were saved at once."""
        shutil.copytree(
            self.root, to, ignore=shutil.ignore_patterns(".venv", "*.egg-info")
        )
        _save_all_at_once(to)
        return Student(to, self.venv)


def _save_all_at_once(root: Path) -> None:
    """Give all files one time, by which what Python compiled stays valid in a copy."""
    for path in root.rglob("*"):
        if ".venv" not in path.relative_to(root).parts:
            os.utime(path, (1_700_000_000, 1_700_000_000))


def set_up(root: Path) -> Student:
    """Write a release, and do in it what its README says.

    Its commands have run once, as in the folder of anybody who works with it.
    """
    write_copy(COURSE, root)
    readme = (root / "README.md").read_text("utf-8")
    commands = re.findall(r"^    (.+)$", readme, re.MULTILINE)
    assert commands == ["python3 set_up.py"]
    done = subprocess.run(
        commands[0],
        shell=True,
        cwd=root,
        env=environment(root),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "source .venv/bin/activate" in done.stdout
    student = Student(root, root / ".venv")
    _save_all_at_once(root)
    for words in (["check", "00"], ["submit", "00"]):
        assert student.run("autograder", *words).returncode in (1, 2)
    return student


def environment(home: Path) -> dict[str, str]:
    """Return an environment in which nothing leads to this repository."""
    paths = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }
    return kept | {
        "PIP_NO_COMPILE": "1",  # most of what is installed is never imported
        "PATH": os.pathsep.join(paths),
        "HOME": str(home),
        "COLUMNS": "200",
        "NO_COLOR": "1",
        "LANG": "C.UTF-8",
    }


def solutions(lesson: Lesson) -> dict[str, str]:
    """Return the reference's source of each task."""
    cells = build_notebook(lesson, with_reference=True).cells
    return {c.metadata["task"]: c.source for c in cells if "task" in c.metadata}


def solve_python(path: Path, lesson: Lesson, *, tasks: int = 99) -> None:
    """Write the reference's code and an answer in words into an exercise.py."""
    found = dict(list(solutions(lesson).items())[:tasks])

    def put(match: re.Match[str]) -> str:
        source = found.get(match[2])
        return match[0] if source is None else f"{match[1]}{source}\n\n\n"

    text, cells = _TASK.subn(put, path.read_text("utf-8"))
    assert cells == len(lesson.tasks)
    if tasks >= cells:
        assert text.count(WRITTEN_STUB) == 1
        text = text.replace(WRITTEN_STUB, WORDS)
    path.write_text(text, "utf-8")


def solve_notebook(path: Path, lesson: Lesson) -> None:
    """Write the reference's code and an answer in words into a notebook."""
    found = solutions(lesson)
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if "".join(cell["source"]) == WRITTEN_STUB:
            cell["source"] = WORDS
        cell["source"] = found.get(cell["metadata"].get("task"), cell["source"])
    path.write_text(json.dumps(notebook), "utf-8")


def grade(lesson: Lesson, *handed: Path) -> list[dict[str, float]]:
    """Grade hand-ins on the instructor's side; return the points of each by task."""
    command = [sys.executable, "-m", "autograder", "grade", *map(str, handed)]
    done = subprocess.run(
        [*command, "--lesson", lesson.id, "--json"],
        cwd=COURSE.root,
        capture_output=True,
        text=True,
    )
    assert done.stdout, done.stderr
    records = json.loads(done.stdout)
    reports = [Report.from_json(json.dumps(record)) for record in records]
    return [{task.task: task.points for task in report.tasks} for report in reports]
