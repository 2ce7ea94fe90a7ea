"""A student's own check: the submission runs in this process, without a sandbox."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from autograder.student.cells import load_cell, new_module
from autograder.student.errors import StudentError
from autograder.student.interpreter import Interpreter
from autograder.student.loading import Cell, LoadFailures, reason_of
from autograder.student.testing.muting import ENDS, Printed, muted

if TYPE_CHECKING:  # it needs greenlets, which most checks do not
    from autograder.student.testing.in_process_ranks import LocalParty


class LocalChannel:
    """Answers requests in this process, and keeps what is printed meanwhile."""

    def __init__(
        self,
        module: types.ModuleType,
        failures: LoadFailures,
        cells: Sequence[tuple[str, str]] = (),
        output: Printed | None = None,
    ) -> None:
        self._module, self._failures, self.cells = module, failures, cells
        self._interpreter = Interpreter(module, ends=ENDS)
        self.output = output or Printed()

    @classmethod
    def load(cls, cells: Sequence[Cell]) -> LocalChannel:
        """Run a submission's cells here."""
        module, failures, output = new_module(), LoadFailures(), Printed()
        with muted(output):
            for cell in cells:
                answer = load_cell(module, cell.label, cell.source, ENDS)
                if answer is not None:
                    failures.add(cell, reason_of(answer))
        pairs = [(cell.label, cell.source) for cell in cells]
        return cls(module, failures, pairs, output)

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Answer one request."""
        with muted(self.output):
            return self._interpreter.answer(message, call_back)

    def fresh(self) -> LocalChannel:
        """Return a channel to the same namespace that knows no earlier object."""
        return LocalChannel(self._module, self._failures, self.cells)

    def clean(self) -> LocalChannel:
        """Return a channel to an empty namespace."""
        module = types.ModuleType("clean")
        return LocalChannel(module, self._failures, output=self.output)

    def ranks(self, n: int) -> LocalParty:
        """Return n copies of the submission that share no data."""
        from autograder.student.testing.in_process_ranks import LocalParty

        return LocalParty(self._module, n, self.output)

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""
        return self._failures.explain(name)
