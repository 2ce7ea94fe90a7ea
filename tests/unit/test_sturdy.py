"""Answers that break what judges them: that test's verdict; the worker lives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from toy import handed, write_course

from autograder.classroom.parallel import grade_many
from autograder.grading.grade import Grader
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report, Verdict

pytestmark = pytest.mark.jail
#: A hidden test whose cost and whose mistakes the answer decides, as real ones' may be.
HIDDEN = """
import pytest
from autograder.student.testing import check

def nest(depth):
    return nest(depth - 1) if depth else 0

@pytest.mark.task("mean", core=True)
def test_mean(student):
    answer = student.mean([1, 2])
    if answer == "recurse":
        nest(10**6)
    if answer == "divide":
        answer / 0
    for _ in range(10**15 if answer == "count" else 0):
        pass
    check.equal(len([0] * int(answer)), 3, where="mean")
"""
ANSWERS = {
    "right": "3",
    "deep": "'recurse'",
    "odd": "'divide'",
    "large": "600_000_000",  # a list of 4.8 GB
    "long": "'count'",
    "right again": "3",
}


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory) -> Lesson:
    lesson = write_course(tmp_path_factory.mktemp("course"))
    (lesson.hidden_tests()[-1].parent / "test_mean.py").write_text(HIDDEN)
    return lesson


@pytest.fixture(scope="module")
def reports(lesson: Lesson) -> dict[str, Report]:
    def submissions() -> Iterator[tuple[str, Submission]]:
        reference = lesson.reference_path.read_text()
        for name, answer in ANSWERS.items():
            sources = [("a", reference), ("b", f"def mean(x):\n    return {answer}\n")]
            yield name, Submission.from_sources(name, sources)

    return dict(grade_many(lesson, submissions(), workers=1, watch=_no_death))


def _no_death(event: str, key: object) -> None:
    assert event not in ("died", "retry"), key


@pytest.mark.parametrize(
    ("name", "verdict", "words"),
    [
        ("right", Verdict.PASSED, ""),
        ("deep", Verdict.WRONG, "cannot be checked"),
        ("odd", Verdict.WRONG, "cannot be checked"),
        ("large", Verdict.MEMORY, "within the grader's memory"),
        ("long", Verdict.TIMEOUT, "no answer within 1 s"),
        ("right again", Verdict.PASSED, ""),
    ],
)
def test_what_is_raised_over_an_answer_is_that_test_s_verdict(
    reports: dict[str, Report], name: str, verdict: Verdict, words: str
) -> None:
    task = reports[name].task("mean")
    assert task.verdict is verdict
    assert words in str(task.message)
    assert reports[name].task("Box").verdict is Verdict.PASSED


def test_what_is_raised_before_any_test_is_the_verdict_of_all(lesson: Lesson) -> None:
    reports: dict[str, Report] = {}
    right = handed("right", lesson.reference_path.read_text())
    Grader(lesson).run([("odd", _Odd()), ("right", right)], reports.__setitem__)
    assert {t.verdict for t in reports["odd"].tasks} == {Verdict.WRONG}
    assert reports["right"].task("Box").verdict is Verdict.PASSED


class _Odd:
    """A submission over whose cells the judge fails."""

    name, digest, notes, problem = "odd", "0" * 64, (), None

    @property
    def cells(self) -> tuple[()]:
        raise RecursionError
