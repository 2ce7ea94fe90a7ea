"""Conditions, events and barriers.

Methods do and raise what those of `threading` do; timeouts are virtual seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from operator import index
from typing import Any

from ..execution.run_context import Context, timed
from ..execution.standstill import EVENT
from .base import Thing, expiring
from .locks import Lock, RLock


class Ticket:
    """One sleeper's place in a condition's queue; equal to no other."""

    __slots__ = ("called",)

    def __init__(self) -> None:
        self.called = False  # a notify chose it


class Condition(Thing):
    """`threading.Condition`; waking and taking the lock again are one step."""

    def __init__(self, lock: Any = None) -> None:
        if lock is not None and not isinstance(lock, Lock):
            raise TypeError("a Condition takes a Lock or an RLock here")
        self._lab_lock: Lock = RLock() if lock is None else lock
        self._lab_waiters: deque[Ticket] = deque()
        self.acquire = self._lab_lock.acquire
        self.release = self._lab_lock.release
        self._lab_named("Condition")

    def __enter__(self) -> bool:
        return self._lab_lock.acquire()

    def __exit__(self, *error: object) -> None:
        self._lab_lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Free the lock, sleep until notified, and take the lock again.

        Args:
            timeout: virtual seconds.

        Returns:
            False where the timeout ended the wait. A spurious wake-up gives True.

        Raises:
            RuntimeError: the thread does not hold the lock.
        """
        lock, run = self._lab_lock, Context.run
        if not lock._lab_held():
            raise RuntimeError("cannot wait on un-acquired lock")
        me = run.current
        ticket = Ticket()
        self._lab_waiters.append(ticket)
        run.tell("wait on", self)
        depth = lock._lab_drop()
        me.deadline = deadline = timed(timeout)
        me.drowsy, me.woken = True, False

        def ready() -> bool:
            if ticket.called or me.woken:
                return lock._lab_owner is None
            return deadline is not None and deadline <= run.clock

        try:
            run.step(ready, "wake from", self)
            called = ticket.called
            if not called and not me.woken:
                # A notify may still go to this sleeper, and is lost with it.
                me.deadline, me.drowsy = None, False
                run.step(lock._lab_free, "give up waiting on", self)
        finally:
            me.deadline, me.drowsy = None, False
            lock._lab_retake(depth)
        if not ticket.called:
            self._lab_waiters.remove(ticket)
        if not called and me.woken:
            run.tell("(woken for no reason)")
            return True
        return called

    def wait_for(
        self, predicate: Callable[[], Any], timeout: float | None = None
    ) -> Any:
        """Wait until `predicate()` holds or the timeout is over; return its value."""
        deadline, left = timed(timeout), timeout
        first = True
        while not (result := predicate()):
            if deadline is not None and not first:
                left = deadline - Context.run.clock
                if left <= 0:
                    break
            first = False
            self.wait(left)
        return result

    def notify(self, n: int = 1) -> None:
        """Wake the `n` that wait longest; no step.

        Raises:
            RuntimeError: the thread does not hold the lock.
        """
        if not self._lab_lock._lab_held():
            raise RuntimeError("cannot notify on un-acquired lock")
        if Context.run.story is not None:
            woken = min(n, len(self._lab_waiters))
            Context.run.tell(f"notify {woken} waiting on", self)
        for _ in range(min(index(n), len(self._lab_waiters))):
            self._lab_waiters.popleft().called = True

    def notify_all(self) -> None:
        """Wake all that wait."""
        self.notify(len(self._lab_waiters))


class Event(Thing):
    """`threading.Event`."""

    def __init__(self) -> None:
        self._lab_flag = False
        self._lab_named("Event")

    def _lab_is_up(self) -> bool:
        return self._lab_flag

    def is_set(self) -> bool:
        """Say whether it is set."""
        Context.run.step(None, "look at", self)
        if self._lab_flag:
            Context.run.learn(self)
        return self._lab_flag

    def set(self) -> None:
        """Let all that wait go on, and all that come later."""
        Context.run.step(None, "set", self)
        Context.run.publish(self)
        self._lab_flag = True

    def clear(self) -> None:
        """Make those that come later wait again."""
        Context.run.step(None, "clear", self)
        self._lab_flag = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set or `timeout` seconds have passed; say whether it is."""
        up = expiring(self._lab_is_up, timeout, EVENT, self)
        if up:
            Context.run.learn(self)
        return up


class BrokenBarrierError(RuntimeError):
    """The barrier is broken."""


class Barrier(Thing):
    """`threading.Barrier`."""

    def __init__(
        self, parties: int, action: Any = None, timeout: float | None = None
    ) -> None:
        if parties < 1:
            raise ValueError("parties must be > 0")
        self.parties = index(parties)
        self._action, self._timeout = action, timeout
        self._lab_batch: list[str] = [""]  # shared by those who wait together
        self._lab_inside = 0
        self.broken = False
        self._lab_named("Barrier")

    @property
    def n_waiting(self) -> int:
        """How many threads wait at it."""
        return self._lab_inside

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the others; the last to arrive runs the barrier's action.

        Args:
            timeout: virtual seconds; None takes the barrier's own.

        Returns:
            How many had arrived before.

        Raises:
            BrokenBarrierError: the barrier was aborted, reset, or a wait timed out.
        """
        run = Context.run
        run.step(None, "arrive at", self)
        if self.broken:
            raise BrokenBarrierError
        run.publish(self)
        place, batch = self._lab_inside, self._lab_batch
        self._lab_inside += 1
        if place + 1 == self.parties:
            self._lab_batch, self._lab_inside = [""], 0  # for those who come later
            try:
                if self._action:
                    self._action()
            except BaseException:
                batch[0] = "broken"
                self.abort()
                raise
            run.learn(self)
            batch[0] = "open"
            return place
        timeout = self._timeout if timeout is None else timeout
        passed = expiring(lambda: bool(batch[0]), timeout, "pass", self)
        if not passed:
            self.abort()
        if batch[0] != "open":
            raise BrokenBarrierError
        run.learn(self)
        return place

    def reset(self) -> None:
        """Make it new; those that wait get a BrokenBarrierError."""
        Context.run.step(None, "reset", self)
        self._lab_batch[0] = "broken" if self._lab_inside else ""
        self._lab_batch, self._lab_inside, self.broken = [""], 0, False

    def abort(self) -> None:
        """Break it for all that wait and all that come."""
        Context.run.step(None, "break", self)
        self._lab_batch[0] = "broken"
        self._lab_batch, self._lab_inside, self.broken = [""], 0, True
