"""Turns what ended a test into a verdict and a message without hidden inputs."""

from __future__ import annotations

import inspect

import pytest

from autograder.student.proxy import StudentError
from autograder.student.report import InfrastructureError, Message, Verdict, gettext
from autograder.student.testing import check


def setup_failed(step: str, error: BaseException) -> InfrastructureError:
    return InfrastructureError(f"the test's {step} failed: {error!r}")


def judge(
    error: BaseException | None, hidden: bool = False
) -> tuple[Verdict, Message | None]:
    """Turn what ended a test into a verdict and a message.

    Args:
        error: what it raised, None if it passed.
        hidden: whether nobody is to learn how the test goes on.
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
        evidence = type(error).__name__
        evidence += "" if hidden else f", {_last_line(error)}"
        return Verdict.WRONG, Message(
            gettext("the answer has a type or a shape that cannot be checked"), evidence
        )
    raise error


def _last_line(error: Exception) -> str:
    frames = inspect.getinnerframes(error.__traceback__) if error.__traceback__ else []
    return f"test line {frames[-1].lineno}" if frames else ""
