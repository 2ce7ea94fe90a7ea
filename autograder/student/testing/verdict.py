"""Turns what ended a test into a verdict and a message without hidden inputs."""

from __future__ import annotations

import dataclasses
import inspect
import re

import pytest

from autograder.student.proxy import StudentError
from autograder.student.report import InfrastructureError, Message, Verdict, gettext
from autograder.student.testing import check

_DIGITS = 12  # that the text of a submission's exception may hold


def setup_failed(step: str, error: BaseException) -> InfrastructureError:
    return InfrastructureError(f"the test's {step} failed: {error!r}")


def judge(error: BaseException | None) -> tuple[Verdict, Message | None]:
    """Turn what ended a test into a verdict and a message."""
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
        evidence = f"{type(error).__name__}, {_last_line(error)}"
        return Verdict.WRONG, Message(
            gettext("the answer has a type or a shape that cannot be checked"), evidence
        )
    raise error


def discreet(message: Message | None) -> Message | None:
    """Leave numbers out of an exception's text that might print a hidden input.

    A shape or an index may stay: it takes more than a few digits to tell an array.
    """
    if message is None or sum(map(str.isdigit, message.where)) <= _DIGITS:
        return message
    where = re.sub(r"\d(?:[\d.,\s]|e[+-]?\d|[+-](?=[\d.]))*", "…", message.where)
    return dataclasses.replace(message, where=where)


def _last_line(error: Exception) -> str:
    frames = inspect.getinnerframes(error.__traceback__) if error.__traceback__ else []
    return f"test line {frames[-1].lineno}" if frames else ""
