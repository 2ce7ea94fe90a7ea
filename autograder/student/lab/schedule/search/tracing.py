"""A run under one schedule, recorded operation by operation, for figures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..execution.run import Run
from ..execution.run_context import Context
from ..execution.story import Entry
from ..execution.task import Rules
from ..fakes.imports import compiled, namespace
from ..fakes.threads import MainThread
from .runs import flagged


@dataclass(frozen=True)
class TraceEvent:
    """One operation of one thread."""

    thread: str  # the thread's name
    line: int  # of the program; 0: the operation is at no line
    text: str  # that line
    op: str  # a verb, such as "acquire"; what `note` was given
    target: str  # what it is done to, such as "the Lock of line 3"; may be empty
    state: Any  # what `state()` returns after it


@dataclass(frozen=True)
class Trace:
    """One run of a program."""

    before: Any  # what `state()` returns before the first operation
    events: tuple[TraceEvent, ...]
    kind: str  # ok, or what went wrong, as in a `Result`
    message: str


class _Recording(list[Entry]):
    """A story that also keeps the program's state before each entry."""

    def __init__(self, look: Callable[[], Any]) -> None:
        super().__init__()
        self._look = look
        self.states: list[Any] = []

    def append(self, entry: Entry) -> None:
        """Add an entry and note the state that precedes it."""
        super().append(entry)
        self.states.append(self._look())


def trace(
    source: str, schedule: Sequence[Sequence[int]] = (), *, state: str = ""
) -> Trace:
    """Run a program under one schedule and record every operation.

    The program finds a function `note(text)`, which adds an event of its own. Data
    races are not reported.

    Args:
        source: the program, run as `__main__` with the fakes in place.
        schedule: of a `Result`; after its last choice the thread that runs goes on
            until it must wait.
        state: source, run in the program's names before the program, that defines
            `state()`: it returns plain values that say what state the program is in. By
            default that is an empty dictionary.

    Raises:
        SyntaxError: the program or the state is not Python.
        BaseException: one that ends a search left a thread.
    """
    rules = Rules(races=False)
    plan = flagged(rules, tuple((int(step), int(who)) for step, who in schedule))
    while True:
        names = namespace() | {"note": _note}
        exec(state, names)
        look = names.get("state", dict)
        story = _Recording(look)
        run = Run(rules, plan, story=story, strict=True)
        run.execute(MainThread(), functools.partial(exec, compiled(source), names))
        if run.fatal is not None:
            raise run.fatal
        if not run.again:  # accesses or releases turned out to be steps: now they are
            break
    after = [*story.states[1:], look()]
    return Trace(
        story.states[0] if story.states else look(),
        tuple(_event(*pair) for pair in zip(story, after, strict=True)),
        "ok" if run.failure is None else run.failure.kind,
        "" if run.failure is None else run.failure.message,
    )


def _note(text: str) -> None:
    Context.run.tell(text)


def _event(entry: Entry, state: Any) -> TraceEvent:
    target = str(getattr(entry.thing, "_lab_label", ""))
    return TraceEvent(entry.thread, entry.line, entry.text, entry.op, target, state)
