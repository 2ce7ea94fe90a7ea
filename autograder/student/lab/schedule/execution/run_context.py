"""The run in progress, as the fakes see it, and what they see outside any run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

#: Says whether a waiting thread can go on; None: it can at once.
Ready = Callable[[], bool] | None
#: The operation of a step that its thread has told already.
UNTOLD = ""


class ActiveRun(Protocol):
    """What a fake lock, queue or clock needs of the run it is used in."""

    current: Any  # the thread that runs, a `task.Task`
    tasks: list[Any]  # every thread started so far, by number
    story: list[Any] | None  # None: none is told, so fakes need no names
    racing: bool  # attribute accesses are steps, so `publish` and `learn` matter
    probing: bool  # releases are steps
    excepthook: Any  # what an uncaught exception of a thread is given to

    @property
    def clock(self) -> float:
        """The virtual time in seconds since the run began."""

    @property
    def numbers(self) -> dict[int, tuple[int, Any]]:
        """Objects with their number in this run, by id."""

    @property
    def made(self) -> dict[str, int]:
        """How many locks and the like were made, by label."""

    @property
    def exits(self) -> list[Callable[[], object]]:
        """What is called when the main thread has ended."""

    @property
    def modules(self) -> dict[str, Any]:
        """Modules that were loaded for this run."""

    def step(self, ready: Ready, op: str, thing: Any = None) -> None:
        """Let other threads run, and return once `ready()` holds."""

    def goes_alone(self) -> bool:
        """Say whether a line need be no step: there is no other thread."""

    def tell(self, op: str, thing: Any = None) -> None:
        """Add an operation to the story, without a step."""

    def spawn(
        self, thread: Any, body: Callable[[], object], name: str, daemon: bool
    ) -> Any:
        """Start a thread and return its task."""

    def probe(self) -> None:
        """Note that the program asks whether a lock is held."""

    def publish(self, thing: Any) -> None:
        """What the thread did so far happens before what follows a `learn(thing)`."""

    def learn(self, thing: Any) -> None:
        """What was published with `thing` happens before what the thread does next."""

    def access(self, thing: Any, name: str, write: bool) -> None:
        """Make the access of a watched attribute a step."""

    def builds(self, thing: Any) -> bool:
        """Note that an object's `__init__` runs; say whether for the first time."""


class OnlyThread:
    """The only thread there is outside a run."""

    number = -1
    name = "MainThread"
    thread: Any = None
    deadline: float | None = None
    woken = False
    drowsy = False
    done = False


#: Objects numbered outside any run, by id; every run starts with their numbers.
NUMBERED_OUTSIDE: dict[int, tuple[int, Any]] = {}


class IdleRun:
    """An `ActiveRun` where no exploration is running.

    There is one thread, which must never have to wait, and time passes only where it
    waits with a timeout.
    """

    def __init__(self) -> None:
        self.current: Any = OnlyThread()
        self.clock = 0.0
        self.tasks: list[Any] = []
        self.story: list[Any] | None = []  # so that locks learn where they were made
        self.racing = False
        self.probing = False
        self.numbers = NUMBERED_OUTSIDE
        self.made: dict[str, int] = {}
        self.excepthook: Any = None
        self.exits: list[Callable[[], object]] = []
        self.modules: dict[str, Any] = {}

    def step(self, ready: Ready, op: str, thing: Any = None) -> None:
        """Return at once, or when the timeout is over.

        Raises:
            RuntimeError: the thread would wait for ever.
        """
        if ready is None or ready():
            return
        if self.current.deadline is not None:
            self.clock = max(self.clock, self.current.deadline)
            return
        raise RuntimeError(f"{op} would wait for ever: no exploration is running")

    def spawn(
        self, thread: Any, body: Callable[[], object], name: str, daemon: bool
    ) -> Any:
        """Refuse.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("threads can start only inside an exploration")

    def goes_alone(self) -> bool:
        """There is one thread."""
        return True

    def tell(self, op: str, thing: Any = None) -> None:
        """Nothing is recorded."""

    def probe(self) -> None:
        """Releases need not be steps."""

    def publish(self, thing: Any) -> None:
        """One thread's events are in order."""

    def learn(self, thing: Any) -> None:
        """One thread's events are in order."""

    def access(self, thing: Any, name: str, write: bool) -> None:
        """One thread cannot race."""

    def builds(self, thing: Any) -> bool:
        """Treat each `__init__` as an object's first."""
        return True


class Context:
    """Holds the run in progress; greenlets share one real thread, so one suffices."""

    run: ActiveRun = IdleRun()


def timed(timeout: float | None) -> float | None:
    """Return the deadline of a wait that starts now.

    Args:
        timeout: virtual seconds from now; None waits for ever, below 0 counts as 0.

    Returns:
        The deadline in seconds on the run's clock, or None.
    """
    if timeout is None:
        return None
    # A number of a class of the program's would run the program's code in the
    # scheduler.
    return Context.run.clock + max(float(timeout), 0.0)


def number_of(thing: Any) -> int:
    """Return an object's number in this run, from 1, in the order of the first asking.

    It takes the place of `id()`, which differs from run to run. The object is kept
    alive until the run ends.
    """
    numbers = Context.run.numbers
    entry = numbers.get(id(thing))
    if entry is None:
        entry = numbers[id(thing)] = (len(numbers) + 1, thing)
    return int(entry[0])


def plain(text: Any) -> str:
    """Return `str(text)` as an exact `str`, so that using it runs no program's code."""
    return str.__getitem__(str(text), slice(None))
