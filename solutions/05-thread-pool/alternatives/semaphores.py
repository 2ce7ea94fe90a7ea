# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: semaphores count items, room and tasks; sentinels in the
# queue end the workers.
#
# More than 400 lines: it solves the whole lesson in one file, as a student does.

# %% tags=["setup"]
import threading
import time
from collections import defaultdict, deque
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

    rows, frames = [], sys._current_frames()
    for thread in sorted(threading.enumerate(), key=lambda t: (t.name, t.ident)):
        stack, frame = [], frames.get(thread.ident)
        while frame:
            stack.insert(0, frame.f_code.co_name)
            frame = frame.f_back
        if stack:
            row = ThreadInfo(
                ident=thread.ident,
                name=thread.name,
                stack=tuple(stack),
                daemon=thread.daemon,
            )
            rows.append(row)
    return rows


# %% tags=["task"] task="interleavings"
def interleavings(a, b):
    order = [0] * len(a) + [1] * len(b)
    while order is not None:
        sources = iter(a), iter(b)
        yield tuple(next(sources[who]) for who in order)
        order = next_permutation(order)


def next_permutation(order):
    order = list(order)
    for i in range(len(order) - 2, -1, -1):
        if order[i] < order[i + 1]:
            j = max(k for k in range(i + 1, len(order)) if order[k] > order[i])
            order[i], order[j] = order[j], order[i]
            return order[: i + 1] + order[:i:-1]
    return None


# %% tags=["task"] task="lost_updates"
def lost_updates(first=1, second=1):
    start = (3 * first, 0), (3 * second, 0)
    ways = {(start, 0): 1}
    for _ in range(3 * (first + second)):
        after = defaultdict(int)
        for (threads, x), n in ways.items():
            for me, (left, register) in enumerate(threads):
                if left:
                    new = {0: (x, x), 2: (register + 1, x), 1: (register, register)}
                    mine, value = new[left % 3]
                    pair = [*threads]
                    pair[me] = left - 1, mine
                    after[tuple(pair), value] += n
        ways = after
    totals = defaultdict(int)
    for (_, x), n in ways.items():
        totals[x] += n
    return dict(totals)


# %%
def taken(semaphore, timeout):
    """Take one from a semaphore in time, or say no."""
    if timeout is None:
        return semaphore.acquire()
    if timeout <= 0:
        return semaphore.acquire(blocking=False)
    return semaphore.acquire(timeout=timeout) or semaphore.acquire(blocking=False)


# %% tags=["task"] task="BoundedQueue"
class BoundedQueue:
    """Who finds the queue closed passes the semaphore on to the next one."""

    def __init__(self, capacity=None):
        if capacity is not None and capacity < 0:
            raise ValueError("capacity")
        self.capacity = capacity
        self.items, self.undone, self.closed = deque(), 0, False
        self.mutex = threading.Lock()
        self.full = threading.Semaphore(0)
        self.room = None if capacity is None else threading.Semaphore(capacity)
        self.calm = threading.Event()
        self.calm.set()

    def put(self, item, timeout=None):
        in_time = self.room is None or taken(self.room, timeout)
        with self.mutex:
            if self.closed:
                if self.room is not None:
                    self.room.release()
                raise Closed
            if not in_time:
                raise TimeoutError
            self.items.append(item)
            self.undone += 1
            self.calm.clear()
        self.full.release()

    def get(self, timeout=None):
        if self.capacity == 0:
            self.room.release()
        in_time = taken(self.full, timeout)
        if not in_time and self.capacity == 0:
            # Take the invitation back, unless somebody has followed it.
            in_time = not self.room.acquire(blocking=False) and taken(self.full, None)
        with self.mutex:
            if in_time and self.items:
                if self.capacity:
                    self.room.release()
                return self.items.popleft()
            if self.closed:
                self.full.release()
                raise Closed
        raise TimeoutError

    def close(self):
        with self.mutex:
            if not self.closed:
                self.closed = True
                self.full.release()
                if self.room is not None:
                    self.room.release()

    def task_done(self):
        with self.mutex:
            if self.undone < 1:
                raise ValueError("task_done")
            self.undone -= 1
            if self.undone == 0:
                self.calm.set()

    def join(self, timeout=None):
        return self.calm.wait(None if timeout is None else max(0.0, timeout))

    def __len__(self):
        return len(self.items)


# %% tags=["task"] task="Future"
class Future:
    """A semaphore that each waiter takes and gives back."""

    def __init__(self):
        self.callback_errors = []
        self.mutex = threading.RLock()
        self.settled = threading.Semaphore(0)
        self.state, self.get = "pending", None
        self.callbacks = deque()

    def start(self):
        with self.mutex:
            before = self.state
            if before == "pending":
                self.state = "running"
        if before not in ("pending", "cancelled"):
            raise InvalidState(before)
        return before == "pending"

    def settle(self, state, before, get):
        with self.mutex:
            if self.state not in before:
                return False
            self.state, self.get = state, get
            self.settled.release()
        while self.callbacks:
            self.call(self.callbacks.popleft())
        return True

    def call(self, callback):
        try:
            callback(self)
        except BaseException as error:
            self.callback_errors.append(error)

    def set_result(self, value):
        if not self.settle("done", ("pending", "running"), lambda: (value, None)):
            raise InvalidState(self.state)

    def set_exception(self, error):
        if not self.settle("done", ("pending", "running"), lambda: (None, error)):
            raise InvalidState(self.state)

    def cancel(self):
        self.settle("cancelled", ("pending",), None)
        return self.cancelled()

    def cancelled(self):
        return self.state == "cancelled"

    def running(self):
        return self.state == "running"

    def done(self):
        return self.state in ("done", "cancelled")

    def outcome(self, timeout):
        if not taken(self.settled, timeout):
            raise TimeoutError
        self.settled.release()
        if self.state == "cancelled":
            raise Cancelled
        return self.get()

    def result(self, timeout=None):
        value, error = self.outcome(timeout)
        if error is None:
            return value
        raise error

    def exception(self, timeout=None):
        return self.outcome(timeout)[1]

    def add_done_callback(self, callback):
        with self.mutex:
            if self.state in ("pending", "running"):
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
STOP = object()


