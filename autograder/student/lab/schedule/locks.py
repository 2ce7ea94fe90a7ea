"""Locks and semaphores, one step an operation."""

from __future__ import annotations

from operator import index
from typing import Any

from .port import Port, timed
from .races import Sync
from .story import place


class Thing(Sync):
    """A fake that a story can name by where it was made."""

    _lab_label = ""

    def _lab_named(self, what: str) -> None:
        if Port.run.story is not None:
            line = place()[0]
            label = f"the {what} of line {line}" if line else f"a {what}"
            made = Port.run.made[label] = Port.run.made.get(label, 0) + 1
            self._lab_label = label if made == 1 else f"{label} (no. {made})"


class Lock(Thing):
    """`threading.Lock`, which knows its owner (for the story alone)."""

    _lab_owner: Any = None

    def __init__(self) -> None:
        self._lab_named("Lock")

    def _lab_free(self) -> bool:
        return self._lab_owner is None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        run = Port.run
        if blocking and timeout == -1:
            run.step(self._lab_free, "acquire", self)
        elif not _try(self._lab_free, blocking, timeout, self):
            return False
        self._lab_owner = run.current
        if run.racing:
            run.learn(self)
        return True

    def release(self) -> None:
        run = Port.run
        if self._lab_owner is None:
            raise RuntimeError("release unlocked lock")
        if run.probing:
            run.step(None, "release", self)
        elif run.story is not None:
            run.tell("release", self)
        if run.racing:
            run.publish(self)
        self._lab_owner = None

    def locked(self) -> bool:
        Port.run.probe()
        Port.run.step(None, "look at", self)
        return self._lab_owner is not None

    __enter__ = acquire

    def __exit__(self, *error: object) -> None:
        self.release()

    # What a Condition needs of its lock.
    def _lab_held(self) -> bool:
        return self._lab_owner is not None

    def _lab_drop(self) -> int:
        if Port.run.racing:
            Port.run.publish(self)
        self._lab_owner = None
        return 1

    def _lab_retake(self, depth: int) -> None:
        self._lab_owner = Port.run.current
        if Port.run.racing:
            Port.run.learn(self)


class RLock(Lock):
    """`threading.RLock`."""

    _lab_depth = 0

    def __init__(self) -> None:
        self._lab_named("RLock")

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        run = Port.run
        if self._lab_owner is not run.current:
            if blocking and timeout == -1:
                run.step(self._lab_free, "acquire", self)
                self._lab_owner = run.current
                if run.racing:
                    run.learn(self)
            elif not super().acquire(blocking, timeout):
                return False
        self._lab_depth += 1
        return True

    __enter__ = acquire

    def release(self) -> None:
        if self._lab_owner is not Port.run.current:
            raise RuntimeError("cannot release un-acquired lock")
        self._lab_depth -= 1
        if not self._lab_depth:
            Lock.release(self)

    def _lab_held(self) -> bool:
        return self._lab_owner is Port.run.current

    def _lab_drop(self) -> int:
        depth, self._lab_depth = self._lab_depth, 0
        super()._lab_drop()
        return depth

    def _lab_retake(self, depth: int) -> None:
        super()._lab_retake(depth)
        self._lab_depth = depth


def _try(ready: Any, blocking: bool, timeout: float | None, thing: Any) -> bool:
    """Acquire without waiting for ever; say whether it worked."""
    run = Port.run
    if not blocking and timeout not in (-1, None):
        raise ValueError("can't specify a timeout for a non-blocking call")
    if blocking and (timeout or 0.0) < 0:
        raise ValueError("timeout value must be a non-negative number")
    run.probe()
    if not blocking:
        run.step(None, "try to acquire", thing)
    else:
        expiring(ready, timeout, "acquire", thing)
    return bool(ready())


def expiring(ready: Any, timeout: float | None, op: str, thing: Any) -> bool:
    """Wait until `ready()`, or until the timeout; say whether it is ready."""
    run = Port.run
    if timeout is None:
        run.step(ready, op, thing)
        return True
    me = run.current
    me.deadline = deadline = timed(timeout) or 0.0
    run.step(lambda: ready() or deadline <= Port.run.clock, op, thing)
    me.deadline = None
    return bool(ready())


class Semaphore(Thing):
    """`threading.Semaphore`."""

    def __init__(self, value: int = 1) -> None:
        value = index(value)  # exactly: the scheduler looks at it
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._lab_value = value
        self._lab_named(type(self).__name__)

    def _lab_free(self) -> bool:
        return self._lab_value > 0

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        if not blocking and timeout is not None:
            raise ValueError("can't specify timeout for non-blocking acquire")
        if blocking and timeout is None:
            Port.run.step(self._lab_free, "acquire", self)
        else:
            least = None if timeout is None else max(timeout, 0.0)
            if not _try(self._lab_free, blocking, least, self):
                return False
        self._lab_value -= 1
        Port.run.learn(self)
        return True

    def release(self, n: int = 1) -> None:
        n = index(n)
        if n < 1:
            raise ValueError("n must be one or more")
        if Port.run.probing:
            Port.run.step(None, "release", self)
        else:
            Port.run.tell("release", self)
        Port.run.publish(self)
        self._lab_value += n

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    """`threading.BoundedSemaphore`."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._lab_initial_value = value

    def release(self, n: int = 1) -> None:
        if self._lab_value + n > self._lab_initial_value:
            raise ValueError("Semaphore released too many times")
        super().release(n)
