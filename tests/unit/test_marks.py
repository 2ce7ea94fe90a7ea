"""What a failing check costs: caps, and functions that are lent."""

from __future__ import annotations

import pytest
from toy import handed, write_course

from autograder.grading.grade import Grader
from autograder.student.lesson import Course
from autograder.student.report import TaskResult, TestResult, Verdict


def result(*tests: tuple[Verdict, float, bool]) -> TaskResult:
    """A task of 10 points with tests of (verdict, weight, core)."""
    return TaskResult(
        "mean",
        10,
        tuple(
            TestResult(f"test_{n}", "mean", weight, verdict, core=core)
            for n, (verdict, weight, core) in enumerate(tests)
        ),
    )


GOOD, BAD = Verdict.PASSED, Verdict.WRONG


@pytest.mark.parametrize(
    ("tests", "points", "cap"),
    [
        ([(GOOD, 1, True), (GOOD, 1, False)], 10, 1.0),
        ([(GOOD, 1, True), (BAD, 1, False)], 5, 0.9),
        ([(GOOD, 99, True), (BAD, 1, False)], 9, 0.9),
        ([(GOOD, 1, True), (BAD, 1, True), (GOOD, 8, False)], 4, 0.4),
        ([(BAD, 1, True), (GOOD, 9, False)], 0, 0.0),
        ([(BAD, 1, True), (BAD, 1, True), (GOOD, 9, False)], 0, 0.0),
        ([(GOOD, 1, False), (BAD, 1, False)], 5, 0.9),
        ([(BAD, 1, True), (GOOD, 1, True), (BAD, 2, False)], 2.5, 0.4),
        ([(BAD, 1, True), (BAD, 1, False)], 0, 0.0),
    ],
)
def test_a_failing_check_caps_what_a_task_earns(tests, points, cap):
    task = result(*tests)
    assert task.points == points
    assert task.cap == cap
    passed = {test.verdict for test in task.tests}
    assert bool(task.cap_text) == (passed == {GOOD, BAD})


def test_the_sentence_says_which_check_and_how_much():
    none = result((BAD, 1, True), (GOOD, 9, False)).cap_text
    assert none == "No core check passes: the task earns nothing."
    core = result((BAD, 1, True), (GOOD, 1, True), (GOOD, 9, False)).cap_text
    assert core == "A core check fails: the task earns at most 40 %."
    other = result((GOOD, 99, True), (BAD, 1, False)).cap_text
    assert other == "A check fails: the task earns at most 90 %."


FILES = {
    "course/00-toy/lesson.toml": (
        'chapter = "step-2"',
        'chapter = "step-2"\n[[task]]\nname = "spread"\npoints = 5\nseconds = 1\n'
        'memory_mb = 256\nchapter = "step-3"\nrests_on = ["mean"]',
    ),
    "course/00-toy/exercise.py": (
        "def apply",
        "def spread(x):\n    raise NotImplementedError\ndef apply",
    ),
    "solutions/00-toy/reference.py": (
        "def apply",
        "def spread(x):\n    return mean((x - mean(x)) ** 2)\ndef apply",
    ),
}
SPREAD = """
import numpy as np
import pytest
from autograder.student.testing import check

@pytest.mark.task("spread", core=True)
def test_spread(student, reference, rng):
    x = rng.normal(size=50)
    check.close(student.spread(x), reference.spread(x), rtol=1e-12, where="spread")

@pytest.mark.task("spread")
def test_spread_of_equal_numbers(student):
    check.equal(student.spread(np.ones(3)), 0.0, where="spread of ones")
"""
WRONG_MEAN = "def mean(x):\n    return float(np.sum(x))"
NO_MEAN = "def mean(x):\n    raise NotImplementedError"
WRONG_SPREAD = "def spread(x):\n    return mean(abs(x - mean(x)))"


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Submissions of a lesson whose task `spread` rests on `mean`."""
    root = write_course(tmp_path_factory.mktemp("course")).root
    for name, (old, new) in FILES.items():
        path = root / name
        path.write_text(path.read_text().replace(old, new))
    lesson = Course(root).lesson("00")
    (lesson.hidden_dir / "test_spread.py").write_text(SPREAD)
    good = lesson.reference_path.read_text()
    submissions = {
        "right": handed("right", good),
        "mean": handed("mean", good, WRONG_MEAN),
        "none": handed("none", good, NO_MEAN),
        "both": handed("both", good, WRONG_MEAN, WRONG_SPREAD),
        "right again": handed("right again", good),
    }
    reports = {}
    Grader(lesson, 3).run(submissions.items(), reports.__setitem__)
    return reports


@pytest.mark.jail
@pytest.mark.parametrize("name", ["mean", "none"])
def test_a_mistake_is_paid_for_once(judged, name):
    report = judged[name]
    assert report.task("mean").points < report.task("mean").max_points
    task = report.task("spread")
    assert task.verdict is Verdict.PASSED
    assert task.points == task.max_points
    assert task.lent == ("mean",)
    assert "our mean in place of yours" in task.lent_text


@pytest.mark.jail
def test_a_mistake_of_its_own_still_counts(judged):
    task = judged["both"].task("spread")
    assert task.verdict is Verdict.WRONG
    verdicts = [test.verdict for test in task.tests]
    assert verdicts == [BAD, GOOD]  # equal numbers have no spread
    assert task.lent == ("mean",)


@pytest.mark.jail
@pytest.mark.parametrize("name", ["right", "right again"])
def test_nothing_is_lent_to_who_needs_nothing(judged, name):
    report = judged[name]
    assert report.points == report.max_points
    assert not any(task.lent for task in report.tasks)
