# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% tags=["setup"]
import itertools
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple


# %%
class ThreadInfo(NamedTuple):
    """One row of `threads_of_this_process`."""

    name: str
    ident: int
    daemon: bool
    stack: tuple[str, ...]


class Stats(NamedTuple):
    """What `ThreadPool.stats` counts."""

    size: int
    active: int
    queued: int
    largest: int
    completed: int


class Closed(Exception):
    """The queue is closed."""


class Cancelled(Exception):
    """The future was cancelled."""


class InvalidState(Exception):
    """The future is past that state."""


class Rejected(Exception):
    """The pool takes no more tasks."""


# %% tags=["task"] task="threads_of_this_process"
def threads_of_this_process() -> list[ThreadInfo]:
    """List the live threads of this process, the one that asks included."""
    import sys

    frames = sys._current_frames()
    rows = []
    for thread in threading.enumerate():
        frame = frames.get(thread.ident)
        if frame is not None:
            stack = _names(frame)
            rows.append(ThreadInfo(thread.name, thread.ident, thread.daemon, stack))
    return sorted(rows)


def _names(frame: Any) -> tuple[str, ...]:
    names: deque[str] = deque()
    while frame is not None:
        names.appendleft(frame.f_code.co_name)
        frame = frame.f_back
    return tuple(names)


