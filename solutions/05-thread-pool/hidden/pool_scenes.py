"""Scenes of `ThreadPool`: tasks that come at the same moment, and workers that end.

More than 400 lines: many short scenes, each beside those it resembles.
"""

import threading
import time

from hidden.pools import Boom, pool_of
from hidden.scenes import (
    ONE_SCHEDULE,
    explored,
    gave,
    outcome,
    refused,
    settle,
    started,
    together,
)

# --- tasks that come at the same moment ---------------------------------------------


def pool_core_races(m):
    """ThreadPool(1, 1): two threads execute at the same time"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def giver_1():
        pool.execute(lambda: ran.append(1))

    def giver_2():
        pool.execute(lambda: ran.append(2))

    together(giver_1, giver_2)
    settle()
    stats = pool.stats()
    assert stats.largest == 1, f"the pool grew to {stats.largest} workers"
    assert stats.size == 1, f"the pool has {stats.size} workers"
    assert sorted(ran) == [1, 2], f"executed tasks 1 and 2, these ran: {ran}"
    assert errors == [], f"a worker ended with {errors}"


def pool_maximum_races(m):
    """ThreadPool(1, 2, capacity=1): two threads execute four tasks that wait"""
    ran, errors, taken, gate = [], [], [], threading.Event()
    pool = pool_of(m, 1, 2, 60.0, 1, errors)

    def offer(name):
        if outcome(pool.execute, lambda: (ran.append(name), gate.wait()))[0] == "gave":
            taken.append(name)

    def giver_1():
        offer("a")
        offer("b")

    def giver_2():
        offer("c")
        offer("d")

    together(giver_1, giver_2)
    stats = pool.stats()
    assert stats.largest <= 2, f"the pool grew to {stats.largest} workers"
    assert len(taken) == 3, f"two workers and a queue of one took {len(taken)} tasks"
    gate.set()
    settle()
    assert sorted(ran) == sorted(taken), f"took {taken}, ran {ran}"
    assert errors == [], f"a worker ended with {errors}"
    stats = pool.stats()
    assert stats.completed == 3, f"3 tasks ran, {stats.completed} are completed"


def pool_idle_workers(m):
    """ThreadPool(2, 2): tasks come while two workers are idle"""
    ran, errors = [], []
    pool = pool_of(m, 2, 2, errors=errors)
    for name in "ab":
        pool.execute(lambda name=name: ran.append(name))
    settle()
    for name in "cd":
        pool.execute(lambda name=name: ran.append(name))
    settle()
    assert sorted(ran) == list("abcd"), f"executed a, b, c, d; these ran: {ran}"
    assert errors == [], f"a worker ended with {errors}"
    stats = pool.stats()
    assert stats[:3] == (2, 0, 0), f"idle, the pool has {stats}"


def pool_two_quick_tasks(m):
    """ThreadPool(2, 2): two tasks come while two workers are idle, and one is long"""
    ran, gate = [], threading.Event()
    pool = pool_of(m, 2, 2)
    pool.execute(int)
    pool.execute(int)
    settle()
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("second"))
    settle()
    assert ran == ["second"], "the second task waits beside an idle worker"
    gate.set()


def pool_hand_off_twice(m):
    """ThreadPool(0, 2, capacity=0): two tasks come while one worker is idle"""
    ran, errors, gate = [], [], threading.Event()
    pool = pool_of(m, 0, 2, 60.0, 0, errors)
    pool.execute(int)
    settle()
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("second"))
    settle()
    assert ran == ["second"], "the second task waits behind the first one"
    gate.set()
    settle()
    assert errors == [], f"a worker ended with {errors}"


def pool_cancel_races(m):
    """ThreadPool: a future is cancelled as its task begins"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)
    future = pool.submit(lambda: ran.append("a"))
    cancelled = future.cancel()
    settle()
    assert len(ran) == (0 if cancelled else 1), f"cancelled: {cancelled}, ran: {ran}"
    assert future.done(), "the future must be done or cancelled"
    assert errors == [], f"a worker ended with {errors}"
    assert pool.stats().completed == 1, "a cancelled task is a completed one"
    assert pool.submit(lambda: "b").result() == "b", "the worker must live on"


def pool_failing_races(m):
    """ThreadPool(1, 1): a task fails while another is executed"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def failing():
        raise Boom("task")

    def giver():
        pool.execute(failing)

    thread = started(giver)[0]
    pool.execute(lambda: ran.append("a"))
    thread.join()
    settle()
    assert ran == ["a"], "the task beside the failing one did not run"
    assert [type(e) for e in errors] == [Boom], f"what left the workers: {errors}"
    stats = pool.stats()
    assert (stats.size, stats.largest) == (1, 1), f"one worker, replaced: {stats}"
    assert stats.completed == 2, "a task that fails is a completed task"


def pool_failing_replaced(m):
    """ThreadPool(1, 1): a task is executed while a worker is being replaced"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def failing():
        raise Boom("task")

    def giver():
        pool.execute(failing)

    together(giver)
    pool.execute(lambda: ran.append("a"))
    settle()
    stats = pool.stats()
    assert stats.largest == 1, f"maximum is 1, the pool grew to {stats.largest} workers"
    assert stats.size == 1, f"one worker, replaced: {stats}"
    assert ran == ["a"], "the task after the failing one did not run"


