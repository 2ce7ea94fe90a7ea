"""The classes of `queue`, one step a put or get."""

from __future__ import annotations

import queue
from collections import deque
from heapq import heappop, heappush
from operator import index
from typing import Any

from .locks import Thing, expiring
from .port import Idle, Port

Empty, Full = queue.Empty, queue.Full
ShutDown: Any = getattr(queue, "ShutDown", RuntimeError)


class Queue(Thing):
    """`queue.Queue`, with the same four methods for heirs to override."""

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
        """The number of items; an heir's own way to count must not take steps."""
        if type(self)._qsize is Queue._qsize:
            return len(self.queue)
        run, Port.run = Port.run, Idle()
        try:
            return index(self._qsize())
        finally:
            Port.run = run

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if not self._lab_await(self._lab_has_room, block, timeout, "put into"):
            raise Full
        if self._lab_shut:
            raise ShutDown
        Port.run.publish(self)
        self.unfinished_tasks += 1
        self._put(item)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if not self._lab_await(self._lab_has_items, block, timeout, "get from"):
            raise Empty
        Port.run.learn(self)
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
        Port.run.step(None, op, self)
        return bool(ready())

    def put_nowait(self, item: Any) -> None:
        self.put(item, block=False)

    def get_nowait(self) -> Any:
        return self.get(block=False)

    def qsize(self) -> int:
        Port.run.step(None, "look at", self)
        return self._qsize()

    def empty(self) -> bool:
        return not self.qsize()

    def full(self) -> bool:
        return 0 < self.maxsize <= self.qsize()

    def task_done(self) -> None:
        Port.run.step(None, "report done to", self)
        if self.unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        Port.run.publish(self)
        self.unfinished_tasks -= 1

    def shutdown(self, immediate: bool = False) -> None:
        """Let nothing more in, and with `immediate` nothing more out (Python 3.13)."""
        Port.run.step(None, "shut down", self)
        Port.run.publish(self)
        self._lab_shut = True
        while immediate and self._lab_size():
            self._get()
            self.unfinished_tasks = max(self.unfinished_tasks - 1, 0)

    def _lab_all_done(self) -> bool:
        return self.unfinished_tasks == 0

    def join(self) -> None:
        Port.run.step(self._lab_all_done, "see done", self)
        Port.run.learn(self)


class LifoQueue(Queue):
    """`queue.LifoQueue`."""

    def _get(self) -> Any:
        return self.queue.pop()


class PriorityQueue(Queue):
    """`queue.PriorityQueue`."""

    def _init(self, maxsize: int) -> None:
        self.queue = []

    def _put(self, item: Any) -> None:
        heappush(self.queue, item)

    def _get(self) -> Any:
        return heappop(self.queue)


class SimpleQueue(Queue):
    """`queue.SimpleQueue`."""

    def __init__(self) -> None:
        super().__init__()


if not hasattr(queue, "ShutDown"):  # before Python 3.13
    del Queue.shutdown
