"""A student's own check: the submission runs in this process, without a sandbox."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from autograder.student import interpreter
from autograder.student.cells import load_cell, new_module
from autograder.student.errors import StudentError
from autograder.student.loading import Cell, LoadFailures, reason_of
from autograder.student.testing.muting import muted

if TYPE_CHECKING:  # it needs greenlets, which most checks do not
    from autograder.student.testing.in_process_ranks import LocalParty


class LocalChannel:
    """Answers requests in this process."""

    def __init__(
        self,
        module: types.ModuleType,
        failures: LoadFailures,
        cells: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._module, self._failures, self.cells = module, failures, cells
        self._interpreter = interpreter.Interpreter(module)

    @classmethod
    def load(cls, cells: Sequence[Cell]) -> LocalChannel:
        """Run a submission's cells here; what they print is dropped."""
        module, failures = new_module(), LoadFailures()
        with muted():
            for cell in cells:
                answer = load_cell(module, cell.label, cell.source)
                if answer is not None:
                    failures.add(cell, reason_of(answer))
        return cls(module, failures, [(cell.label, cell.source) for cell in cells])

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Answer one request."""
        with muted():
            return self._interpreter.answer(message, call_back)

    def fresh(self) -> LocalChannel:
        """Return a channel to the same namespace that knows no earlier object."""
        return LocalChannel(self._module, self._failures, self.cells)

    def clean(self) -> LocalChannel:
        """Return a channel to an empty namespace."""
        return LocalChannel(types.ModuleType("clean"), self._failures)

    def ranks(self, n: int) -> LocalParty:
        """Return n copies of the submission that share no data."""
        from autograder.student.testing.in_process_ranks import LocalParty

        return LocalParty(self._module, n)

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""
        return self._failures.explain(name)