def pool_failing_surplus(m):
    """ThreadPool(1, 2, keep_alive=0): one worker fails as the other one ends"""
    ran, errors, gate = [], [], threading.Event()
    pool = pool_of(m, 1, 2, 0.0, 1, errors)

    def failing():
        gate.wait()
        raise Boom("task")

    pool.execute(failing)
    pool.execute(lambda: ran.append("queued"))
    pool.execute(gate.wait)
    gate.set()
    settle()
    assert ran == ["queued"], f"a task was queued, these ran: {ran}"
    assert [type(e) for e in errors] == [Boom], f"what left the workers: {errors}"
    stats = pool.stats()
    assert stats.size == 1, f"core = 1, nothing left to do: {stats.size} workers"
    assert stats.largest == 2, f"two workers at most, the largest is {stats.largest}"
    assert stats.completed == 3, f"3 tasks ended, {stats.completed} are completed"


def pool_failing_both(m):
    """ThreadPool(1, 2, keep_alive=1): both workers fail, and their time runs out"""
    errors, gate = [], threading.Event()
    pool = pool_of(m, 1, 2, 1.0, 0, errors)

    def failing():
        gate.wait()
        raise Boom("task")

    pool.execute(failing)
    pool.execute(failing)
    gate.set()
    settle()
    assert [type(e) for e in errors] == [Boom] * 2, f"what left the workers: {errors}"
    assert pool.stats().size == 2, f"two workers, replaced: {pool.stats()}"
    time.sleep(100.0)
    size = pool.stats().size
    assert size == 1, f"core = 1, idle for longer than keep_alive: {size} workers"


# --- workers that end ---------------------------------------------------------------


def pool_hand_off_races(m):
    """ThreadPool(0, 1, capacity=0): a task comes as the idle worker gives up"""
    ran, errors = [], []
    pool = pool_of(m, 0, 1, 1.0, 0, errors)
    pool.execute(lambda: ran.append("a"))
    time.sleep(1.0)
    taken = outcome(pool.execute, lambda: ran.append("b"))[0] == "gave"
    settle()
    want = ["a", "b"] if taken else ["a"]
    assert ran == want, f"took {want}, ran {ran}"
    time.sleep(5.0)
    assert errors == [], f"a worker ended with {errors}"
    stats = pool.stats()
    assert stats.size == 0, f"{stats.size} workers live on after keep_alive"


def pool_keep_alive(m):
    """ThreadPool: idle workers beyond core end after keep_alive, not sooner or later"""
    gate, errors = threading.Event(), []
    pool = pool_of(m, 0, 3, 10.0, 1, errors)
    for _ in range(4):
        pool.execute(gate.wait)
        settle()
    time.sleep(20.0)
    assert pool.stats().size == 3, "a worker that is busy must not end"
    gate.set()
    time.sleep(9.5)
    assert pool.stats().size == 3, "a worker ended before keep_alive was over"
    pool.execute(lambda: None)
    time.sleep(1.0)
    size = pool.stats().size
    assert size == 1, f"of three, two were idle for keep_alive: {size} are left"
    time.sleep(8.0)
    assert pool.stats().size == 1, "work must start the time anew"
    time.sleep(3.0)
    assert pool.stats().size == 0, "a worker beyond core lives on after keep_alive"
    assert errors == [], f"a worker ended with {errors}"


def pool_core_stays(m):
    """ThreadPool: core workers stay, however long they are idle"""
    for keep_alive in (0.0, 1.0):
        pool, gate = pool_of(m, 2, 3, keep_alive, 0), threading.Event()
        for _ in range(3):
            pool.execute(gate.wait)
        gate.set()
        time.sleep(100.0)
        size = pool.stats().size
        assert size == 2, f"core = 2, keep_alive = {keep_alive:g}: {size} workers"


def pool_core_worker_ends(m):
    """ThreadPool(1, 2): the first worker is idle while the second one is busy"""
    for keep_alive in (0.0, 1.0):
        pool = pool_of(m, 1, 2, keep_alive, 0)
        first, second = threading.Event(), threading.Event()
        pool.execute(first.wait)
        pool.execute(second.wait)
        for gate, state in ((first, "busy"), (second, "idle")):
            gate.set()
            time.sleep(9.0)
            size = pool.stats().size
            what = f"core = 1, keep_alive = {keep_alive:g}, one idle, one {state}"
            assert size == 1, f"{what}, after 9 s: {size} workers"


