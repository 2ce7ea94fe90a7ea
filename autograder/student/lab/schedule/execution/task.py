"""A thread of the program, what can go wrong, and the rules of an exploration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple

from .run_context import Ready
from .story import Place

#: Where a run departs from the default: (step, thread that goes instead), in order.
#: ~n for the thread is a spurious wake-up of thread n.
Plan = tuple[tuple[int, int], ...]


class Missing(BaseException):
    """A program asks for a name that nothing defines; it ends the search.

    Attributes:
        name: the name.
        reason: why the statement that would define it was left out; may be empty.
    """

    def __init__(self, name: str, reason: str = "") -> None:
        super().__init__(name)
        self.name, self.reason = name, reason


class Unexplored(BaseException):
    """A program does what the explorer cannot follow; it ends the search."""

    ends_search = True


@dataclass(frozen=True)
class Failure:
    """What went wrong in a run."""

    kind: str  # exception, deadlock, lost wake-up, livelock, race, invariant, diverged
    message: str


@dataclass
class Rules:
    """What stays the same over all runs of one exploration."""

    spurious: bool = False
    hasty: bool = False  # timeouts may expire while other threads can still run
    races: bool = True
    cap: int = 5000  # steps of a run, beyond which it is a livelock
    probing: bool = False  # the program asks whether locks are held: releases are steps
    racing: bool = False  # attributes are watched: keep vector clocks
    invariant: Callable[[], object] | None = None
    # Leaving the main thread by SystemExit is a failure, as it is for a function.
    strict_exit: bool = False
    explaining: bool = False  # tell more kinds of standstill apart, at some cost
    fatal: tuple[type[BaseException], ...] = ()  # these end the search


class Uncaught(NamedTuple):
    """`threading.ExceptHookArgs`: what a hook for uncaught exceptions is given."""

    exc_type: type[BaseException]
    exc_value: BaseException | None
    exc_traceback: TracebackType | None
    thread: Any


class Task:
    """A thread of the program, as the scheduler sees it."""

    # Values on the class make a new task cheap: a search makes a million.
    ready: Ready = None
    deadline: float | None = None  # of a wait with a timeout, on the run's clock
    done = False
    drowsy = False  # asleep in a wait that may wake for no reason
    woken = False  # it did
    op = "start"  # what it does or waits to do
    thing: Any = None  # to which lock, queue or thread
    place = Place(0, "")  # the line it stands at
    fed_by: Any = None  # the queue that it last took something from
    greenlet: Any = None

    def __init__(self, number: int, thread: Any, name: str, daemon: bool) -> None:
        """Describe a thread that has not run yet.

        Args:
            number: 0 for the main thread, then in the order of starting.
            thread: the `threads.Thread` that the program sees.
            name: its name in stories.
            daemon: whether the program may end before it.
        """
        self.number = number
        self.thread = thread
        self.daemon = daemon
        self.name = name
        self.vector_clock: dict[int, int] = {}  # see `happens_before`
