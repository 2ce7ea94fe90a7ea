"""The fixture `meter`: meters a submission's kernels in a process without its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.student.testing.protocols import OpenStudent


class Metered:
    """What running a submission's kernels in the simulator found."""

    def __init__(self, found: dict[str, Any], read: dict[str, Any]) -> None:
        self._found, self._read = found, read

    def __getattr__(self, name: str) -> Any:
        try:
            self._read[name] = self._found[name]
        except KeyError:
            raise AttributeError(name) from None
        return self._read[name]


class Meter:
    """Runs a host function's kernels in a process that runs none of its other code."""

    def __init__(self, student: OpenStudent, seed: int) -> None:
        self._student, self._seed = student, seed

    def run(self, name: str, *args: Any, **kwargs: Any) -> Metered:
        """Record the launches of ``student.name(...)``, then run and meter them.

        The host function sees stand-ins for the arrays: the same shapes, dtypes and
        strides with other values. What it computes from them reaches no kernel.

        Args:
            name: the host function; it may only allocate and launch.
            args: its arguments; arrays are the kernels' inputs.
            kwargs: its keyword arguments.
        """
        from autograder.student.lab.tiles import arrays_in, stand_ins

        session = self._student.session
        asked = session.note("call", name, list(args), kwargs)
        seen = stand_ins(args, kwargs, self._seed + 1)
        evidence = session.ask("record", name, *seen, label=name)
        session.transcript.pop()  # it holds source text, which says nothing of results
        inputs, text = arrays_in(list(args), kwargs), self._student.text
        clean = self._student.clean()
        clean.words, clean.is_clean = session.words, True
        clean.cells = session.cells
        read: dict[str, Any] = {}
        try:
            found = clean.ask(
                "replay", evidence, inputs, self._seed, (), text, label=name
            )
            # What the test reads of it is the answer: how many kernels there are, and
            # what they are called, is the solution's own, and no mistake.
            clean.transcript[-1] = (name, read)
        finally:
            session.transcript += clean.transcript
        asked.value = found["outputs"]
        return Metered(found, read)
