# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# Right by another road: every waiting thread has a semaphore of its own; items and
# tasks are handed over in person.
#
# More than 400 lines: it solves the whole lesson in one file, as a student does.

# %% tags=["setup"]
import itertools
import threading
import time
from collections import deque
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

    def stack(frame):
        return () if frame is None else (*stack(frame.f_back), frame.f_code.co_name)

    found = []
    names = {thread.ident: thread for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        if ident in names:
            thread = names[ident]
            found.append(ThreadInfo(thread.name, ident, thread.daemon, stack(frame)))
    return sorted(found, key=lambda row: row[:2])


# %% tags=["task"] task="interleavings"
def interleavings(a, b):
    both = tuple(a), tuple(b)
    todo = [(0, 0, ())]  # a stack: what was pushed last is tried first
    while todo:
        i, j, done = todo.pop()
        if i == len(both[0]) and j == len(both[1]):
            yield done
        if j < len(both[1]):
            todo.append((i, j + 1, (*done, both[1][j])))
        if i < len(both[0]):
            todo.append((i + 1, j, (*done, both[0][i])))


# %% tags=["task"] task="lost_updates"
def lost_updates(first=1, second=1):
    count = {}
    for order in interleavings([0] * 3 * first, [1] * 3 * second):
        x, threads = 0, ([0, 0], [0, 0])
        for who in order:
            mine = threads[who]
            step, mine[0] = mine[0] % 3, mine[0] + 1
            if step == 0:
                mine[1] = x
            if step == 1:
                mine[1] += 1
            if step == 2:
                x = mine[1]
        count[x] = count.get(x, 0) + 1
    return count


# %%
class Ticket:
    """One sleeper: a bell, and what it is about."""

    def __init__(self, thing=None):
        self.bell = threading.Semaphore(0)
        self.thing, self.served = thing, False

    def ring(self, thing=None):
        self.thing, self.served = thing, True
        self.bell.release()

    def sleep(self, timeout):
        if timeout is not None and timeout <= 0:
            self.bell.acquire(blocking=False)
        else:
            self.bell.acquire(timeout=timeout)


# %% tags=["task"] task="BoundedQueue"
class BoundedQueue:
    def __init__(self, capacity=None):
        if capacity is not None and capacity < 0:
            raise ValueError(capacity)
        self.capacity = capacity
        self.items, self.takers, self.givers = deque(), deque(), deque()
        self.joiners, self.undone, self.closed = [], 0, False
        self.lock = threading.Lock()

    def put(self, item, timeout=None):
        with self.lock:
            if self.closed:
                raise Closed
            if self.takers:
                self.undone += 1
                self.takers.popleft().ring(item)
                return
            if self.capacity is None or len(self.items) < self.capacity:
                self.undone += 1
                self.items.append(item)
                return
            if timeout is not None and timeout <= 0:
                raise TimeoutError
            ticket = Ticket(item)
            self.givers.append(ticket)
        ticket.sleep(timeout)
        with self.lock:
            if ticket.served:
                return
            if self.closed:
                raise Closed
            self.givers.remove(ticket)
            raise TimeoutError

    def get(self, timeout=None):
        with self.lock:
            if self.items or self.givers:
                return self.take()
            if self.closed:
                raise Closed
            if timeout is not None and timeout <= 0:
                raise TimeoutError
            ticket = Ticket()
            self.takers.append(ticket)
        ticket.sleep(timeout)
        with self.lock:
            if ticket.served:
                return ticket.thing
            if self.closed:
                raise Closed
            self.takers.remove(ticket)
            raise TimeoutError

    def take(self):
        if self.givers:
            giver = self.givers.popleft()
            self.items.append(giver.thing)
            self.undone += 1
            giver.ring()
        return self.items.popleft()

    def close(self):
        with self.lock:
            self.closed = True
            for ticket in (*self.takers, *self.givers):
                ticket.bell.release()
            self.takers.clear()
            self.givers.clear()

    def task_done(self):
        with self.lock:
            if not self.undone:
                raise ValueError
            self.undone -= 1
            if not self.undone:
                for ticket in self.joiners:
                    ticket.ring()
                self.joiners = []

    def join(self, timeout=None):
        with self.lock:
            if not self.undone:
                return True
            ticket = Ticket()
            self.joiners.append(ticket)
        ticket.sleep(timeout)
        with self.lock:
            if ticket in self.joiners:
                self.joiners.remove(ticket)
            return ticket.served

    def __len__(self):
        return len(self.items)


# %% tags=["task"] task="Future"
class Future:
    def __init__(self):
        self.callback_errors = []
        self.lock = threading.Lock()
        self.claimed = self.is_cancelled = self.is_done = False
        self.value = self.error = None
        self.sleepers, self.callbacks = [], []

    def start(self):
        with self.lock:
            if self.is_cancelled:
                return False
            if self.claimed or self.is_done:
                raise InvalidState
            self.claimed = True
            return True

    def set_result(self, value):
        self.end(value=value)

    def set_exception(self, error):
        self.end(error=error)

    def end(self, value=None, error=None):
        with self.lock:
            if self.is_done:
                raise InvalidState
            self.value, self.error = value, error
            self.wake()
        self.call_back()

    def wake(self):
        self.is_done = True
        for ticket in self.sleepers:
            ticket.ring()

    def call_back(self):
        for callback in self.callbacks:
            self.add_done_callback(callback)

    def cancel(self):
        with self.lock:
            if self.claimed or self.is_done:
                return self.is_cancelled
            self.is_cancelled = True
            self.wake()
        self.call_back()
        return True

    def cancelled(self):
        with self.lock:
            return self.is_cancelled

    def running(self):
        with self.lock:
            return self.claimed and not self.is_done

    def done(self):
        with self.lock:
            return self.is_done

    def await_end(self, timeout):
        ticket = Ticket()
        with self.lock:
            if not self.is_done:
                self.sleepers.append(ticket)
            else:
                ticket.ring()
        ticket.sleep(timeout)
        with self.lock:
            if not self.is_done:
                raise TimeoutError
            if self.is_cancelled:
                raise Cancelled

    def result(self, timeout=None):
        self.await_end(timeout)
        if self.error is not None:
            raise self.error
        return self.value

    def exception(self, timeout=None):
        self.await_end(timeout)
        return self.error

    def add_done_callback(self, callback):
        with self.lock:
            if not self.is_done:
                self.callbacks.append(callback)
                return
        try:
            callback(self)
        except BaseException as error:
            self.callback_errors.append(error)


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
class ThreadPool:
    def __init__(
        self,
        core,
        maximum,
        keep_alive=0.0,
        capacity=None,
        policy=abort,
        thread_factory=None,
    ):
        for wrong in (core < 0, maximum < 1, maximum < core, keep_alive < 0):
            if wrong:
                raise ValueError
        if capacity is not None and capacity < 0:
            raise ValueError
        self.settings = core, maximum, keep_alive, capacity
        self.policy, self.factory = policy, thread_factory
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.queue, self.idle, self.waiting = deque(), [], []
        self.size = self.active = self.largest = self.completed = 0
        self.shut = False

    def execute(self, task):
        core, maximum, _, capacity = self.settings
        with self.lock:
            if self.shut:
                place = "nowhere"
            elif self.size < core:
                place = "worker"
            elif self.idle:
                place = "idle"
            elif capacity is None or len(self.queue) < capacity:
                place = "queue"
            else:
                place = "worker" if self.size < maximum else "nowhere"
            if place == "idle":
                self.active += 1
                self.idle.pop().ring(task)
            elif place == "queue":
                self.queue.append(task)
                if not self.size:
                    self.hire(None)
            elif place == "worker":
                self.hire(task)
        if place == "nowhere":
            self.policy(task, self)

    def hire(self, task):
        def run():
            self.live(task)

        if self.factory is None:
            name = f"worker-{next(self.numbers)}"
            thread = threading.Thread(target=run, name=name, daemon=False)
        else:
            thread = self.factory(run)
        thread.start()
        self.size += 1
        self.active += task is not None
        self.largest = max(self.size, self.largest)

    def live(self, task):
        while True:
            if task is None:
                task = self.wait_for_task()
                if task is None:
                    return
            failed = True
            try:
                task()
                failed = False
            finally:
                with self.lock:
                    self.active -= 1
                    self.completed += 1
                    if failed:
                        self.leave()
                        if self.queue or not self.shut:
                            self.hire(None)
            task = None

    def wait_for_task(self):
        core, _, keep_alive, _ = self.settings
        begun = time.monotonic()
        while True:
            with self.lock:
                if self.queue:
                    self.active += 1
                    return self.queue.popleft()
                surplus = self.size > core
                left = begun + keep_alive - time.monotonic() if surplus else None
                if self.shut or (surplus and left <= 0):
                    return self.leave()
                ticket = Ticket()
                self.idle.append(ticket)
            ticket.sleep(left)
            with self.lock:
                if ticket.served:
                    if ticket.thing is not None:
                        return ticket.thing
                else:
                    self.idle.remove(ticket)

    def leave(self):
        self.size -= 1
        self.tell()

    def ended(self):
        return self.shut and not self.size and not self.queue

    def tell(self):
        if self.ended():
            for ticket in self.waiting:
                ticket.ring()

    def submit(self, function, *args, **kwargs):
        future = Future()

        def task():
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

    def stats(self):
        with self.lock:
            return Stats(
                completed=self.completed,
                largest=self.largest,
                queued=len(self.queue),
                active=self.active,
                size=self.size,
            )

    def poll(self):
        with self.lock:
            return self.queue.popleft() if self.queue else None

    def stop(self, emptied):
        with self.lock:
            self.shut = True
            left = list(self.queue)
            if emptied:
                self.queue.clear()
            for ticket in self.idle:
                ticket.ring()
            self.idle = []
            self.tell()
        return left

    def shutdown(self):
        self.stop(emptied=False)

    def shutdown_now(self):
        return self.stop(emptied=True)

    def is_shutdown(self):
        with self.lock:
            return self.shut

    def is_terminated(self):
        with self.lock:
            return self.ended()

    def await_termination(self, timeout=None):
        with self.lock:
            if self.ended():
                return True
            ticket = Ticket()
            self.waiting.append(ticket)
        ticket.sleep(timeout)
        return self.is_terminated()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.shutdown()
        self.await_termination()


# %% tags=["task"] task="shutdown_and_await"
def shutdown_and_await(pool, patience, grace=0.0):
    pool.shutdown()
    if pool.await_termination(patience):
        return True, []
    left = pool.shutdown_now()
    return pool.await_termination(grace), left


# %% tags=["task"] task="map_reduce"
def pairs_of(mapper, item):
    return list(mapper(item))


def map_reduce(items, mapper, combine, pool):
    jobs, failure = [], None
    try:
        for item in items:
            jobs.append(submitted(pool, mapper, item))
        return fold(jobs, combine)
    except BaseException as error:
        failure = error
    waiting = []
    for job in jobs:
        if not job.cancel():
            waiting.append(job)
    for job in waiting:
        job.exception()
    raise failure


def submitted(pool, mapper, item):
    try:
        return pool.submit(pairs_of, mapper, item)
    except Rejected:
        done = Future()
    try:
        pairs = pairs_of(mapper, item)
    except BaseException as error:
        done.set_exception(error)
    else:
        done.set_result(pairs)
    return done


def fold(jobs, combine):
    totals = {}
    for key, value in itertools.chain.from_iterable(job.result() for job in jobs):
        if key in totals:
            value = combine(totals[key], value)
        totals[key] = value
    return totals
