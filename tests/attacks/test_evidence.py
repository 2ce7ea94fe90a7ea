"""Submissions that do no work, and lie about it where they can: they earn nothing."""

from __future__ import annotations

import pytest
from hollow import TRIVIAL, hollow

from autograder.grading.grade import Grader
from autograder.student.lesson import find_course
from autograder.student.report import Report, Verdict

pytestmark = pytest.mark.jail

LESSONS = [lesson.id for lesson in find_course().lessons if lesson.twin_dir]

#: Those in which something runs beside the submission.
LIED_TO = [
    name
    for name in LESSONS
    if any(
        "student.run(" in path.read_text(encoding="utf-8")
        for path in find_course().lesson(name).hidden_tests(None)
    )
]

#: Replaces what runs scenarios beside a submission; `LIE` says what it returns.
LIAR = """
import sys
interpreter = sys.modules["autograder.student.interpreter"]
interpreter.Interpreter._scenario = lambda self, source, name, data: LIE
"""
#: Plausible evidence: nothing changed, all was raised, what was sent, all in order.
LIES = (
    "False",
    "True",
    "'raised ValueError'",
    "[]",
    "(list(data.values()), list(data.values())[0])",
    "([k if k % 3 == 1 else 'KeyError' for k in range(data.get('n', 1))],) * 2",
    "(list(range(data.get('n', 0))), data.get('n', 0), (0, 0, 0, 1, data.get('n', 0)))",
)


def graded(name: str, bodies: dict[str, tuple[str, str]]) -> dict[str, Report]:
    """Grade hollow submissions, each of a body and of a cell that is run before."""
    lesson = find_course().lesson(name)
    found: dict[str, Report] = {}
    submissions = ((key, hollow(lesson, *parts)) for key, parts in bodies.items())
    Grader(lesson, 5, diagnose=False).run(submissions, found.__setitem__)
    return found


@pytest.mark.parametrize("name", LESSONS)
def test_who_does_no_work_earns_nothing(name):
    for how, report in graded(name, {k: (b, "") for k, b in TRIVIAL.items()}).items():
        assert {t.task: t.points for t in report.tasks if t.points} == {}, how
        assert report.verdict is not Verdict.INFRA


@pytest.mark.parametrize("name", LIED_TO)
def test_lies_of_the_submissions_process_are_worth_two_percent_at_most(name):
    stub = TRIVIAL["is a stub"]
    lies = {lie: (stub, LIAR.replace("LIE", lie)) for lie in LIES}
    for lie, report in graded(name, lies).items():
        assert report.points <= 0.02 * report.max_points, lie
