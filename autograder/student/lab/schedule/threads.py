"""Threads, timers, thread-local data and who is running."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple

from .locks import expiring
from .port import Port, plain
from .races import Sync


class Thread(Sync):
    """`threading.Thread`."""

    _lab_task: Any = None

    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
    ) -> None:
        self._lab_work = (target, tuple(args), kwargs or {})
        self._name = name
        self._lab_number = len(Port.run.tasks)
        parent = getattr(Port.run.current, "thread", None)
        inherited = parent is not None and parent.daemon
        self.daemon: bool = inherited if daemon is None else daemon

    @property
    def name(self) -> str:
        if self._name is None:
            self._name = f"Thread-{self._lab_number}"
        return self._name

    @name.setter
    def name(self, value: str) -> None:
        self._name = str(value)
        if self._lab_task is not None:
            self._lab_task.name = plain(self._name)

    @property
    def _lab_label(self) -> str:
        task = self._lab_task
        return plain(self._name or "a thread") if task is None else str(task.name)

    @property
    def ident(self) -> int | None:
        return None if self._lab_task is None else self._lab_task.number + 1

    native_id = ident

    def run(self) -> None:
        target, args, kwargs = self._lab_work
        if target is not None:
            target(*args, **kwargs)

    def _lab_of_heir(self, place: int) -> Any:
        """What CPython's thread keeps for its heirs; nobody else may look."""
        if type(self).__module__ == __name__:
            raise AttributeError("a Thread's target is its own")
        return self._lab_work[place]

    _target = property(lambda self: self._lab_of_heir(0))
    _args = property(lambda self: self._lab_of_heir(1))
    _kwargs = property(lambda self: self._lab_of_heir(2))

    def start(self) -> None:
        if self._lab_task is not None:
            raise RuntimeError("threads can only be started once")
        if self._name is None:
            self._lab_number = len(Port.run.tasks)
        name, daemon = plain(self.name), bool(self.daemon)
        self._lab_task = Port.run.spawn(self, self.run, name, daemon)
        Port.run.step(None, "start", self)

    def _lab_ended(self) -> bool:
        return bool(self._lab_task.done)

    def join(self, timeout: float | None = None) -> None:
        if self._lab_task is None:
            raise RuntimeError("cannot join thread before it is started")
        if self._lab_task is Port.run.current:
            raise RuntimeError("cannot join current thread")
        if timeout is None:
            Port.run.step(self._lab_ended, "join", self)
        elif not expiring(self._lab_ended, timeout, "join", self):
            return
        if Port.run.racing:
            Port.run.learn(self)

    def is_alive(self) -> bool:
        Port.run.step(None, "look at", self)
        return self._lab_task is not None and not self._lab_task.done


class MainThread(Thread):
    """The thread that a program starts in."""

    def __init__(self) -> None:
        super().__init__(name="main", daemon=False)


class Timer(Thread):
    """`threading.Timer`, on the virtual clock."""

    def __init__(
        self,
        interval: float,
        function: Callable[..., object],
        args: Iterable[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(target=function, args=args or (), kwargs=kwargs)
        from .waiting import Event

        self.interval, self.finished = interval, Event()

    def cancel(self) -> None:
        self.finished.set()

    def run(self) -> None:
        self.finished.wait(self.interval)
        if not self.finished.is_set():
            super().run()
        self.finished.set()


class local(Sync):
    """`threading.local`: attributes of the running thread's own."""

    def __new__(cls, *args: Any, **kwargs: Any) -> local:
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError("Initialization arguments are not supported")
        self = super().__new__(cls)
        first: dict[str, Any] = {}
        object.__setattr__(self, "_lab_each", {Port.run.current.number: first})
        object.__setattr__(self, "_lab_how", (args, kwargs))
        return self

    def _lab_own(self) -> dict[str, Any]:
        each: dict[int, dict[str, Any]] = object.__getattribute__(self, "_lab_each")
        own = each.get(Port.run.current.number)
        if own is None:
            own = each[Port.run.current.number] = {}
            args, kwargs = object.__getattribute__(self, "_lab_how")
            type(self).__init__(self, *args, **kwargs)
        return own

    def __getattr__(self, name: str) -> Any:
        try:
            return self._lab_own()[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._lab_own()[name] = value

    def __delattr__(self, name: str) -> None:
        if self._lab_own().pop(name, self) is self:
            raise AttributeError(name)


class Uncaught(NamedTuple):
    """`threading.ExceptHookArgs`: what a hook for uncaught exceptions is given."""

    exc_type: type[BaseException]
    exc_value: BaseException | None
    exc_traceback: TracebackType | None
    thread: Thread | None


def excepthook(args: Any) -> None:
    """`threading.__excepthook__`: an uncaught exception is a failure."""
    raise args.exc_value


def register_atexit(function: Any, *args: Any, **kwargs: Any) -> None:
    """`threading._register_atexit`: called when the main thread has ended."""
    Port.run.exits.append(partial(function, *args, **kwargs))


OUTSIDE = MainThread()


def current_thread() -> Thread:
    thread: Thread | None = Port.run.current.thread
    return OUTSIDE if thread is None else thread


def main_thread() -> Thread:
    tasks = getattr(Port.run, "tasks", ())
    return tasks[0].thread if tasks else OUTSIDE


def get_ident() -> int:
    return int(Port.run.current.number) + 1


def enumerate_threads() -> list[Thread]:
    return [t.thread for t in getattr(Port.run, "tasks", ()) if not t.done]


def active_count() -> int:
    return len(enumerate_threads())
