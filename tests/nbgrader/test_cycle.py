"""A whole cycle of a class, graded twice: by ``class grade`` and by ``autograde``.

An assignment goes out through the exchange, two students hand in, a person grades and
comments, one comes late, hands in again, a hidden test changes, feedback goes back.
After each step every row of both gradebooks must be the same.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import LESSON, Done
from every_row import every_row
from nbgrader.api import Gradebook

from autograder.student.lesson import COURSE_ENV, find_course

pytestmark = pytest.mark.jail
WRITTEN = "explain_time_limit"
_CONFIG = """
from nbgrader.plugins import LateSubmissionPlugin


class OneAndAHalf(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return 1.5


c.AssignLatePenalties.plugin_class = OneAndAHalf
c.Exchange.root = {exchange!r}
c.ExchangeCollect.check_owner = False  # one user plays everybody here
"""
#: Commands of nbgrader, each in its folder, in one process: it starts slowly.
_NBGRADER = """
import json, os, sys
from jupyter_core.application import NoStart
from nbgrader.apps.nbgraderapp import NbGraderApp
for folder, words in json.loads(sys.argv[1]):
    os.chdir(folder)
    app = NbGraderApp.instance()
    app.initialize(words)
    try:
        app.start()
    except NoStart:  # its way to say that a command is done
        pass
    app.subapp.clear_instance()
    NbGraderApp.clear_instance()
"""
_NEW_TEST = '''

@pytest.mark.task("mean")
def test_mean_of_nothing_known(student):
    """Nobody passes this one."""
    got = student.mean(np.array([1.0]))
    check.close(got, 2.0, rtol=1e-12, where="a test that changed", look=STEP[0])
'''


@dataclass(frozen=True)
class Cycle:
    """The course, two class folders with one class in them, and two students."""

    folder: Path

    @property
    def ours(self) -> Path:
        return self.folder / "ours"

    @property
    def stock(self) -> Path:
        return self.folder / "stock"

    @property
    def lesson(self) -> Path:
        return self.folder / "course" / LESSON

    def run(self, *words: str) -> Done:
        """Run a command of Python with our copy of the course."""
        own = {COURSE_ENV: str(self.folder), "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(
            [sys.executable, *words],
            env=os.environ | own | {"NO_COLOR": "1", "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def autograder(self, *words: str) -> Done:
        return self.run("-m", "autograder", *words)

    def nbgrader(self, *steps: tuple[Path, str]) -> None:
        """Run nbgrader's commands, one after the other; none may fail."""
        todo = [(str(folder), words.split()) for folder, words in steps]
        done = self.run("-c", _NBGRADER, json.dumps(todo))
        assert done.code == 0, done.err

    def as_student(self, name: str, words: str) -> tuple[Path, str]:
        """Return a command that a student gives, with an exchange and a cache."""
        options = {
            "CourseDirectory.course_id": "gradients-to-kernels",
            "CourseDirectory.student_id": name,
            "Exchange.root": self.folder / "exchange",
            "Exchange.cache": self.folder / name / "cache",
        }
        told = " ".join(f"--{key}={value}" for key, value in options.items())
        return self.folder / name, f"{words} {LESSON} {told}"

    def work(self, student: str, **answers: str) -> None:
        """Let a student fill in what was fetched: code by task, and words."""
        path = self.folder / student / LESSON / f"{LESSON}.ipynb"
        notebook = json.loads(path.read_text())
        for cell in notebook["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            for task, answer in answers.items():
                solution = cell["metadata"].get("nbgrader", {}).get("solution")
                if solution and name.endswith(task):
                    cell["source"] = answer
        path.write_text(json.dumps(notebook))

    def grade(self, *ours: str, stock: str = "autograde") -> None:
        """Grade both classes at the same time, and compare every row."""
        with ThreadPoolExecutor() as pool:
            words = ("class", "grade", str(self.ours), "--workers", "1", *ours)
            one = pool.submit(self.autograder, *words)
            pool.submit(self.nbgrader, (self.stock, f"{stock} {LESSON}")).result()
            done = one.result()
        assert done.code in (0, 1), done.err
        self.compare()

    def compare(self) -> None:
        mine, theirs = (every_row(_address(root)) for root in (self.ours, self.stock))
        assert mine == theirs

    def both(self, change: Any) -> None:
        """Let a person change both gradebooks, as formgrader does."""
        for root in (self.ours, self.stock):
            with Gradebook(_address(root), "gradients-to-kernels") as book:
                change(book)
                book.db.commit()

    def row(self, student: str) -> dict[str, Any]:
        """Return what our gradebook says of a student, by cell."""
        with Gradebook(_address(self.ours), "gradients-to-kernels") as book:
            notebook = book.find_submission_notebook(LESSON, LESSON, student)
            return {grade.name: grade.to_dict() for grade in notebook.grades} | {
                "penalty": notebook.late_submission_penalty
            }


def _address(root: Path) -> str:
    return f"sqlite:///{root / 'gradebook.db'}"


@pytest.fixture
def cycle(tmp_path: Path) -> Cycle:
    """A course of one lesson, and the class folder of ours, released."""
    course = find_course(Path(__file__)).root
    for part in ("course", "solutions"):
        shutil.copytree(course / part / LESSON, tmp_path / part / LESSON)
    made = Cycle(tmp_path)
    done = made.autograder("class", "init", str(made.ours), "--seed", "7")
    assert done.code == 0, done.err
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange").chmod(0o777)
    config = made.ours / "nbgrader_config.py"
    own = _CONFIG.format(exchange=str(tmp_path / "exchange"))
    config.write_text(config.read_text() + own)
    for student in ("ada", "bob"):
        (tmp_path / student).mkdir()
    return made


def test_a_class_from_release_to_feedback(cycle: Cycle) -> None:
    ours, stock = cycle.ours, cycle.stock
    students = [cycle.folder / "ada", cycle.folder / "bob"]
    fetch = [cycle.as_student(one.name, "fetch_assignment") for one in students]
    cycle.nbgrader((ours, f"release_assignment {LESSON}"), *fetch)

    # Two students hand in; both graders find the same.
    right = _solutions(ours)
    cycle.work("ada", **right, **{WRITTEN: "It cannot look into the future."})
    cycle.work("bob", mean=right["mean"])
    submit = [cycle.as_student(one.name, "submit") for one in students]
    cycle.nbgrader(*submit, (ours, f"collect {LESSON}"))
    shutil.copytree(ours, stock, symlinks=True)
    cycle.grade()
    assert cycle.row("ada")[WRITTEN]["needs_manual_grade"] is True
    assert cycle.row("bob")["grade-mean"]["auto_score"] == 2

    # A person grades. He hands in again, so that his is to be looked at again; hers
    # is graded again by nbgrader, with --force, and stays as it is.
    cycle.both(_grade_by_hand)
    cycle.work("bob", mean=right["mean"], halvings=right["halvings"])
    cycle.nbgrader(submit[1], (ours, f"collect --update {LESSON}"))
    shutil.rmtree(stock / "submitted")
    shutil.copytree(ours / "submitted", stock / "submitted")
    cycle.grade(stock="autograde --force")
    ada, bob = cycle.row("ada"), cycle.row("bob")
    assert ada[WRITTEN]["manual_score"] == 1.5
    assert ada["grade-mean"]["extra_credit"] == 1
    assert ada[WRITTEN]["needs_manual_grade"] is False
    assert bob["grade-halvings"]["auto_score"] == 4
    assert bob["grade-mean"]["manual_score"] == 0.5
    assert bob["grade-mean"]["needs_manual_grade"] is True
    assert (ada["penalty"], bob["penalty"]) == (None, 1.5)  # she has an extension

    # A hidden test changes: one task is graded again, all else stays.
    hidden = cycle.folder / "solutions" / LESSON / "hidden" / "test_mean.py"
    hidden.write_text(hidden.read_text() + _NEW_TEST)
    cycle.grade("--lesson", LESSON, "--task", "mean", stock="autograde --force")
    ada = cycle.row("ada")
    assert ada["grade-mean"]["auto_score"] < 2
    assert ada["grade-normalise"]["auto_score"] == 4

    # Feedback goes back through the exchange, and the table leaves.
    feedback = [cycle.as_student(one.name, "fetch_feedback") for one in students]
    first = (f"generate_feedback --force {LESSON}", f"release_feedback {LESSON}")
    cycle.nbgrader(*((ours, words) for words in (*first, "export")), *feedback)
    cycle.nbgrader((stock, first[0]), (stock, "export"))
    pages = {one.name: _newest_page(one) for one in students}
    assert "Well put." in pages["ada"]
    assert "Well put." not in pages["bob"]
    assert "a test that changed" in pages["bob"]
    assert _table(ours) == _table(stock)
    scores = {row["student_id"]: row for row in _table(ours)}
    assert float(scores["bob"]["late_submission_penalty"]) == 1.5

    # The course gives other points than the class: refused, with what to do.
    contract = cycle.lesson / "lesson.toml"
    contract.write_text(contract.read_text().replace("points = 4", "points = 5", 1))
    words = ("class", "grade", str(ours), "--workers", "1")
    done = cycle.autograder(*words)
    remedy = f"autograder class init {ours} --lesson {LESSON}"
    told = f"{LESSON}: normalise has 5 points in the course and 4 points in this class"
    assert (done.code, done.err) == (2, f"autograder: {told}; run: {remedy}\n")
    done = cycle.autograder(*remedy.split()[1:])
    assert done.code == 0, done.err
    done = cycle.autograder(*words)
    assert done.code == 1, done.err
    ada = cycle.row("ada")
    assert (ada["grade-normalise"]["auto_score"], ada[WRITTEN]["manual_score"]) == (
        5,
        1.5,
    )


def _solutions(root: Path) -> dict[str, str]:
    """Return the reference's code by task, from the notebook that init made."""
    path = root / "source" / LESSON / f"{LESSON}.ipynb"
    return {
        cell["metadata"]["task"]: cell["source"]
        for cell in json.loads(path.read_text())["cells"]
        if "task" in cell["metadata"]
    }


def _grade_by_hand(book: Gradebook) -> None:
    """Enter scores and a comment; say when it was due, and for whom later."""
    book.update_or_create_assignment(LESSON, duedate=datetime(2020, 1, 1))
    book.grant_extension(LESSON, "ada", weeks=5200)

    def grade(student: str, cell: str) -> Any:
        found = book.find_grade(cell, LESSON, LESSON, student)
        found.needs_manual_grade = False
        return found

    grade("ada", WRITTEN).manual_score = 1.5
    grade("ada", "grade-mean").extra_credit = 1
    grade("bob", "grade-mean").manual_score = 0.5
    comment = book.find_comment(WRITTEN, LESSON, LESSON, "ada")
    comment.manual_comment = "Well put."


def _newest_page(student: Path) -> str:
    """Return the feedback that a student fetched last."""
    pages = (student / LESSON / "feedback").glob("*/*.html")
    return max(pages, key=lambda page: page.parent.name).read_text()


def _table(root: Path) -> list[dict[str, str]]:
    with (root / "grades.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))
