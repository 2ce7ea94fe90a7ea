"""The fake modules `threading`, `queue` and `time`, put together from the others."""

from __future__ import annotations

import queue as real_queue
import threading as real_threading
import time as real_time
from types import ModuleType
from typing import Any

from ..execution.run_context import Context, timed
from ..execution.task import Uncaught
from . import locks, queues, threads, waiting


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    run = Context.run
    me = run.current
    if seconds == 0:
        run.step(None, "yield")
        return
    me.deadline = deadline = timed(seconds) or 0.0
    run.step(lambda: deadline <= Context.run.clock, f"sleep {seconds:g} s")
    me.deadline = None


def _now() -> float:
    return Context.run.clock


def _now_ns() -> int:
    return round(Context.run.clock * 1e9)


_CLOCKS = ("monotonic", "time", "perf_counter", "process_time", "thread_time")


class _Threading(ModuleType):
    """The fake `threading`: each run has an excepthook of its own."""

    __excepthook__ = staticmethod(threads.excepthook)

    @property
    def excepthook(self) -> Any:
        return Context.run.excepthook or threads.excepthook

    @excepthook.setter
    def excepthook(self, hook: Any) -> None:
        Context.run.excepthook = hook


def _module(name: str, real: ModuleType, **fakes: Any) -> ModuleType:
    kind = _Threading if name == "threading" else ModuleType
    module = kind(name, real.__doc__)
    module.__dict__.update(fakes)
    return module


THREADING = _module(
    "threading",
    real_threading,
    Lock=locks.Lock,
    RLock=locks.RLock,
    Semaphore=locks.Semaphore,
    BoundedSemaphore=locks.BoundedSemaphore,
    Condition=waiting.Condition,
    Event=waiting.Event,
    Barrier=waiting.Barrier,
    BrokenBarrierError=waiting.BrokenBarrierError,
    Thread=threads.Thread,
    Timer=threads.Timer,
    local=threads.local,
    current_thread=threads.current_thread,
    main_thread=threads.main_thread,
    get_ident=threads.get_ident,
    enumerate=threads.enumerate_threads,
    active_count=threads.active_count,
    ExceptHookArgs=Uncaught,
    _register_atexit=threads.register_atexit,
    get_native_id=threads.get_ident,
    TIMEOUT_MAX=real_threading.TIMEOUT_MAX,
    ThreadError=RuntimeError,
)
QUEUE = _module(
    "queue",
    real_queue,
    Queue=queues.Queue,
    LifoQueue=queues.LifoQueue,
    PriorityQueue=queues.PriorityQueue,
    SimpleQueue=queues.SimpleQueue,
    Empty=queues.Empty,
    Full=queues.Full,
    **({"ShutDown": queues.ShutDown} if hasattr(real_queue, "ShutDown") else {}),
)
TIME = _module(
    "time",
    real_time,
    **{
        **{k: v for k, v in vars(real_time).items() if not k.startswith("_")},
        "sleep": _sleep,
        **dict.fromkeys(_CLOCKS, _now),
        **dict.fromkeys([f"{name}_ns" for name in _CLOCKS], _now_ns),
    },
)


FAKES = {"threading": THREADING, "queue": QUEUE, "time": TIME}


def explored_modules() -> dict[str, ModuleType]:
    """Return the fakes by name: `threading`, `queue` and `time`."""
    return dict(FAKES)
