# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: the pool stands on the bounded queue, with two locks, and
# closing the queue ends the workers.
#
# More than 400 lines: it solves the whole lesson in one file, as a student does.

# %% tags=["setup"]
import threading
import time
from collections import Counter, deque
from functools import partial
from typing import NamedTuple


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
def threads_of_this_process():
    import sys
    import traceback

    frames = sys._current_frames()
    rows = [
        ThreadInfo(
            thread.name,
            thread.ident,
            thread.daemon,
            tuple(
                frame.f_code.co_name
                for frame, _ in reversed(
                    list(traceback.walk_stack(frames[thread.ident]))
                )
            ),
        )
        for thread in threading.enumerate()
        if thread.ident in frames
    ]
    rows.sort(key=lambda row: (row.name, row.ident))
    return rows


# %% tags=["task"] task="interleavings"
def interleavings(a, b):
    if not len(a) or not len(b):
        yield (*a, *b)
        return
    for rest in interleavings(a[1:], b):
        yield (a[0], *rest)
    for rest in interleavings(a, b[1:]):
        yield (b[0], *rest)


# %% tags=["task"] task="lost_updates"
def lost_updates(first=1, second=1):
    ends = Counter()

    def go(x, steps, registers, ways=1):
        if not any(steps):
            ends[x] += ways
        for me in (0, 1):
            if steps[me]:
                phase = (3 - steps[me] % 3) % 3
                left, held, value = list(steps), list(registers), x
                left[me] -= 1
                if phase == 0:
                    held[me] = x
                elif phase == 1:
                    held[me] += 1
                else:
                    value = held[me]
                go(value, left, held)

    go(0, [3 * first, 3 * second], [0, 0])
    return dict(ends)


# %% tags=["task"] task="BoundedQueue"
class BoundedQueue:
    """One condition for everything: whoever changes anything wakes all."""

    def __init__(self, capacity=None):
        if capacity is not None and capacity < 0:
            raise ValueError("capacity")
        self.capacity = capacity
        self.items = deque()
        self.takers = self.undone = 0
        self.closed = False
        self.changed = threading.Condition()

    def wait(self, ready, timeout):
        end = None if timeout is None else time.monotonic() + timeout
        while not ready():
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            self.changed.wait(left)
        return True

    def has_room(self):
        if self.capacity is None:
            return True
        return len(self.items) < (self.capacity or self.takers)

    def put(self, item, timeout=None):
        with self.changed:
            in_time = self.wait(lambda: self.closed or self.has_room(), timeout)
            if self.closed:
                raise Closed
            if not in_time:
                raise TimeoutError
            self.items.append(item)
            self.undone += 1
            self.changed.notify_all()

    def get(self, timeout=None):
        with self.changed:
            self.takers += 1
            self.changed.notify_all()
            try:
                self.wait(lambda: self.items or self.closed, timeout)
            finally:
                self.takers -= 1
            if not self.items:
                raise Closed if self.closed else TimeoutError
            self.changed.notify_all()
            return self.items.popleft()

    def drain(self):
        with self.changed:
            items = list(self.items)
            self.items.clear()
            self.changed.notify_all()
            return items

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def task_done(self):
        with self.changed:
            if self.undone == 0:
                raise ValueError("too many")
            self.undone -= 1
            self.changed.notify_all()

    def join(self, timeout=None):
        with self.changed:
            return self.wait(lambda: self.undone == 0, timeout)

    def __len__(self):
        with self.changed:
            return len(self.items)


# %% tags=["task"] task="Future"
class Future:
    """An event that is set once, and a lock for what must happen together."""

    def __init__(self):
        self.callback_errors = []
        self.lock = threading.Lock()
        self.ready = threading.Event()
        self.state = "pending"
        self.outcome = None
        self.callbacks = []

    def start(self):
        with self.lock:
            if self.state == "cancelled":
                return False
            if self.state != "pending":
                raise InvalidState(self.state)
            self.state = "running"
            return True

    def finish(self, state, outcome, allowed):
        with self.lock:
            if self.state not in allowed:
                return False
            self.state, self.outcome = state, outcome
            callbacks, self.callbacks = self.callbacks, None
            self.ready.set()
        for callback in callbacks:
            self.call(callback)
        return True

    def call(self, callback):
        try:
            callback(self)
        except BaseException as error:
            self.callback_errors.append(error)

    def set_result(self, value):
        if not self.finish("value", value, ("pending", "running")):
            raise InvalidState("done")

    def set_exception(self, error):
        if not self.finish("error", error, ("pending", "running")):
            raise InvalidState("done")

    def cancel(self):
        return self.finish("cancelled", None, ("pending",)) or self.cancelled()

    def cancelled(self):
        return self.state == "cancelled"

    def running(self):
        return self.state == "running"

    def done(self):
        return self.state in ("value", "error", "cancelled")

    def exception(self, timeout=None):
        if not self.ready.wait(timeout if timeout is None else max(timeout, 0)):
            raise TimeoutError
        if self.state == "cancelled":
            raise Cancelled
        return self.outcome if self.state == "error" else None

    def result(self, timeout=None):
        error = self.exception(timeout)
        if self.state == "error":
            raise error
        return self.outcome

    def add_done_callback(self, callback):
        with self.lock:
            if self.callbacks is not None:
                self.callbacks.append(callback)
                return
        self.call(callback)


