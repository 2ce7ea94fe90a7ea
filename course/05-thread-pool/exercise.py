# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {name: python3, display_name: Python 3, language: python}
# ---

# %% [markdown]
# # Threads, schedules and a thread pool
#
# The chapter `05-thread-pool` explains; this file is where you write. Fill the cells
# that raise `NotImplementedError`, one task at a time, and keep the names. The grader
# runs your threads in three ways: for real, under a *schedule explorer* that tries
# the schedules with up to two preemptions and some at random (with sleepers that wake
# for no reason, as Java's documentation allows), and against what a real JDK did.
#
# For the explorer your code may import `threading`, `queue`, `time`, `collections`,
# `itertools`, `functools`, `dataclasses`, `enum`, `typing` and `contextlib`. Task 1
# alone also needs `sys`: import it in that cell. Use no lock that lives longer than
# the object it guards: make locks in `__init__`.

# %% tags=["setup"]
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from autograder.student import attempt, check


# %%
class ThreadInfo(NamedTuple):
    """One row of `threads_of_this_process`. Leave this cell as it is."""

    name: str
    ident: int  # threading.get_ident() of that thread
    daemon: bool
    stack: tuple[str, ...]  # names of the functions it is in, the outermost first


class Stats(NamedTuple):
    """What `ThreadPool.stats` counts."""

    size: int  # live workers
    active: int  # of these, how many are running a task
    queued: int  # tasks in the queue
    largest: int  # the largest size there ever was
    completed: int  # tasks that workers finished, failures and cancelled ones included


class Closed(Exception):
    """The queue is closed."""


class Cancelled(Exception):
    """The future was cancelled."""


class InvalidState(Exception):
    """The future is past that state."""


class Rejected(Exception):
    """The pool takes no more tasks."""


# %% [markdown]
# ## 1. `threads_of_this_process`
# Which threads run here, and what is each of them doing? Chapter, step 1.
#
# `threading.enumerate()` lists the threads; `sys._current_frames()` gives, for the
# `ident` of each, the frame of the function that it is in. A frame knows its caller
# (`f_back`) and its code's name (`f_code.co_name`).


# %% tags=["task"] task="threads_of_this_process"
def threads_of_this_process() -> list[ThreadInfo]:
    """List the live threads of this process, the one that asks included.

    Returns:
        One row for each thread that `threading.enumerate()` lists and that has a
        frame, sorted by name, and by ident where names are equal.
    """
    raise NotImplementedError("threads_of_this_process: chapter, step 1")


# %% tags=["explore"]
with attempt():
    bell = threading.Event()
    threading.Thread(target=bell.wait, args=(5.0,), name="sleeper").start()
    for row in threads_of_this_process():
        print(f"{row.name:24} {row.ident}  {' > '.join(row.stack[-4:])}")
    bell.set()

# %% tags=["check"]
check("threads_of_this_process")

# %% [markdown]
# ## 2. `interleavings`
# Every order in which two threads can take their steps. Chapter, step 2.


