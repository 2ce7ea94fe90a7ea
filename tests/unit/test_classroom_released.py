"""A class that gives other points than the course is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from classroom_kit import make_lesson

from autograder.classroom.released import check_points, released_points
from autograder.student.report import CourseError

POINTS = {"grade-double": 10.0, "grade-halve": 5.0, "explain": 5.0}


def test_the_course_s_own_points_pass(tmp_path: Path) -> None:
    check_points(POINTS, make_lesson(tmp_path), Path("cs101"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"grade-halve": 20.0}, "halve has 5 points in the course and 20 points in"),
        ({"explain": 4.0}, "explain has 5 points in the course and 4 points in"),
        ({"grade-cube": 1.0}, "grade-cube has no points in the course and 1 points"),
    ],
)
def test_other_points_are_told_with_what_to_run(
    tmp_path: Path, change: dict[str, float], told: str
) -> None:
    with pytest.raises(CourseError) as caught:
        check_points(POINTS | change, make_lesson(tmp_path), Path("cs101"))
    assert told in str(caught.value)
    remedy = "run: autograder class init cs101 --lesson 00-slopes"
    assert str(caught.value).endswith(remedy)


def test_a_task_that_the_class_lacks_is_told(tmp_path: Path) -> None:
    points = {"grade-double": 10.0, "explain": 5.0}
    with pytest.raises(CourseError, match=r"halve has 5 points .* and no points"):
        check_points(points, make_lesson(tmp_path), Path("cs101"))


def test_points_are_read_from_a_released_notebook() -> None:
    cells = [
        {"metadata": {}},
        {"metadata": {"nbgrader": {"grade": False, "grade_id": "double"}}},
        {"metadata": {"nbgrader": {"grade": True, "grade_id": "g", "points": 4}}},
    ]
    assert released_points({"cells": cells}) == {"g": 4.0}
