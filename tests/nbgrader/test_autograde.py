"""``nbgrader autograde``, ``generate_feedback`` and ``export`` over our classes."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from conftest import EVIL, LESSON, ODD, Class, Done, command
from nbgrader.api import Gradebook

from autograder.cli import main

pytestmark = pytest.mark.jail


def test_autograde_gives_the_points_that_class_grade_gives(
    stock: tuple[Class, Done], graded: tuple[Class, Done]
) -> None:
    made, done = stock
    assert done.code == 0, done.err
    direct = graded[0].grades()
    assert made.grades() == {s: g for s, g in direct.items() if s not in ODD}


def test_feedback_pages_show_points_and_run_nothing(
    graded: tuple[Class, Done],
) -> None:
    made, _ = graded
    done = command("generate_feedback", LESSON, cwd=made.root, module="nbgrader")
    assert done.code == 0, done.err
    page = made.root / "feedback" / "hostile" / LESSON / f"{LESSON}.html"
    text = page.read_text()
    assert EVIL[:20] not in text
    assert "normalise" in text
    assert (made.root / "feedback" / "broken" / LESSON).is_dir()


def test_export_lists_every_student(graded: tuple[Class, Done]) -> None:
    made, _ = graded
    done = command("export", cwd=made.root, module="nbgrader")
    assert done.code == 0, done.err
    with Path(made.root, "grades.csv").open(newline="") as stream:
        rows = {row["student_id"]: row for row in csv.DictReader(stream)}
    full = sum(task.points for task in made.lesson.tasks)
    assert float(rows["right"]["raw_score"]) == full
    assert rows["right"]["timestamp"] == "2026-01-05 12:00:00"
    assert rows["broken"]["timestamp"] == ""
    assert float(rows["broken"]["raw_score"]) == 0


def _decide(path: Path) -> None:
    """Grade ``right`` by hand, as a person does in formgrader, and take off points."""
    book = Gradebook(f"sqlite:///{path}")
    notebook = book.find_submission_notebook(LESSON, LESSON, "right")
    for grade in notebook.grades:
        if grade.cell.name == "explain_time_limit":
            grade.manual_score, grade.needs_manual_grade = 1.5, False
        if grade.cell.name == "grade-normalise":
            grade.extra_credit = 0.5
    for comment in notebook.comments:
        if comment.cell.name == "explain_time_limit":
            comment.manual_comment = "Well said, <b>but</b> short."
    notebook.late_submission_penalty = 2.0
    book.db.commit()
    book.close()


def test_our_exports_give_the_points_of_nbgrader_s_own(
    graded: tuple[Class, Done], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, _ = graded
    root = tmp_path / "class"
    root.mkdir()
    for name in ("gradebook.db", "nbgrader_config.py", "students.csv"):
        shutil.copy(made.root / name, root)
    shutil.copytree(made.root / "reports", root / "reports")
    _decide(root / "gradebook.db")
    done = command("export", cwd=root, module="nbgrader")
    assert done.code == 0, done.err
    # Nbgrader writes names without quotes: O'Neil, "Bob" breaks his row.
    with (root / "grades.csv").open(newline="") as stream:
        broken = ("absent", "O'Neil")
        rows = [
            row for row in csv.DictReader(stream) if row["student_id"] not in broken
        ]
    theirs = {row["student_id"]: float(row["score"]) for row in rows}
    assert theirs["right"] == 10.0  # 10 + 1.5 + 0.5 - 2
    assert {float(row["max_score"]) for row in rows} == {12.0}

    def exported(to: str, *words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["class", "export", to, str(root), *words])
        assert not ended.value.code
        return capsys.readouterr().out

    def read(to: str, key: str) -> dict[str, dict[str, str]]:
        return {row[key]: row for row in csv.DictReader(io.StringIO(exported(to)))}

    theirs |= {"O'Neil": 10.0}
    wide = read("csv", "student")
    assert {name: float(row["points"]) for name, row in wide.items()} == theirs
    assert {row["max_points"] for row in wide.values()} == {"12"}
    parts = ("mean", "normalise", "halvings", "explain_time_limit", "penalty")
    assert [wide["right"][part] for part in parts] == ["2", "4.5", "4", "1.5", "2"]
    canvas = read("canvas", "SIS Login ID")
    assert (canvas["right"][LESSON], canvas[""][LESSON]) == ("10", "12")
    moodle = read("moodle", "Full name")["right"]
    assert (moodle["Grade"], moodle["Maximum Grade"]) == ("10", "12")
    assert "Well said, &lt;b&gt;but&lt;/b&gt; short." in moodle["Feedback comments"]
    data = json.loads(exported("json"))
    assert {one["student"]: one["points"] for one in data["grades"]} == theirs
    exported("gradescope", "--out", str(tmp_path))
    results = (tmp_path / LESSON / "right" / "results.json").read_text()
    assert json.loads(results)["score"] == 10