class ThreadPool:
    """On shutdown a STOP for each worker is queued behind the tasks."""

    def __init__(
        self,
        core,
        maximum,
        keep_alive=0.0,
        capacity=None,
        policy=abort,
        thread_factory=None,
    ):
        if min(core, maximum - 1, maximum - core, keep_alive, capacity or 0) < 0:
            raise ValueError("arguments")
        self.core, self.maximum, self.keep_alive = core, maximum, keep_alive
        self.capacity, self.policy = capacity, policy
        self.factory = thread_factory or self.named
        self.mutex = threading.Lock()
        self.tasks, self.ready = deque(), threading.Semaphore(0)
        self.size = self.active = self.idle = self.largest = self.done = 0
        self.born, self.shut = 0, False
        self.end = threading.Semaphore(0)
        self.told = False

    def named(self, run):
        self.born += 1
        return threading.Thread(None, run, f"worker-{self.born}", daemon=False)

    def queued(self):
        return sum(task is not STOP for task in self.tasks)

    def execute(self, task):
        with self.mutex:
            kept = not self.shut and self.take_in(task)
        if not kept:
            self.policy(task, self)

    def take_in(self, task):
        room = self.idle if self.capacity == 0 else self.capacity
        if self.size >= self.core and (room is None or len(self.tasks) < room):
            self.tasks.append(task)
            self.ready.release()
            if self.size == 0:
                self.hire()
            return True
        if self.size < self.maximum:
            self.hire(task)
            return True
        return False

    def hire(self, *first):
        self.factory(lambda: self.serve(*first)).start()
        self.size += 1
        self.active += len(first)
        self.largest = max(self.largest, self.size)

    def serve(self, *first):
        for task in (*first, *[None] * (not first)):
            if task is not None:
                self.do(task)
        while True:
            task = self.next()
            if task is STOP:
                return
            self.do(task)

    def do(self, task):
        whole = False
        try:
            task()
            whole = True
        finally:
            with self.mutex:
                self.active -= 1
                self.done += 1
                if not whole:
                    self.gone()
                    if not self.shut or self.queued():
                        self.hire()

    def next(self):
        since = time.monotonic()
        while True:
            with self.mutex:
                left = None
                if self.size > self.core:
                    left = since + self.keep_alive - time.monotonic()
                self.idle += 1
            got = taken(self.ready, left)
            with self.mutex:
                self.idle -= 1
                if got or self.ready.acquire(blocking=False):
                    if self.tasks:
                        task = self.tasks.popleft()
                        if task is STOP:
                            self.gone()
                        else:
                            self.active += 1
                        return task
                elif self.size > self.core:
                    self.gone()
                    return STOP

    def gone(self):
        self.size -= 1
        self.check()

    def over(self):
        return self.shut and self.size == 0 and self.queued() == 0

    def check(self):
        if self.over() and not self.told:
            self.told = True
            self.end.release()

    def submit(self, function, *args, **kwargs):
        future = Future()

        def task():
            if future.start():
                try:
                    future.set_result(function(*args, **kwargs))
                except BaseException as error:
                    future.set_exception(error)

        self.execute(task)
        return future

    def stats(self):
        with self.mutex:
            counts = self.queued(), self.largest, self.done
            return Stats(self.size, self.active, *counts)

    def poll(self):
        with self.mutex:
            if not self.queued():
                return None
            self.ready.acquire(blocking=False)  # or a worker wakes for nothing
            return self.tasks.popleft()

    def shutdown(self):
        with self.mutex:
            self.close()

    def close(self):
        if not self.shut:
            self.shut = True
            for _ in range(self.size):
                self.tasks.append(STOP)
                self.ready.release()
        self.check()

    def shutdown_now(self):
        with self.mutex:
            left = [task for task in self.tasks if task is not STOP]
            self.tasks = deque(task for task in self.tasks if task is STOP)
            self.close()
            return left

    def is_shutdown(self):
        return self.shut

    def is_terminated(self):
        with self.mutex:
            return self.over()

    def await_termination(self, timeout=None):
        if not taken(self.end, timeout):
            return False
        self.end.release()
        return True

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.await_termination()


# %% tags=["task"] task="shutdown_and_await"
def shutdown_and_await(pool, patience, grace=0.0):
    pool.shutdown()
    if pool.await_termination(patience):
        return (True, [])
    never = pool.shutdown_now()
    return (pool.await_termination(grace), never)


# %% tags=["task"] task="map_reduce"
def listed(mapper, item):
    pairs = []
    for key, value in mapper(item):
        pairs.append((key, value))
    return pairs


def map_reduce(items, mapper, combine, pool):
    futures = []
    complete = False
    try:
        for item in items:
            try:
                futures.append(pool.submit(listed, mapper, item))
            except Rejected:
                here = Future()
                futures.append(here)
                try:
                    here.set_result(listed(mapper, item))
                except BaseException as error:
                    here.set_exception(error)
        totals = {}
        for future in futures:
            for key, value in future.result():
                if key in totals:
                    totals[key] = combine(totals[key], value)
                else:
                    totals[key] = value
        complete = True
        return totals
    finally:
        if not complete:
            for future in [f for f in futures if not f.cancel()]:
                future.exception()
