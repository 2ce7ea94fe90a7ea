"""Locks and semaphores, one step an operation.

Methods do and raise what those of `threading` do; timeouts are virtual seconds.
"""

from __future__ import annotations

from operator import index
from typing import Any

from ..execution.run_context import Context
from .base import Thing, acquired


class Lock(Thing):
    """`threading.Lock`, which knows its owner, to explain standstills."""

    _lab_owner: Any = None

    def __init__(self) -> None:
        self._lab_named("Lock")

    def _lab_free(self) -> bool:
        return self._lab_owner is None

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; say whether it was taken."""
        run = Context.run
        if blocking and timeout == -1:
            run.step(self._lab_free, "acquire", self)
        elif not acquired(self._lab_free, blocking, timeout, self):
            return False
        self._lab_owner = run.current
        if run.racing:
            run.learn(self)
        return True

    def release(self) -> None:
        """Free the lock: a step only where the program asks whether locks are held.

        Raises:
            RuntimeError: it is free.
        """
        run = Context.run
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
        """Say whether some thread holds it; from now on releases are steps."""
        Context.run.probe()
        Context.run.step(None, "look at", self)
        return self._lab_owner is not None

    __enter__ = acquire

    def __exit__(self, *error: object) -> None:
        self.release()

    # What a Condition needs of its lock.
    def _lab_held(self) -> bool:
        return self._lab_owner is not None

    def _lab_drop(self) -> int:
        if Context.run.racing:
            Context.run.publish(self)
        self._lab_owner = None
        return 1

    def _lab_retake(self, depth: int) -> None:
        self._lab_owner = Context.run.current
        if Context.run.racing:
            Context.run.learn(self)


class RLock(Lock):
    """`threading.RLock`: its owner may take it again."""

    _lab_depth = 0

    def __init__(self) -> None:
        self._lab_named("RLock")

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; a step only where the thread does not hold it."""
        run = Context.run
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
        """Undo one `acquire`; the last one frees the lock.

        Raises:
            RuntimeError: the thread does not hold it.
        """
        if self._lab_owner is not Context.run.current:
            raise RuntimeError("cannot release un-acquired lock")
        self._lab_depth -= 1
        if not self._lab_depth:
            Lock.release(self)

    def _lab_held(self) -> bool:
        return self._lab_owner is Context.run.current

    def _lab_drop(self) -> int:
        depth, self._lab_depth = self._lab_depth, 0
        super()._lab_drop()
        return depth

    def _lab_retake(self, depth: int) -> None:
        super()._lab_retake(depth)
        self._lab_depth = depth


class Semaphore(Thing):
    """`threading.Semaphore`."""

    def __init__(self, value: int = 1) -> None:
        value = index(value)  # an exact int: the scheduler compares it
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._lab_value = value
        self._lab_named(type(self).__name__)

    def _lab_free(self) -> bool:
        return self._lab_value > 0

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Take one from the counter; say whether it was taken.

        Raises:
            ValueError: a timeout is given without `blocking`.
        """
        if not blocking and timeout is not None:
            raise ValueError("can't specify timeout for non-blocking acquire")
        if blocking and timeout is None:
            Context.run.step(self._lab_free, "acquire", self)
        else:
            least = None if timeout is None else max(timeout, 0.0)
            if not acquired(self._lab_free, blocking, least, self):
                return False
        self._lab_value -= 1
        Context.run.learn(self)
        return True

    def release(self, n: int = 1) -> None:
        """Add `n` to the counter.

        Raises:
            ValueError: n is below 1.
        """
        n = index(n)
        if n < 1:
            raise ValueError("n must be one or more")
        if Context.run.probing:
            Context.run.step(None, "release", self)
        else:
            Context.run.tell("release", self)
        Context.run.publish(self)
        self._lab_value += n

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


class BoundedSemaphore(Semaphore):
    """`threading.BoundedSemaphore`: its counter never exceeds the first value."""

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._lab_initial_value = value

    def release(self, n: int = 1) -> None:
        """Add `n` to the counter.

        Raises:
            ValueError: it would exceed the first value.
        """
        if self._lab_value + n > self._lab_initial_value:
            raise ValueError("Semaphore released too many times")
        super().release(n)