# %% tags=["task"] task="discard_oldest"
def abort(task, pool):
    raise Rejected


def caller_runs(task, pool):
    if pool.is_shutdown():
        return
    task()


def discard(task, pool):
    return None


def discard_oldest(task, pool):
    if pool.is_shutdown():
        return
    pool.poll()
    pool.execute(task)


# %% tags=["task"] task="ThreadPool"
def call_into(future, function, args, kwargs):
    if future.start():
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)


class ThreadPool:
    """The queue has a lock of its own; the pool's is taken first where both are."""

    def __init__(
        self,
        core,
        maximum,
        keep_alive=0.0,
        capacity=None,
        policy=abort,
        thread_factory=None,
    ):
        if not 0 <= core <= maximum or maximum == 0 or keep_alive < 0:
            raise ValueError("sizes")
        self.core, self.maximum, self.keep_alive = core, maximum, keep_alive
        self.policy, self.factory = policy, thread_factory or self.make
        self.made = self.size = self.active = self.largest = self.completed = 0
        self.shut = False
        self.tasks = BoundedQueue(capacity)
        self.lock = threading.RLock()
        self.over = threading.Condition(self.lock)

    def make(self, run):
        self.made += 1
        return threading.Thread(target=run, name=f"worker-{self.made}", daemon=False)

    def execute(self, task):
        with self.lock:
            if not self.shut and self.placed(task):
                return
        self.policy(task, self)

    def placed(self, task):
        if self.size < self.core:
            self.hire(task)
            return True
        try:
            self.tasks.put(task, timeout=0)
        except TimeoutError:
            if self.size < self.maximum:
                self.hire(task)
                return True
            return False
        if self.size == 0:
            self.hire()
        return True

    def hire(self, task=None):
        thread = self.factory(partial(self.work, task))
        self.size += 1
        try:
            thread.start()
        except BaseException:
            self.size -= 1
            raise
        self.largest = max(self.largest, self.size)

    def work(self, task):
        normal = False
        try:
            while task is not None or (task := self.next()) is not None:
                with self.lock:
                    self.active += 1
                try:
                    task()
                finally:
                    task = None
                    with self.lock:
                        self.active -= 1
                        self.completed += 1
            normal = True
        finally:
            if not normal:
                with self.lock:
                    self.leave()
                    if not self.shut or len(self.tasks):
                        self.hire()

    def next(self):
        while True:
            with self.lock:
                patience = self.keep_alive if self.size > self.core else None
            try:
                return self.tasks.get(patience)
            except Closed:
                with self.lock:
                    return self.leave()
            except TimeoutError:
                with self.lock:  # nobody can put meanwhile
                    if not len(self.tasks) and self.size > self.core:
                        return self.leave()

    def leave(self):
        self.size -= 1
        self.over.notify_all()

    def submit(self, function, *args, **kwargs):
        future = Future()
        self.execute(partial(call_into, future, function, args, kwargs))
        return future

    def stats(self):
        with self.lock:
            queued = len(self.tasks)
            return Stats(self.size, self.active, queued, self.largest, self.completed)

    def poll(self):
        try:
            return self.tasks.get(timeout=0)
        except (TimeoutError, Closed):
            return None

    def shutdown(self):
        with self.lock:
            self.shut = True
            self.tasks.close()
            self.over.notify_all()

    def shutdown_now(self):
        with self.lock:
            self.shutdown()
            return self.tasks.drain()

    def is_shutdown(self):
        return self.shut

    def is_terminated(self):
        with self.lock:
            return self.shut and self.size == 0 and len(self.tasks) == 0

    def await_termination(self, timeout=None):
        with self.lock:
            return self.over.wait_for(self.is_terminated, timeout)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.await_termination()


# %% tags=["task"] task="shutdown_and_await"
def shutdown_and_await(pool, patience, grace=0.0):
    pool.shutdown()
    left = []
    ended = pool.await_termination(patience)
    if not ended:
        left = pool.shutdown_now()
        ended = pool.await_termination(grace)
    return ended, left


# %% tags=["task"] task="map_reduce"
def mapped(mapper, item):
    return [*mapper(item)]


def map_reduce(items, mapper, combine, pool):
    futures, groups = [], {}
    try:
        for item in items:
            try:
                future = pool.submit(mapped, mapper, item)
            except Rejected:
                future = Future()
                call_into(future, mapped, (mapper, item), {})
            futures.append(future)
        for future in futures:
            for key, value in future.result():
                groups.setdefault(key, []).append(value)
        for key, values in groups.items():
            total, *rest = values
            for value in rest:
                total = combine(total, value)
            groups[key] = total
        return groups
    except BaseException:
        for future in [future for future in futures if not future.cancel()]:
            future.exception()
        raise
