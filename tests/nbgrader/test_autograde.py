"""``nbgrader autograde``, ``generate_feedback`` and ``export`` over our classes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from conftest import EVIL, LESSON, ODD, Class, Done, command

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
