"""Turns what ended a test into a verdict and a message without hidden inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from autograder.student.proxy import StudentError
from autograder.student.report import InfrastructureError, Message, Verdict, gettext
from autograder.student.testing import check


def setup_failed(step: str, error: BaseException) -> InfrastructureError:
    return InfrastructureError(f"the test's {step} failed: {error!r}")


def judge(
    error: BaseException | None,
    hidden: bool = False,
    transcript: Sequence[tuple[str, Any]] = (),
) -> tuple[Verdict, Message | None]:
    """Turn what ended a test into a verdict and a message.

    Args:
        error: what it raised, None if it passed.
        hidden: whether nobody is to learn how the test goes on.
        transcript: what the submission answered, for an error that an answer caused.
    """
    if error is None:
        return Verdict.PASSED, None
    if isinstance(error, StudentError):
        return error.verdict, error.message
    if isinstance(error, check.CheckFailed):
        return Verdict.WRONG, error.message
    if isinstance(error, InfrastructureError):
        return Verdict.INFRA, Message(
            gettext("The grader failed; this is not your fault."), str(error)
        )
    if isinstance(error, (AssertionError, pytest.fail.Exception)):
        return Verdict.WRONG, Message(gettext("hidden check failed"))
    if isinstance(error, Exception):  # the answer's type broke the test
        return Verdict.WRONG, _unlike(error, hidden, transcript)
    raise error


def _unlike(
    error: Exception, hidden: bool, transcript: Sequence[tuple[str, Any]]
) -> Message:
    """Speak of the answer that a test could not use."""
    if not transcript:
        where = gettext("the answer has a type or a shape that cannot be checked")
        return Message(where, type(error).__name__)
    label, value = next((one for one in transcript if one[1] is None), transcript[-1])
    where = gettext("{label} returned {value}")
    where = where.format(label=label, value=check.show(value))
    if value is None:
        evidence = gettext("is a return missing?")
    else:
        evidence = gettext("the answer has a type or a shape that cannot be checked")
        evidence += "" if hidden else f": {error}"
    look = gettext("The docstring of the task says what it returns.")
    return Message(where, evidence, look)
