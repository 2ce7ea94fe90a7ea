"""Where the fakes find the run they belong to, and what they see outside any run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Ready = Callable[[], bool] | None


class Clerk(Protocol):
    """What a fake lock, queue or clock needs of the run."""

    current: Any
    clock: float
    tasks: list[Any]
    story: list[Any] | None
    racing: bool
    probing: bool
    excepthook: Any  # what an uncaught exception of a thread is given to

    @property
    def numbers(self) -> dict[int, tuple[int, Any]]: ...

    @property
    def made(self) -> dict[str, int]: ...

    @property
    def exits(self) -> list[Callable[[], object]]: ...

    @property
    def modules(self) -> dict[str, Any]: ...

    def step(self, ready: Ready, op: str, thing: Any = None) -> None: ...
    def tell(self, op: str, thing: Any = None) -> None: ...
    def spawn(
        self, thread: Any, body: Callable[[], object], name: str, daemon: bool
    ) -> Any: ...
    def probe(self) -> None: ...
    def publish(self, thing: Any) -> None: ...
    def learn(self, thing: Any) -> None: ...
    def access(self, thing: Any, name: str, write: bool) -> None: ...
    def builds(self, thing: Any) -> bool: ...


class Nobody:
    """The only thread there is outside a run."""

    number = -1
    name = "MainThread"
    thread: Any = None
    deadline: float | None = None
    woken = False
    drowsy = False
    done = False


BEFORE: dict[int, tuple[int, Any]] = {}  # objects numbered outside any run


class Idle:
    """No exploration is running: one thread, which must never have to wait."""

    def __init__(self) -> None:
        self.current: Any = Nobody()
        self.clock = 0.0
        self.tasks: list[Any] = []
        self.story: list[Any] | None = []  # so that locks learn where they were made
        self.racing = False
        self.probing = False
        self.numbers = BEFORE
        self.made: dict[str, int] = {}
        self.excepthook: Any = None
        self.exits: list[Callable[[], object]] = []
        self.modules: dict[str, Any] = {}

    def step(self, ready: Ready, op: str, thing: Any = None) -> None:
        if ready is None or ready():
            return
        if self.current.deadline is not None:
            self.clock = max(self.clock, self.current.deadline)
            return
        raise RuntimeError(f"{op} would wait for ever: no exploration is running")

    def spawn(
        self, thread: Any, body: Callable[[], object], name: str, daemon: bool
    ) -> Any:
        raise RuntimeError("threads can start only inside an exploration")

    def tell(self, op: str, thing: Any = None) -> None: ...
    def probe(self) -> None: ...
    def publish(self, thing: Any) -> None: ...
    def learn(self, thing: Any) -> None: ...
    def access(self, thing: Any, name: str, write: bool) -> None: ...

    def builds(self, thing: Any) -> bool:
        return True


class Port:
    """The run in progress; greenlets share one real thread, so one suffices."""

    run: Clerk = Idle()


def timed(timeout: float | None) -> float | None:
    """The deadline of a wait that starts now."""
    if timeout is None:
        return None
    # A number of the program's own making would run its code in the scheduler.
    return Port.run.clock + max(float(timeout), 0.0)


def number_of(thing: Any) -> int:
    """The place of an object among those that were ever asked for in this run."""
    numbers = Port.run.numbers
    entry = numbers.get(id(thing))
    if entry is None:
        entry = numbers[id(thing)] = (len(numbers) + 1, thing)
    return int(entry[0])


def plain(text: Any) -> str:
    """A string that runs nobody's code when it is used."""
    return str.__getitem__(str(text), slice(None))
