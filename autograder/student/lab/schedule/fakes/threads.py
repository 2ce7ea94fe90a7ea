"""Threads, timers, thread-local data and which thread is running.

Methods do and raise what those of `threading` do; timeouts are virtual seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ..execution.run_context import UNTOLD, Context, plain
from .base import Sync, expiring
from .waiting import Event


class Thread(Sync):
    """`threading.Thread`, a greenlet of the run; starting and joining are steps."""

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
        self._lab_number = len(Context.run.tasks)
        parent = getattr(Context.run.current, "thread", None)
        inherited = parent is not None and parent.daemon
        self.daemon: bool = inherited if daemon is None else daemon

    @property
    def name(self) -> str:
        """The thread's name, as given or numbered in the order of making."""
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
        """The thread's number, from 1; None before it is started."""
        return None if self._lab_task is None else self._lab_task.number + 1

    native_id = ident

    def run(self) -> None:
        """Call the target: what the thread does, for subclasses to override."""
        target, args, kwargs = self._lab_work
        if target is not None:
            target(*args, **kwargs)

    def _lab_of_subclass(self, place: int) -> Any:
        """What CPython's Thread keeps and subclasses may read; else it is private."""
        if type(self).__module__ == __name__:
            raise AttributeError("a Thread's target is its own")
        return self._lab_work[place]

    _target = property(lambda self: self._lab_of_subclass(0))
    _args = property(lambda self: self._lab_of_subclass(1))
    _kwargs = property(lambda self: self._lab_of_subclass(2))

    def start(self) -> None:
        """Start it.

        Raises:
            RuntimeError: it was started before.
        """
        if self._lab_task is not None:
            raise RuntimeError("threads can only be started once")
        if self._name is None:
            self._lab_number = len(Context.run.tasks)
        name, daemon = plain(self.name), bool(self.daemon)
        self._lab_task = Context.run.spawn(self, self.run, name, daemon)
        Context.run.tell("start", self)  # before the thread can do anything
        Context.run.step(None, UNTOLD)

    def _lab_ended(self) -> bool:
        return bool(self._lab_task.done)

    def join(self, timeout: float | None = None) -> None:
        """Wait until it has ended, or until `timeout` seconds have passed.

        Raises:
            RuntimeError: it was not started, or is the running thread itself.
        """
        if self._lab_task is None:
            raise RuntimeError("cannot join thread before it is started")
        if self._lab_task is Context.run.current:
            raise RuntimeError("cannot join current thread")
        if timeout is None:
            Context.run.step(self._lab_ended, "join", self)
        elif not expiring(self._lab_ended, timeout, "join", self):
            return
        if Context.run.racing:
            Context.run.learn(self)

    def is_alive(self) -> bool:
        """Say whether it was started and has not ended."""
        Context.run.step(None, "look at", self)
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
        self.interval, self.finished = interval, Event()

    def cancel(self) -> None:
        """Do not call the function, if it is not called yet."""
        self.finished.set()

    def run(self) -> None:
        """Wait for the interval, then call the function unless it was cancelled."""
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
        object.__setattr__(self, "_lab_each", {Context.run.current.number: first})
        object.__setattr__(self, "_lab_how", (args, kwargs))
        return self

    def _lab_own(self) -> dict[str, Any]:
        each: dict[int, dict[str, Any]] = object.__getattribute__(self, "_lab_each")
        own = each.get(Context.run.current.number)
        if own is None:
            own = each[Context.run.current.number] = {}
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


def excepthook(args: Any) -> None:
    """`threading.__excepthook__`: raise the exception again, as a failure of the run.

    Args:
        args: an `Uncaught`.
    """
    raise args.exc_value


def register_atexit(function: Any, *args: Any, **kwargs: Any) -> None:
    """`threading._register_atexit`: called when the main thread has ended."""
    Context.run.exits.append(partial(function, *args, **kwargs))


OUTSIDE = MainThread()  # the thread that runs outside any run


def current_thread() -> Thread:
    """`threading.current_thread`."""
    thread: Thread | None = Context.run.current.thread
    return OUTSIDE if thread is None else thread


def main_thread() -> Thread:
    """`threading.main_thread`."""
    tasks = getattr(Context.run, "tasks", ())
    return tasks[0].thread if tasks else OUTSIDE


def get_ident() -> int:
    """`threading.get_ident`: the running thread's number, from 1."""
    return int(Context.run.current.number) + 1


def enumerate_threads() -> list[Thread]:
    """`threading.enumerate`: the threads that have not ended; no step."""
    return [t.thread for t in getattr(Context.run, "tasks", ()) if not t.done]


def active_count() -> int:
    """`threading.active_count`."""
    return len(enumerate_threads())
