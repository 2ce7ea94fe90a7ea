"""The numbers of a failing case have as few digits as it still fails with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy import write_course

from autograder.student.failing import failing_cases
from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import read_data
from autograder.student.report import Verdict
from autograder.student.testing.draws import STEPS, FewDigits

TESTS = """
import numpy as np
import pytest
from autograder.student.testing import check

@pytest.mark.task("mean")
def test_mean(student, rng):
    x = rng.normal(0.0, 3.0, 5)
    check.close(student.mean(x), x.mean(), rtol=1e-9, where="mean")
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    lesson = write_course(tmp_path)
    lesson.public_tests.write_text(TESTS, encoding="utf-8")
    return lesson


def asked(lesson: Lesson, answer: str) -> np.ndarray:
    """Return the array of the case that is shown."""
    source = f"import numpy as np\ndef mean(x):\n    return {answer}\n"
    submission = read_data("hw.py", source.encode(), lesson)
    (case,) = failing_cases(lesson, submission, "mean")
    assert case.result.verdict is not Verdict.PASSED
    (request,) = (one for one in case.asked if one.kind == "call")
    return next(p for p in np.atleast_1d(request.parts[1]) if np.size(p) > 1)


@pytest.mark.parametrize(
    ("wrong", "step"),
    [
        ("x.sum()", 1.0),
        ("x.mean() + np.any(x % 1)", 0.5),
        ("x.mean() + np.any(x % 0.25)", 0.125),
        ("x.mean() + np.any(x % 0.125)", None),
        ("x.mean() if not np.any(x % 1) else 1 / 0", 0.5),
    ],
)
def test_digits_are_left_out_while_it_still_fails(
    lesson: Lesson, wrong: str, step: float | None
) -> None:
    x = asked(lesson, wrong)
    assert [s for s in STEPS if not np.any(x % s)][:1] == (
        [] if step is None else [step]
    )


@pytest.mark.parametrize("step", STEPS)
def test_draws_are_numpys_rounded(step: float) -> None:
    few, plain = FewDigits(7, step), np.random.default_rng(7)
    for name, sizes in (("normal", (1.0, 2.0, (3, 4))), ("uniform", (-2.0, 2.0, 5)),
                        ("random", (6,)), ("standard_normal", ((2, 2),))):  # fmt: skip
        got, exact = getattr(few, name)(*sizes), getattr(plain, name)(*sizes)
        assert np.all(got % step == 0)
        assert np.max(abs(got - exact)) <= step / 2
        assert not np.any(np.signbit(got[got == 0]))
    assert few.integers(9, size=4).tolist() == plain.integers(9, size=4).tolist()
