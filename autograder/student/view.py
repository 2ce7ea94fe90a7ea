"""A submission as tests see it: calls that look local and run in its process."""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autograder.student.bundle import NEUTRAL, bundled, neutral
from autograder.student.canary import check_canary
from autograder.student.handle import Asker, Handle
from autograder.student.lanes import retold
from autograder.student.proxy import Session
from autograder.student.report import InfrastructureError
from autograder.student.together import Batch


class Calls:
    """What a submission defines, to call: ``calls.softmax(x)``."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        asker = self._asker

        def call(*args: Any, **kwargs: Any) -> Any:
            return asker.ask("call", name, list(args), kwargs, label=name)

        call.__name__ = name
        return call

    def keep(self, value: Any) -> Handle:
        """Put a value into the submission's process; `fetch` looks at it again.

        Where a call is given the handle, the function gets the value itself, which it
        may change or hand back.
        """
        kept: Handle = self._asker.ask("keep", value, label="keep")
        return kept

    def keep_function(self, function: Callable[..., Any], **data: Any) -> Handle:
        """Put a function of the test file into the submission's process, as an input.

        Calls of it cost nothing, and nobody counts them. A submission can read it as
        any input: what gives an answer away stays here, in a function that calls back.

        Args:
            function: a top-level function; what it uses of its files goes along.
            data: plain values for its other parameters.
        """
        source = neutral(bundled(function), function.__name__)
        kept: Handle = self._asker.ask("function", source, NEUTRAL, data, label="f")
        return kept

    def held(self, name: str, *args: Any, **kwargs: Any) -> Handle:
        """Call what the submission defines, and leave what it returns where it is."""
        found: Handle = self._asker.ask("hold", name, list(args), kwargs, label=name)
        return found

    def part(self, handle: Handle, *keys: str | int) -> Handle:
        """Follow names of attributes and places of items, and leave what is there."""
        for key in keys:
            handle = self._asker.ask("part", handle, key, label="part")
        return handle

    def fetch(self, handle: Handle) -> Any:
        """Return a copy of what a handle stands for, if that is plain."""
        return self._asker.ask("fetch", handle, label="fetch")


class Together(Calls):
    """Calls that travel together, and are answered later."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self._batch = batch

    def result(self, handle: Handle) -> Any:
        """Return what a call was answered.

        Raises:
            StudentError: what it would have raised alone, or what one raised whose
                result it needs.
        """
        return self._batch.result(handle)


class Student(Calls):
    """The submission as hidden tests see it: ``student.softmax(x)``."""

    def __init__(
        self,
        session: Session,
        clean: Callable[[], Session] | None = None,
        cells: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Look at a submission.

        Args:
            session: the process that loaded it.
            clean: opens a process that holds none of its code.
            cells: its source, label by label, for that process.
        """
        super().__init__(session)
        self._session, self._clean, self._cells = session, clean, cells

    def source(self) -> list[str]:
        """Return the text of every cell, in order."""
        return [text for _, text in self._cells]

    @contextlib.contextmanager
    def together(self) -> Iterator[Together]:
        """Send calls in one message when the block ends; they cost a third then.

        What they return, and what is done to that, are handles to results to come,
        which later calls of the block may be given. After the block
        ``batch.result(handle)`` returns the answer or raises what was raised::

            with student.together() as batch:
                y = batch.Dual(2.0, 1.0) * 3
                slope = y.tangent
            batch.result(slope)
        """
        batch = Batch(self._session)
        yield Together(batch)
        batch.send()

    def run(self, scenario: Callable[..., Any], **data: Any) -> Any:
        """Run a function of the test file beside the submission; return its evidence.

        A submission can replace whatever runs beside it, and lie: evidence proves
        nothing unless it could only be made by doing what the task asks. Whether an
        argument changed, what was raised, how much memory was held is asked from
        outside: `keep` an argument and `fetch` it, call, and judge what comes back.

        Args:
            scenario: a top-level function; its first parameter is the submission's
                module. Only its source is sent, so it imports what it needs itself.
            data: plain values for its other parameters.
        """
        source, label = _source(scenario), self._session.task or scenario.__name__
        return self._session.ask("scenario", source, NEUTRAL, data, label=label)

    def explore(self, scenario: Callable[..., Any], **data: Any) -> Any:
        """Run a function of the test file over the submission's checked source.

        It runs in a process in which no line of the submission has run, and everything
        of its file that it uses goes along. What `threading`, `queue` and `time` it
        imports are those of the schedule explorer.

        Args:
            scenario: a top-level function; its first parameter is the source as a
                `autograder.student.lab.schedule.Program`.
            data: plain values for its other parameters.

        Returns:
            The scenario's evidence: plain values.
        """
        from autograder.student.lab.schedule import compiled

        if self._clean is None:
            raise InfrastructureError("this submission cannot be explored")
        session, name = self._clean(), scenario.__name__
        label = self._session.task or name
        session.words, session.is_clean = self._session.words, True
        cells, source = [list(cell) for cell in self._cells], bundled(scenario)
        try:
            request = ("explore", cells, compiled(source), name, data)
            found = session.ask(*request, label=label)
        finally:
            self._session.transcript += [
                (label, _comparable(value)) for label, value in session.transcript
            ]
        check_canary(session, cells)
        words = session.words
        if words is None:
            return found
        return _told(found, words.of_scene, source)


def _told(evidence: Any, tell: Callable[[str, str], str], scene: str) -> Any:
    """Put into other words what an exploration says and the story that it tells.

    An exception of the submission's own may quote what it was given: it has no words
    of the scene.
    """
    if isinstance(evidence, dict) and evidence.keys() >= {"kind", "message", "story"}:
        message = str(evidence["message"])
        if evidence["kind"] == "exception" and "AssertionError" not in message:
            scene = ""
        story = [
            retold(line, lambda text: tell(text, scene))
            for line in map(str, evidence["story"])
        ]
        return evidence | {"message": tell(message, scene), "story": story}
    if isinstance(evidence, dict):
        return {key: _told(value, tell, scene) for key, value in evidence.items()}
    if isinstance(evidence, (list, tuple)):
        return type(evidence)(_told(value, tell, scene) for value in evidence)
    return evidence


def _comparable(evidence: Any) -> Any:
    """Leave out of evidence what differs between two sources with the same mistake.

    Where, when and after how long a search something failed depends on the source;
    what failed does not.
    """
    if isinstance(evidence, dict):
        if evidence.keys() >= {"kind", "story"}:
            return {"kind": evidence["kind"]}
        return {key: _comparable(value) for key, value in evidence.items()}
    if isinstance(evidence, (list, tuple)):
        return [_comparable(value) for value in evidence]
    return evidence


@functools.cache
def _source(scenario: Callable[..., Any]) -> str:
    text = textwrap.dedent(inspect.getsource(scenario))
    function = ast.parse(text).body[0]
    if not isinstance(function, ast.FunctionDef):
        raise InfrastructureError(f"{scenario!r} is no plain function")
    function.decorator_list = []
    return neutral(ast.unparse(function), function.name)
