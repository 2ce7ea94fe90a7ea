"""What a test needs of a submission, wherever the submission runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from autograder.student.lesson import Task
from autograder.student.proxy import Session, StudentError

if TYPE_CHECKING:  # most lessons have no ranks
    from autograder.student.testing.ranks import Party


class OpenStudent(Protocol):
    """A fresh copy of a submission, opened for one test."""

    @property
    def session(self) -> Session: ...

    def clean(self) -> Session:
        """Return a session in a process that holds no code of the submission."""

    def explorer(self) -> Session:
        """Return such a session with the task's seconds."""

    @property
    def ended_by(self) -> StudentError | None:
        """What ended it, whatever the test saw of that; known once it is closed."""

    @property
    def text(self) -> str | None:
        """Everything that was handed in, or None where that is not known."""

    @property
    def cells(self) -> Sequence[tuple[str, str]]:
        """The label and the source of every cell."""

    def ranks(self, n: int) -> Party:
        """Return n more copies that share no memory."""

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""

    def close(self, passed: bool, goes_on: bool) -> float:
        """End it and return the CPU seconds it used.

        Args:
            passed: whether the test did.
            goes_on: whether its process may serve another test.
        """


class Source(Protocol):
    """A submission that tests can open as often as they need."""

    @property
    def cells(self) -> Sequence[tuple[str, str]]:
        """The label and the source of every cell."""

    def open(self, task: Task, seed: int) -> OpenStudent:
        """Open a fresh copy with the task's limits."""