# %% tags=["task"] task="interleavings"
def interleavings(a: Sequence[Any], b: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield every merge of a and b that keeps the order within each.

    There are C(len(a) + len(b), len(a)) of them; each is yielded, even where equal
    items make two of them look alike. An item of `a` is tried before an item of `b`:
    the first merge is a then b, the last is b then a.

    Args:
        a: The steps of the first thread; may be empty.
        b: The steps of the second thread; together at most 500 steps.

    Yields:
        One tuple a merge, made only when it is asked for: of two sequences of 200
        steps each, the first merges come at once.
    """
    raise NotImplementedError("interleavings: chapter, step 2")


# %% tags=["explore"]
with attempt():
    for schedule in interleavings(["a1", "a2"], ["b1", "b2"]):
        print(*schedule)

# %% tags=["check"]
check("interleavings")

# %% [markdown]
# ## 3. `lost_updates`
# `x += 1` is three steps: LOAD x into a register of the thread's own, ADD 1 to that
# register, STORE it to x. Chapter, step 2.


# %% tags=["task"] task="lost_updates"
def lost_updates(first: int = 1, second: int = 1) -> dict[int, int]:
    """Count in how many schedules two threads that increment x end with which x.

    Args:
        first: How often the first thread runs `x += 1`, from 0 to 4.
        second: How often the second one does; `first + second` is at most 5.

    Returns:
        For each final value of x (it starts at 0) that some schedule reaches, the
        number of schedules that reach it, of all C(3 first + 3 second, 3 first).
    """
    raise NotImplementedError("lost_updates: chapter, step 2")


# %% tags=["explore"]
with attempt():
    for pair in ((1, 1), (2, 1), (2, 2)):
        print(pair, lost_updates(*pair))

# %% tags=["check"]
check("lost_updates")

# %% [markdown]
# ## 4. `BoundedQueue`
# A first-in, first-out queue whose `put` and `get` wait. Chapter, step 3.
#
# A timeout is in seconds: None waits for ever; 0 or less does not wait at all, and
# succeeds only where no waiting is needed. A timeout is the time of the whole call: a
# sleeper that wakes for nothing goes on waiting for the rest of it. What is possible
# at the moment when the time is up still succeeds: test once more before you give up.


# %% tags=["task"] task="BoundedQueue"
class BoundedQueue:
    """A queue between threads.

    Args:
        capacity: How many items fit. None: any number. 0: a hand-off; an item then
            passes only from a `put` to a `get` that is waiting for one.

    Raises:
        ValueError: capacity is below 0.
    """

    def __init__(self, capacity: int | None = None) -> None:
        raise NotImplementedError("BoundedQueue: chapter, step 3")

    def put(self, item: Any, timeout: float | None = None) -> None:
        """Add an item (None is an item like any other), waiting while there is no room.

        With capacity 0 it waits until a `get` waits that no other item is meant for.

        Raises:
            TimeoutError: There was no room in time. The item is not in the queue.
            Closed: The queue is closed, before or while waiting. Neither is it then.
        """
        raise NotImplementedError("BoundedQueue.put: chapter, step 3")

    def get(self, timeout: float | None = None) -> Any:
        """Remove the oldest item and return it, waiting while there is none.

        With capacity 0, a timeout of 0 and a `put` that waits, it is left open whether
        the item passes or TimeoutError is raised.

        Raises:
            TimeoutError: There was no item in time.
            Closed: The queue is closed, before or while waiting, and empty. What was
                in it when it was closed can still be got.
        """
        raise NotImplementedError("BoundedQueue.get: chapter, step 3")

    def close(self) -> None:
        """Accept no more items, and wake every thread that waits in vain.

        Closing a closed queue does nothing.
        """
        raise NotImplementedError("BoundedQueue.close: chapter, step 3")

    def task_done(self) -> None:
        """Report one item that was got as dealt with.

        Raises:
            ValueError: Called more often than items were put.
        """
        raise NotImplementedError("BoundedQueue.task_done: chapter, step 3")

    def join(self, timeout: float | None = None) -> bool:
        """Wait until every item ever put was reported as dealt with.

        Returns:
            True, or False where the time was up first.
        """
        raise NotImplementedError("BoundedQueue.join: chapter, step 3")

    def __len__(self) -> int:
        """Return the number of items inside."""
        raise NotImplementedError("BoundedQueue.__len__: chapter, step 3")


# %% tags=["explore"]
with attempt():
    line = BoundedQueue(2)
    threading.Thread(target=lambda: [line.put(n) for n in range(5)]).start()
    print([line.get(timeout=1.0) for _ in range(5)])

# %% tags=["check"]
check("BoundedQueue")

# %% [markdown]
# ## 5. `Future`
# A result that is not there yet. Chapter, step 4.
#
# A future is *pending*, then *running*, then *done*; or pending, then *cancelled*,
# which counts as done too. Timeouts are as for `BoundedQueue`.


# %% tags=["task"] task="Future"
class Future:
    """The outcome of one call, set by one thread and awaited by others.

    Attributes:
        callback_errors: list of what callbacks raised, in the order it happened.
    """

    def __init__(self) -> None:
        raise NotImplementedError("Future: chapter, step 4")

    def start(self) -> bool:
        """Claim the call: pending becomes running.

        Returns:
            True where the caller must now run the call and set its outcome; False
            where the future was cancelled, and the call must not run.

        Raises:
            InvalidState: It is running or has an outcome.
        """
        raise NotImplementedError("Future.start: chapter, step 4")

    def set_result(self, value: Any) -> None:
        """Make it done with a value (None is a value); wake all who wait.

        A pending future may be set too: nobody needs to call `start` first.

        Raises:
            InvalidState: It is done or cancelled.
        """
        raise NotImplementedError("Future.set_result: chapter, step 4")

    def set_exception(self, error: BaseException) -> None:
        """Make it done with an exception; otherwise like `set_result`."""
        raise NotImplementedError("Future.set_exception: chapter, step 4")

    def cancel(self) -> bool:
        """Cancel it where it is pending; wake all who wait.

        Returns:
            Whether it is cancelled now: True also where it was cancelled before,
            False where it is running or has an outcome, which then stands.
        """
        raise NotImplementedError("Future.cancel: chapter, step 4")

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""
        raise NotImplementedError("Future.cancelled: chapter, step 4")

    def running(self) -> bool:
        """Return whether it was started and is not done."""
        raise NotImplementedError("Future.running: chapter, step 4")

    def done(self) -> bool:
        """Return whether it has an outcome or was cancelled."""
        raise NotImplementedError("Future.done: chapter, step 4")

    def result(self, timeout: float | None = None) -> Any:
        """Wait until it is done, and return its value or raise its exception.

        Raises:
            TimeoutError: It was not done in time.
            Cancelled: It was cancelled, before or while waiting.
            BaseException: The very object that `set_exception` was given.
        """
        raise NotImplementedError("Future.result: chapter, step 4")

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait like `result`, and return the exception, or None where it has a value.

        Raises:
            TimeoutError: It was not done in time.
            Cancelled: It was cancelled.
        """
        raise NotImplementedError("Future.exception: chapter, step 4")

    def add_done_callback(self, callback: Callable[["Future"], object]) -> None:
        """Have `callback(future)` called once when the future is done or cancelled.

        Callbacks run in the order they were added, in the thread that sets the outcome
        or cancels, once all who wait were woken. One that is added to a future that is
        done runs at once, in the calling thread, whether or not earlier ones have run.
        No lock of the future is held: a callback may call any method of it. Whatever a
        callback raises (SystemExit and KeyboardInterrupt included) is appended to
        `callback_errors`, and stops neither the others nor the thread.
        """
        raise NotImplementedError("Future.add_done_callback: chapter, step 4")


# %% tags=["explore"]
with attempt():
    answer = Future()
    answer.add_done_callback(lambda future: print("done:", future.result()))
    threading.Timer(0.1, answer.set_result, [42]).start()
    print("waited for", answer.result(timeout=1.0))

# %% tags=["check"]
check("Future")

# %% [markdown]
# ## 6. The four policies
# What to do with a task that a pool cannot take. Chapter, step 5.
#
# A policy is called as `policy(task, pool)` in the thread that called `execute` or
# `submit`; `task` is a callable without arguments. What a policy raises passes through
# to that caller. Three methods of the pool (task 7) are all they need:
# `pool.is_shutdown()`, `pool.poll()` and `pool.execute(task)`.


# %% tags=["task"] task="discard_oldest"
def abort(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Raise Rejected, whether the pool is full or shut down."""
    raise NotImplementedError("abort: chapter, step 5")


def caller_runs(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Run the task here; where the pool is shut down, drop it silently."""
    raise NotImplementedError("caller_runs: chapter, step 5")


def discard(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the task silently."""
    raise NotImplementedError("discard: chapter, step 5")


def discard_oldest(task: Callable[[], object], pool: "ThreadPool") -> None:
    """Drop the oldest queued task and offer this one to the pool anew.

    Where the pool is shut down, drop this task silently instead, and leave the queue
    as it is. The task may be rejected again (another thread was faster): then the
    pool asks its policy again. So this is no policy for a pool of capacity 0: its queue
    holds no task to drop, and pool and policy would ask each other until Python raises
    RecursionError. You need not care for that, nor for a shutdown that comes between
    two of your questions.
    """
    raise NotImplementedError("discard_oldest: chapter, step 5")


# %% tags=["check"]
check("discard_oldest")

# %% [markdown]
# ## 7. `ThreadPool`
# The rules of `java.util.concurrent.ThreadPoolExecutor`. Chapter, step 5; `shutdown`,
# `shutdown_now`, `is_terminated` and `await_termination` are graded with task 8.
#
# You may build upon `BoundedQueue` and `Future`, or not.


# %% tags=["task"] task="ThreadPool"
class ThreadPool:
    """Threads that run tasks from a queue.

    `execute` decides in this order, as one atomic step:

    1. shut down: reject;
    2. fewer than `core` workers: start one whose first task this is, even where others
       are idle;
    3. the queue has room: put it there; where there is no worker at all (core = 0, say)
       start one without a first task;
    4. fewer than `maximum` workers: start one whose first task this is, which so
       overtakes the tasks in the queue;
    5. else reject: call `policy(task, pool)`, with no lock of the pool held.

    A worker runs its first task, then the oldest of the queue, and so on. It ends when
    the pool is shut down and the queue is empty; or when it has waited for a task for
    `keep_alive` seconds while there are more than `core` workers (counted from when it
    began to wait or from when there were more: either is right; one that began to wait
    while there were not more may also wait on for its next task, as Java's does). With
    keep_alive = 0 such a worker ends as soon as the queue is empty. Core workers never
    end for being idle.

    A task that raises (anything: SystemExit too) counts as completed. Given to
    `execute`, it ends its worker: the exception leaves `run` (do not catch it), and the
    pool starts another worker in its place, beyond `core` too, except where it is shut
    down and its queue is empty. That is one atomic step: nobody finds the pool a worker
    short. Given to `submit`, its exception goes into the future, and the worker
    lives on.

    Args:
        core: Workers that are kept, >= 0.
        maximum: The most workers there may be, >= 1 and >= core.
        keep_alive: Seconds, >= 0, that a worker beyond `core` waits for a task.
        capacity: Of the queue: None for no bound (then there are never more than
            max(core, 1) workers). 0 for a hand-off: the queue "has room" where an idle
            worker waits that no other task is meant for.
        policy: One of the four above, or your own.
        thread_factory: Called with one argument, a callable `run` without arguments;
            returns a `threading.Thread`, not started, that will call it. It must not
            call the pool. None: threads that are no daemons, named "worker-1",
            "worker-2", ... in the order in which the pool makes them, whether or not
            earlier ones live. Where the factory raises, or the thread's `start` does,
            the error leaves `execute`, and no worker is counted for it; whether rule 3
            has queued the task by then is left open. Neither raises where a worker is
            replaced.

    Raises:
        ValueError: core < 0, maximum < 1, maximum < core, keep_alive < 0 or
            capacity < 0.
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
        raise NotImplementedError("ThreadPool: chapter, step 5")

    def execute(self, task: Callable[[], object]) -> None:
        """Run the task at some time in some worker, or reject it."""
        raise NotImplementedError("ThreadPool.execute: chapter, step 5")

    def submit(
        self, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Future":
        """Execute a task that calls the function, and return the Future of its outcome.

        A task whose future was cancelled stays in the queue; when its turn comes it
        does nothing, and counts as completed. Where a policy drops the task, its future
        is never done.
        """
        raise NotImplementedError("ThreadPool.submit: chapter, step 5")

    def stats(self) -> Stats:
        """Count workers and tasks.

        The numbers are those of one moment, except that a task which a worker has
        just taken may not be counted as active yet. `completed` counts a
        task before the worker looks for its next one, and before it ends.
        """
        raise NotImplementedError("ThreadPool.stats: chapter, step 5")

    def poll(self) -> Callable[[], object] | None:
        """Take the oldest task out of the queue and return it; None where it is empty.

        For a task of `execute` it is the callable that was given, for one of `submit`
        a callable that runs it and sets its future.
        """
        raise NotImplementedError("ThreadPool.poll: chapter, step 5")

    def shutdown(self) -> None:
        """Take no more tasks; run those in the queue, then end all workers.

        Does not wait. Idle workers end at once. A second call does nothing.
        """
        raise NotImplementedError("ThreadPool.shutdown: chapter, step 6")

    def shutdown_now(self) -> list[Callable[[], object]]:
        """Shut down, and take all tasks out of the queue, too.

        Tasks that run go on: Python cannot interrupt them.

        Returns:
            The tasks that were in the queue, the oldest first, as `poll` would give
            them. Their futures stay as they are: neither done nor cancelled.
        """
        raise NotImplementedError("ThreadPool.shutdown_now: chapter, step 6")

    def is_shutdown(self) -> bool:
        """Return whether `shutdown` or `shutdown_now` was called."""
        raise NotImplementedError("ThreadPool.is_shutdown: chapter, step 6")

    def is_terminated(self) -> bool:
        """Return whether it is shut down, with no task queued and no worker left.

        A worker is left until its last task has ended; its thread may live a moment
        longer.
        """
        raise NotImplementedError("ThreadPool.is_terminated: chapter, step 6")

    def await_termination(self, timeout: float | None = None) -> bool:
        """Wait until it is terminated; return False where the time was up first.

        Timeouts are as for `BoundedQueue`.
        """
        raise NotImplementedError("ThreadPool.await_termination: chapter, step 6")

    def __enter__(self) -> "ThreadPool":
        """Return the pool itself."""
        raise NotImplementedError("ThreadPool.__enter__: chapter, step 6")

    def __exit__(self, *error: object) -> None:
        """Shut down and wait until it is terminated."""
        raise NotImplementedError("ThreadPool.__exit__: chapter, step 6")


# %% tags=["explore"]
with attempt():
    gate = threading.Event()
    starts: list[str] = []

    def job(name: str) -> None:
        starts.append(name)
        gate.wait()

    pool = ThreadPool(2, 4, keep_alive=0.2, capacity=3)
    for number in range(1, 10):
        try:
            pool.submit(job, f"t{number}")
            print(f"t{number} accepted", pool.stats())
        except Rejected:
            print(f"t{number} rejected")
    gate.set()
    pool.shutdown()
    pool.await_termination()
    print("start order", starts)

# %% tags=["check"]
check("ThreadPool")

# %% [markdown]
# ## 8. `shutdown_and_await`
# The two ways of closing a pool, one after the other. Chapter, step 6.
#
# This task also grades the pool's own `shutdown`, `shutdown_now`, `is_terminated` and
# `await_termination`.


# %% tags=["task"] task="shutdown_and_await"
def shutdown_and_await(
    pool: ThreadPool, patience: float | None, grace: float | None = 0.0
) -> tuple[bool, list[Callable[[], object]]]:
    """Close a pool in order, and at once where that takes too long.

    Shut it down and give it `patience` seconds to run its tasks. Where it has not
    terminated by then, call `shutdown_now`, and give the tasks that run `grace` seconds
    to end. Of the pool it calls the four methods that this task is about.

    Returns:
        Whether the pool is terminated, and the tasks that never ran, the oldest first.
    """
    raise NotImplementedError("shutdown_and_await: chapter, step 6")


# %% tags=["explore"]
with attempt():
    pool = ThreadPool(1, 1)
    for _ in range(5):
        pool.submit(time.sleep, 0.2)
    ended, left = shutdown_and_await(pool, patience=0.3, grace=1.0)
    print("terminated:", ended, "never ran:", len(left))

# %% tags=["check"]
check("shutdown_and_await")

# %% [markdown]
# ## 9. `map_reduce`
# Count words, or anything else, on a pool. Chapter, step 7.


# %% tags=["task"] task="map_reduce"
def map_reduce(
    items: Iterable[Any],
    mapper: Callable[[Any], Iterable[tuple[Any, Any]]],
    combine: Callable[[Any, Any], Any],
    pool: Any,
) -> dict[Any, Any]:
    """Map each item on the pool, and combine the values of equal keys.

    The result does not depend on the schedule: values of a key are combined from the
    left, `combine(combine(v1, v2), v3)`, in the order of the items and, within an item,
    of what its mapper gives. Keys appear in the order in which that meets them first.
    A key with one value keeps it as it is.

    Args:
        items: Read in this thread, once, from first to last.
        mapper: Called once for each item, on the pool; returns (key, value) pairs, as
            a list, a dict's items or a generator, which is used up on the pool too.
        combine: Called in this thread.
        pool: A `ThreadPool` with policy `abort`, or with `caller_runs` while it is not
            shut down (after that it drops tasks, and their futures are never done); or
            anything else whose `submit(function, *args)` returns futures with
            `result()`, `exception()` and `cancel()`, such as
            `concurrent.futures.ProcessPoolExecutor`, so that what you submit must be a
            function that other processes can find by its name. It is not shut down
            here. Where its `submit` raises Rejected, the item is mapped in this thread,
            before the next item is read.

    Raises:
        BaseException: What the mapper raised for the first item, in the order of
            `items`, for which it did (an item mapped in this thread is no exception);
            or what `items`, `submit` or `combine` raised; where both happen, either.
            Before that, what has not begun is cancelled and what runs is waited for:
            nothing of this call still runs on the pool when `map_reduce` ends.
    """
    raise NotImplementedError("map_reduce: chapter, step 7")


# %% tags=["explore"]
def count(text: str) -> list[tuple[str, int]]:
    """Give (word, 1) for each word."""
    return [(word, 1) for word in text.lower().split()]


with attempt():
    texts = ["the queue is full", "the pool is idle", "full is the word"]
    with ThreadPool(2, 2) as pool:
        print(map_reduce(texts, count, lambda a, b: a + b, pool))

# %% tags=["check"]
check("map_reduce")
