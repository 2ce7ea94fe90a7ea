"""A thread of the program, what can go wrong, and the rules of an exploration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .port import Ready

Plan = tuple[tuple[int, int], ...]  # (step, thread), in order


class Missing(BaseException):
    """A program asks for a name that nothing defines; it ends the search."""

    def __init__(self, name: str, reason: str = "") -> None:
        super().__init__(name)
        self.name, self.reason = name, reason


@dataclass(frozen=True)
class Failure:
    """What went wrong, before it is told as a story."""

    kind: str
    message: str


@dataclass
class Rules:
    """What stays the same over all runs of one exploration."""

    spurious: bool = False
    hasty: bool = False  # timeouts may expire while other threads can still run
    races: bool = True
    cap: int = 5000  # steps of a run, beyond which it is a livelock
    probing: bool = False  # somebody asks whether a lock is held: releases are steps
    racing: bool = False  # somebody watches attributes: keep vector clocks
    invariant: Callable[[], object] | None = None
    # Leaving the main thread by SystemExit is a failure, as it is for a function.
    strict_exit: bool = False
    fatal: tuple[type[BaseException], ...] = ()  # these end the search


class Task:
    """A thread of the program."""

    # Values on the class make a new task cheap: a search makes a million.
    ready: Ready = None
    deadline: float | None = None
    done = False
    drowsy = False  # asleep in a wait that may wake for no reason
    woken = False  # it did
    op = "start"
    thing: Any = None
    place: tuple[int, str] = (0, "")
    greenlet: Any = None

    def __init__(self, number: int, thread: Any, name: str, daemon: bool) -> None:
        self.number = number
        self.thread = thread
        self.daemon = daemon
        self.name = name
        self.clock: dict[int, int] = {}