# %% tags=["task"] task="interleavings"
def interleavings(a: Sequence[Any], b: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield every merge of a and b that keeps the order within each."""
    length = len(a) + len(b)
    for places in itertools.combinations(range(length), len(a)):
        taken, first, second = set(places), iter(a), iter(b)
        yield tuple(next(first if i in taken else second) for i in range(length))


# %% tags=["task"] task="lost_updates"
def lost_updates(first: int = 1, second: int = 1) -> dict[int, int]:
    """Count in how many schedules two threads that increment x end with which x."""
    steps = ("load", "add", "store")
    ours, theirs = ([(who, s) for s in steps] for who in (0, 1))
    final: Counter[int] = Counter()
    for schedule in interleavings(ours * first, theirs * second):
        x, register = 0, [0, 0]
        for who, step in schedule:
            if step == "load":
                register[who] = x
            elif step == "add":
                register[who] += 1
            else:
                x = register[who]
        final[x] += 1
    return dict(final)


# %% tags=["task"] task="BoundedQueue"
class BoundedQueue:
    """A queue between threads; capacity 0 is a hand-off, None is no bound."""

    def __init__(self, capacity: int | None = None) -> None:
        if capacity is not None and capacity < 0:
            raise ValueError(f"capacity must not be negative, got {capacity}")
        self._capacity = capacity
        self._items: deque[Any] = deque()
        self._getters = 0  # threads inside get; those beyond the items are waiting
        self._unfinished = 0
        self._closed = False
        self._lock = threading.Lock()
        self._has_item = threading.Condition(self._lock)
        self._has_room = threading.Condition(self._lock)
        self._all_done = threading.Condition(self._lock)

    def put(self, item: Any, timeout: float | None = None) -> None:
        """Add an item, waiting while there is no room."""
        with self._lock:
            able = self._has_room.wait_for(self._may_put, timeout)
            if self._closed:
                raise Closed("put into a closed queue")
            if not able:
                raise TimeoutError("no room in time")
            self._items.append(item)
            self._unfinished += 1
            self._has_item.notify()

    def _may_put(self) -> bool:
        if self._closed or self._capacity is None:
            return True
        # A hand-off has as much room as there are threads waiting for an item.
        return len(self._items) < (self._capacity or self._getters)

    def get(self, timeout: float | None = None) -> Any:
        """Remove the oldest item and return it, waiting while there is none."""
        with self._lock:
            self._getters += 1
            self._has_room.notify()
            try:
                able = self._has_item.wait_for(self._may_get, timeout)
            finally:
                self._getters -= 1
            if self._items:
                self._has_room.notify()
                return self._items.popleft()
            raise Closed("get from a closed queue") if able else TimeoutError("no item")

    def _may_get(self) -> bool:
        return bool(self._items) or self._closed

    def close(self) -> None:
        """Accept no more items, and wake every thread that waits in vain."""
        with self._lock:
            self._closed = True
            self._has_item.notify_all()
            self._has_room.notify_all()

    def task_done(self) -> None:
        """Report one item that was got as dealt with."""
        with self._lock:
            if not self._unfinished:
                raise ValueError("task_done called more often than put")
            self._unfinished -= 1
            if not self._unfinished:
                self._all_done.notify_all()

    def join(self, timeout: float | None = None) -> bool:
        """Wait until every item ever put was reported as dealt with."""
        with self._lock:
            return self._all_done.wait_for(lambda: not self._unfinished, timeout)

    def __len__(self) -> int:
        """Return the number of items inside."""
        with self._lock:
            return len(self._items)


# %% tags=["task"] task="Future"
PENDING, RUNNING, CANCELLED, FINISHED = "pending", "running", "cancelled", "finished"


class Future:
    """The outcome of one call, set by one thread and awaited by others."""

    def __init__(self) -> None:
        self.callback_errors: list[BaseException] = []
        self._state = PENDING
        self._value: Any = None
        self._error: BaseException | None = None
        self._callbacks: list[Callable[[Future], object]] = []
        self._settled = threading.Condition(threading.Lock())

    def start(self) -> bool:
        """Claim the call: pending becomes running."""
        with self._settled:
            if self._state not in (PENDING, CANCELLED):
                raise InvalidState(f"start a future that is {self._state}")
            if self._state == PENDING:
                self._state = RUNNING
            return self._state == RUNNING

    def set_result(self, value: Any) -> None:
        """Make it done with a value; wake all who wait."""
        self._settle(FINISHED, value, None)

    def set_exception(self, error: BaseException) -> None:
        """Make it done with an exception; wake all who wait."""
        self._settle(FINISHED, None, error)

    def cancel(self) -> bool:
        """Cancel it where it is pending; wake all who wait."""
        with self._settled:
            if self._state != PENDING:
                return self._state == CANCELLED
            self._state = CANCELLED
            self._settled.notify_all()
        self._call_back()
        return True

    def _settle(self, state: str, value: Any, error: BaseException | None) -> None:
        with self._settled:
            if self._is_done():
                raise InvalidState(f"set a future that is {self._state}")
            self._state, self._value, self._error = state, value, error
            self._settled.notify_all()
        self._call_back()

    def _call_back(self) -> None:
        for callback in self._callbacks:  # nobody adds to it any more
            self._call(callback)

    def _call(self, callback: Callable[["Future"], object]) -> None:
        try:
            callback(self)
        except BaseException as error:
            self.callback_errors.append(error)

    def _is_done(self) -> bool:
        return self._state in (CANCELLED, FINISHED)

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""
        with self._settled:
            return self._state == CANCELLED

    def running(self) -> bool:
        """Return whether it was started and is not done."""
        with self._settled:
            return self._state == RUNNING

    def done(self) -> bool:
        """Return whether it has an outcome or was cancelled."""
        with self._settled:
            return self._is_done()

    def result(self, timeout: float | None = None) -> Any:
        """Wait until it is done, and return its value or raise its exception."""
        error = self.exception(timeout)
        if error is not None:
            raise error
        return self._value

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait until it is done, and return its exception, or None."""
        with self._settled:
            if not self._settled.wait_for(self._is_done, timeout):
                raise TimeoutError("not done in time")
            if self._state == CANCELLED:
                raise Cancelled("the future was cancelled")
            return self._error

    def add_done_callback(self, callback: Callable[["Future"], object]) -> None:
        """Have `callback(future)` called once when it is done or cancelled."""
        with self._settled:
            if not self._is_done():
                self._callbacks.append(callback)
                return
        self._call(callback)


# %% tags=["task"] task="discard_oldest"
def abort(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Raise Rejected, whether the pool is full or shut down."""
    raise Rejected("shut down" if pool.is_shutdown() else "full")


def caller_runs(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Run the task here; where the pool is shut down, drop it silently."""
    if not pool.is_shutdown():
        task()


def discard(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the task silently."""


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew."""
    if not pool.is_shutdown():
        pool.poll()
        pool.execute(task)


# %% tags=["task"] task="ThreadPool"
class ThreadPool:
    """Threads that run tasks from a queue, with java.util.concurrent's rules.

    One lock guards everything, so that each rule is one atomic step. Whoever starts a
    thread holds it: a new worker first sees the books when they are complete.
    """

    def __init__(
        self,
        core: int,
        maximum: int,
        keep_alive: float = 0.0,
        capacity: int | None = None,
        policy: Callable[[Callable[[], object], "ThreadPool"], object] = abort,
        thread_factory: Callable[[Callable[[], object]], threading.Thread]
        | None = None,
    ) -> None:
        if core < 0 or maximum < 1 or maximum < core or keep_alive < 0:
            raise ValueError(
                "needs 0 <= core <= maximum, 1 <= maximum, 0 <= keep_alive"
            )
        if capacity is not None and capacity < 0:
            raise ValueError(f"capacity must not be negative, got {capacity}")
        self._core, self._maximum, self._keep_alive = core, maximum, keep_alive
        self._capacity, self._policy = capacity, policy
        self._factory = thread_factory or self._name_thread
        self._names = itertools.count(1)
        self._queue: deque[Callable[[], object]] = deque()
        self._shut = False
        self._size = self._active = self._idle = self._largest = self._completed = 0
        self._lock = threading.Lock()
        self._task_came = threading.Condition(self._lock)
        self._ended = threading.Condition(self._lock)

    def _name_thread(self, run: Callable[[], object]) -> threading.Thread:
        name = f"worker-{next(self._names)}"
        return threading.Thread(target=run, name=name, daemon=False)

    def execute(self, task: Callable[[], object]) -> None:
        """Run the task at some time in some worker, or reject it."""
        with self._lock:
            accepted = self._accept(task)
        if not accepted:
            self._policy(task, self)

    def _accept(self, task: Callable[[], object]) -> bool:
        if self._shut:
            return False
        if self._size < self._core:
            self._hire(task)
        elif self._has_room():
            self._queue.append(task)
            self._task_came.notify()
            if not self._size:
                self._hire()
        elif self._size < self._maximum:
            self._hire(task)
        else:
            return False
        return True

    def _has_room(self) -> bool:
        if self._capacity is None:
            return True
        return len(self._queue) < (self._capacity or self._idle)

    def _hire(self, task: Callable[[], object] | None = None) -> None:
        self._factory(lambda: self._work(task)).start()
        self._size += 1
        self._largest = max(self._largest, self._size)
        self._active += task is not None

    def _work(self, task: Callable[[], object] | None) -> None:
        try:
            if task is not None:
                self._run(task)
            while (task := self._take()) is not None:
                self._run(task)
        except BaseException:
            with self._lock:
                self._leave()
                if self._queue or not self._shut:
                    self._hire()
            raise

    def _run(self, task: Callable[[], object]) -> None:
        try:
            task()
        finally:
            with self._lock:
                self._active -= 1
                self._completed += 1

    def _take(self) -> Callable[[], object] | None:
        """Wait for the next task; None where this worker has left the pool."""
        with self._lock:
            deadline = time.monotonic() + self._keep_alive
            while not self._queue:
                surplus = self._size > self._core
                left = deadline - time.monotonic() if surplus else None
                if self._shut or (left is not None and left <= 0):
                    self._leave()
                    return None
                self._idle += 1
                self._task_came.wait(left)
                self._idle -= 1
            self._active += 1
            return self._queue.popleft()

    def _leave(self) -> None:
        self._size -= 1
        if self._is_over():
            self._ended.notify_all()

    def _is_over(self) -> bool:
        return self._shut and not self._size and not self._queue

    def submit(
        self, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Future":
        """Execute a task that calls the function, and return its Future."""
        future = Future()

        def task() -> None:
            if not future.start():
                return
            try:
                value = function(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(value)

        self.execute(task)
        return future

    def stats(self) -> Stats:
        """Count workers and tasks."""
        with self._lock:
            queued = len(self._queue)
            counts = self._largest, self._completed
            return Stats(self._size, self._active, queued, *counts)

    def poll(self) -> Callable[[], object] | None:
        """Take the oldest task out of the queue and return it, or None."""
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def shutdown(self) -> None:
        """Take no more tasks; run those in the queue, then end all workers."""
        with self._lock:
            self._shut = True
            self._task_came.notify_all()
            self._ended.notify_all()

    def shutdown_now(self) -> list[Callable[[], object]]:
        """Shut down, and take all tasks out of the queue, too."""
        with self._lock:
            self._shut = True
            left = list(self._queue)
            self._queue.clear()
            self._task_came.notify_all()
            self._ended.notify_all()
            return left

    def is_shutdown(self) -> bool:
        """Return whether `shutdown` or `shutdown_now` was called."""
        with self._lock:
            return self._shut

    def is_terminated(self) -> bool:
        """Return whether it is shut down, with no task queued and no worker left."""
        with self._lock:
            return self._is_over()

    def await_termination(self, timeout: float | None = None) -> bool:
        """Wait until it is terminated; return False where the time was up first."""
        with self._lock:
            return self._ended.wait_for(self._is_over, timeout)

    def __enter__(self) -> "ThreadPool":
        """Return the pool itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Shut down and wait until it is terminated."""
        self.shutdown()
        self.await_termination()


# %% tags=["task"] task="shutdown_and_await"
def shutdown_and_await(
    pool: ThreadPool, patience: float | None, grace: float | None = 0.0
) -> tuple[bool, list[Callable[[], object]]]:
    """Close a pool in order, and at once where that takes too long."""
    pool.shutdown()
    if pool.await_termination(patience):
        return True, []
    left = pool.shutdown_now()
    return pool.await_termination(grace), left


# %% tags=["task"] task="map_reduce"
def map_reduce(
    items: Iterable[Any],
    mapper: Callable[[Any], Iterable[tuple[Any, Any]]],
    combine: Callable[[Any, Any], Any],
    pool: Any,
) -> dict[Any, Any]:
    """Map each item on the pool, and combine the values of equal keys."""
    pieces: list[Any] = []
    totals: dict[Any, Any] = {}
    try:
        for item in items:
            try:
                pieces.append(pool.submit(_pairs, mapper, item))
            except Rejected:
                pieces.append(_mapped_here(mapper, item))
        for piece in pieces:
            for key, value in piece.result():
                totals[key] = combine(totals[key], value) if key in totals else value
    except BaseException:
        running = [piece for piece in pieces if not piece.cancel()]
        for piece in running:
            piece.exception()
        raise
    return totals


def _pairs(mapper: Callable[[Any], Iterable[tuple[Any, Any]]], item: Any) -> list[Any]:
    return list(mapper(item))


def _mapped_here(mapper: Callable[[Any], Iterable[Any]], item: Any) -> Future:
    piece = Future()
    try:
        piece.set_result(_pairs(mapper, item))
    except BaseException as error:
        piece.set_exception(error)
    return piece
