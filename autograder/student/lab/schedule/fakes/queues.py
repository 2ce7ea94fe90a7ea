"""The classes of `queue`, one step a put or get.

Methods do and raise what those of `queue` do; timeouts are virtual seconds.
"""

from __future__ import annotations

import queue
from collections import deque
from heapq import heappop, heappush
from operator import index
from typing import Any

from ..execution.run_context import Context, IdleRun
from .base import Thing, expiring

Empty, Full = queue.Empty, queue.Full
ShutDown: Any = getattr(queue, "ShutDown", RuntimeError)


class Queue(Thing):
    """`queue.Queue`, with the same four methods for subclasses to override."""

    def __init__(self, maxsize: int = 0) -> None:
        self.maxsize = index(maxsize)
        self._lab_shut = False
        self.unfinished_tasks = 0
        self._init(maxsize)
        self._lab_named(type(self).__name__)

    def _init(self, maxsize: int) -> None:
        self.queue: Any = deque()

    def _qsize(self) -> int:
        return len(self.queue)

    def _put(self, item: Any) -> None:
        self.queue.append(item)

    def _get(self) -> Any:
        return self.queue.popleft()

    def _lab_has_room(self) -> bool:
        return self._lab_shut or self.maxsize <= 0 or self._lab_size() < self.maxsize

    def _lab_has_items(self) -> bool:
        return self._lab_shut or self._lab_size() > 0

    def _lab_size(self) -> int:
        """The number of items; a subclass's own `_qsize` must not take steps."""
        if type(self)._qsize is Queue._qsize:
            return len(self.queue)
        run, Context.run = Context.run, IdleRun()
        try:
            return index(self._qsize())
        finally:
            Context.run = run

    def _lab_left(self, task: Any) -> bool:
        """Whether items lie here that a task, which took some before, leaves."""
        return task.thing is not self and not self._lab_shut and self._lab_size() > 0

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add an item, waiting for room.

        Raises:
            Full: there was none in time, or at once without `block`.
            ShutDown: the queue is shut (Python 3.13).
            ValueError: the timeout is negative.
        """
        if not self._lab_await(self._lab_has_room, block, timeout, "put into"):
            raise Full
        if self._lab_shut:
            raise ShutDown
        Context.run.publish(self)
        self.unfinished_tasks += 1
        self._put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take the next item, waiting for one.

        Raises:
            Empty: there was none in time, or at once without `block`.
            ShutDown: the queue is shut and empty (Python 3.13).
            ValueError: the timeout is negative.
        """
        if not self._lab_await(self._lab_has_items, block, timeout, "get from"):
            raise Empty
        Context.run.learn(self)
        Context.run.current.fed_by = self
        if self._lab_shut and not self._lab_size():
            raise ShutDown
        return self._get()

    def _lab_await(
        self, ready: Any, block: bool, timeout: float | None, op: str
    ) -> bool:
        if block:
            if timeout is not None and timeout < 0:
                raise ValueError("'timeout' must be a non-negative number")
            return expiring(ready, timeout, op, self)
        Context.run.step(None, op, self)
        return bool(ready())

    def put_nowait(self, item: Any) -> None:
        """Add an item, or raise Full at once."""
        self.put(item, block=False)

    def get_nowait(self) -> Any:
        """Take the next item, or raise Empty at once."""
        return self.get(block=False)

    def qsize(self) -> int:
        """Return the number of items, which may have changed when it is used."""
        Context.run.step(None, "look at", self)
        return self._qsize()

    def empty(self) -> bool:
        """Say whether it holds no items."""
        return not self.qsize()

    def full(self) -> bool:
        """Say whether it holds `maxsize` items."""
        return 0 < self.maxsize <= self.qsize()

    def task_done(self) -> None:
        """Report an item that was taken as done.

        Raises:
            ValueError: more were reported than put.
        """
        Context.run.step(None, "report done to", self)
        if self.unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        Context.run.publish(self)
        self.unfinished_tasks -= 1

    def shutdown(self, immediate: bool = False) -> None:
        """Let nothing more in, and with `immediate` nothing more out (Python 3.13)."""
        Context.run.step(None, "shut down", self)
        Context.run.publish(self)
        self._lab_shut = True
        while immediate and self._lab_size():
            self._get()
            self.unfinished_tasks = max(self.unfinished_tasks - 1, 0)

    def _lab_all_done(self) -> bool:
        return self.unfinished_tasks == 0

    def join(self) -> None:
        """Wait until every item that was put is reported as done."""
        Context.run.step(self._lab_all_done, "see done", self)
        Context.run.learn(self)


class LifoQueue(Queue):
    """`queue.LifoQueue`: the newest item comes first."""

    def _get(self) -> Any:
        return self.queue.pop()


class PriorityQueue(Queue):
    """`queue.PriorityQueue`: the smallest item comes first."""

    def _init(self, maxsize: int) -> None:
        self.queue = []

    def _put(self, item: Any) -> None:
        heappush(self.queue, item)

    def _get(self) -> Any:
        return heappop(self.queue)


class SimpleQueue(Queue):
    """`queue.SimpleQueue`: a queue without a limit."""

    def __init__(self) -> None:
        super().__init__()


if not hasattr(queue, "ShutDown"):  # before Python 3.13
    del Queue.shutdown
