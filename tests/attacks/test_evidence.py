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
def test_who_does_no_work_earns_nothing_and_two_percent_with_lies(name):
    stub = TRIVIAL["is a stub"]
    lies = {lie: (stub, LIAR.replace("LIE", lie)) for lie in LIES}
    bodies = {how: (body, "") for how, body in TRIVIAL.items()}
    found = graded(name, bodies | (lies if name in LIED_TO else {}))
    for how in bodies:
        earned = {t.task: t.points for t in found[how].tasks if t.points}
        assert earned == {}, how
        assert found[how].verdict is not Verdict.INFRA
    for lie in found.keys() - bodies.keys():
        assert found[lie].points <= 0.02 * found[lie].max_points, lie