def pool_keep_alive_disturbed(m):
    """ThreadPool: a worker that wakes for nothing goes on waiting for keep_alive"""
    gate, errors = threading.Event(), []
    pool = pool_of(m, 0, 1, 10.0, 0, errors)
    pool.execute(gate.set)
    gate.wait()
    time.sleep(9.0)
    assert pool.stats().size == 1, "the worker ended before keep_alive was over"
    time.sleep(2.0)
    assert pool.stats().size == 0, "the worker lives on after keep_alive"
    assert errors == [], f"a worker ended with {errors}"


def pool_core_zero_races(m):
    """ThreadPool(0, 1): a task comes as the last worker gives up"""
    ran, errors = [], []
    pool = pool_of(m, 0, 1, 1.0, None, errors)
    pool.execute(lambda: ran.append("a"))
    time.sleep(1.0)
    pool.execute(lambda: ran.append("b"))
    settle()
    assert ran == ["a", "b"], f"executed a and b, these ran: {ran}"
    assert errors == [], f"a worker ended with {errors}"
    assert pool.stats().largest == 1, "more workers than maximum"


def pool_core_zero_at_once(m):
    """ThreadPool(0, 1, keep_alive=0): two threads execute at the same time"""
    ran, errors, taken = [], [], []
    pool = pool_of(m, 0, 1, 0.0, 1, errors)

    def offer(name):
        if outcome(pool.execute, lambda: ran.append(name))[0] == "gave":
            taken.append(name)

    def giver():
        offer("a")

    thread = started(giver)[0]
    offer("b")
    thread.join()
    settle()
    assert sorted(ran) == sorted(taken), f"took {taken}, ran {ran}"
    assert taken, "an empty pool must take a task"
    assert errors == [], f"a worker ended with {errors}"
    assert pool.stats().size == 0, "with keep_alive = 0 an idle worker ends at once"


# --- the books ----------------------------------------------------------------------


def pool_books(m):
    """ThreadPool(2, 2, capacity=0): two workers end their tasks at the same time"""
    pool, gate = pool_of(m, 2, 2, 0.0, 0), threading.Event()
    pool.execute(int)
    pool.execute(int)
    settle()
    stats = pool.stats()
    assert stats.completed == 2, f"2 tasks ended, {stats.completed} are completed"
    assert stats.active == 0, f"both workers are idle, {stats.active} are active"
    for _ in range(2):
        got = outcome(pool.execute, gate.wait)
        gave(got, None, "execute, a worker being idle,")
    got = outcome(pool.execute, gate.wait)
    refused(got, "Rejected", "execute, both workers being busy,")
    gate.set()


def pool_books_grow(m):
    """ThreadPool(2, 2): two threads execute at the same time"""
    pool, gate = pool_of(m, 2, 2), threading.Event()

    def giver():
        pool.execute(gate.wait)

    thread = started(giver)[0]
    pool.execute(gate.wait)
    thread.join()
    stats = pool.stats()
    assert stats.size == 2, f"2 workers were started, {stats.size} are counted"
    assert stats.largest == 2, f"the largest size was 2, not {stats.largest}"
    gate.set()


def pool_books_shrink(m):
    """ThreadPool(0, 2, keep_alive=0): two workers end at the same time"""
    pool = pool_of(m, 0, 2, 0.0, 0)
    pool.execute(int)
    outcome(pool.execute, int)
    settle()
    stats = pool.stats()
    assert stats.size == 0, f"all workers ended, {stats.size} are counted"


# --- which test explores what -------------------------------------------------------


def pool_races(program):
    scenes = [pool_core_races, pool_maximum_races, pool_idle_workers]
    scenes += [pool_cancel_races]
    seen = explored(program, [pool_two_quick_tasks], **ONE_SCHEDULE)
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, scenes, spurious=True)
    return seen


def pool_failures(program):
    scenes = [pool_failing_races, pool_failing_replaced]
    scenes += [pool_failing_surplus, pool_failing_both]
    return explored(program, scenes, spurious=True, schedules=150)


def pool_gives_up(program):
    scenes = [pool_keep_alive, pool_core_stays, pool_core_worker_ends]
    seen = explored(program, scenes, **ONE_SCHEDULE)
    if seen[-1]["found"]["kind"] == "ok":
        scenes = [pool_hand_off_twice, pool_hand_off_races, pool_keep_alive_disturbed]
        seen += explored(program, scenes, spurious=True)
    return seen


def pool_of_no_core(program):
    scenes = [pool_core_zero_races, pool_core_zero_at_once]
    return explored(program, scenes, spurious=True)


def pool_keeps_books(program):
    scenes = [pool_books, pool_books_grow, pool_books_shrink]
    watched = {"watched": ["ThreadPool"], "races": False}
    return explored(program, scenes, bound=1, schedules=400, **watched)
