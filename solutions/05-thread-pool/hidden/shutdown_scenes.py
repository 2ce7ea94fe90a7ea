"""Scenes of a pool's end: `shutdown`, `shutdown_now`, and those who wait for it.

More than 400 lines: each scene is short, and stands beside those it resembles.
"""

import threading
import time

from hidden.pools import Boom, crew, pool_of, pool_policy
from hidden.scenes import (
    NO_PREEMPTION,
    alone,
    explored,
    gave,
    lasted,
    outcome,
    refused,
    settle,
    started,
    timed,
)

# --- shutdown -----------------------------------------------------------------------


def shut_races(m):
    """ThreadPool: shutdown while another thread executes"""
    ran, errors, taken = [], [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def giver():
        for name in "ab":
            got = outcome(pool.execute, lambda name=name: ran.append(name))
            taken.extend([name] if got[0] == "gave" else [])

    thread = started(giver)[0]
    pool.shutdown()
    late = outcome(pool.execute, lambda: ran.append("late"))
    refused(late, "Rejected", "execute after shutdown")
    thread.join()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert ran == taken, f"took {taken}, ran {ran} before it terminated"
    stats = pool.stats()
    assert stats[:3] == (0, 0, 0), f"terminated, and yet {stats}"
    assert pool.is_terminated() is True, "is_terminated after await_termination"
    assert errors == [], f"a worker ended with {errors}"


def shut_at_last(m):
    """ThreadPool: once it has terminated, no task begins"""
    ran = []
    pool = pool_of(m, 1, 1)

    def giver():
        outcome(pool.execute, lambda: ran.append("late"))

    thread = started(giver)[0]
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    before = list(ran)
    thread.join()
    settle()
    assert ran == before, "a task began after the pool had terminated"
    assert pool.stats().size == 0, "a worker began after the pool had terminated"


def shut_idle(m):
    """ThreadPool(2, 2): shutdown while two workers are idle"""
    errors = []
    pool = pool_of(m, 2, 2, errors=errors)
    pool.execute(int)
    pool.execute(int)
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert pool.stats().size == 0, "terminated, with a worker left"
    assert pool.stats().completed == 2, "it terminated before its tasks were completed"
    assert errors == [], f"a worker ended with {errors}"


def shut_idle_surplus(m):
    """ThreadPool(0, 2, keep_alive=60): shutdown while two workers are idle"""
    pool, gate = pool_of(m, 0, 2, 60.0, 0), threading.Event()
    pool.execute(gate.wait)
    pool.execute(gate.wait)
    gate.set()
    settle()
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert time.monotonic() < 60, "shutdown must wake workers that wait with a timeout"


def shut_idle_and_queued(m):
    """ThreadPool(2, 2): shut down with two idle workers, just as a task is queued"""
    for now in (False, True):
        pool, ran = pool_of(m, 2, 2), []
        pool.execute(int)
        pool.execute(int)
        settle()
        pool.execute(lambda ran=ran: ran.append("a"))
        left = pool.shutdown_now() if now else pool.shutdown() or []
        assert pool.await_termination() is True, "await_termination() must give True"
        assert len(ran) + len(left) == 1, f"ran {ran}, given back {len(left)}"


def shut_with_queue(m):
    """ThreadPool(1, 1): shutdown while tasks are queued"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)
    for name in "abc":
        pool.execute(lambda name=name: ran.append(name))
    pool.shutdown()
    pool.shutdown()
    assert pool.is_shutdown() is True, "is_shutdown after shutdown"
    pool.await_termination()
    assert ran == ["a", "b", "c"], f"queued before shutdown: a, b, c; ran {ran}"
    assert pool.stats().completed == 3, "it terminated before its tasks were completed"
    assert errors == [], f"a worker ended with {errors}"


def shut_as_it_gives_up(m):
    """ThreadPool(0, 1): shutdown as the last worker gives up"""
    ran, errors = [], []
    pool = pool_of(m, 0, 1, 1.0, errors=errors)
    pool.execute(lambda: ran.append("a"))
    time.sleep(1.0)
    taken = outcome(pool.execute, lambda: ran.append("b"))[0] == "gave"
    pool.shutdown()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert taken, "the pool is open: it must take b"
    assert ran == ["a", "b"], f"took a and b, ran {ran}"
    assert errors == [], f"a worker ended with {errors}"


def shut_with(m):
    """ThreadPool in a with block: it ends when the pool has terminated"""
    ran = []
    pool = pool_of(m, 1, 1)
    with pool as inner:
        assert inner is pool, "with must give the pool itself"
        for name in "ab":
            pool.execute(lambda name=name: (time.sleep(3.0), ran.append(name)))
    assert ran == ["a", "b"], f"at the end of the block these had run: {ran}"
    assert pool.is_terminated() is True, "after the block it is terminated"
    for kind in (Boom, SystemExit):
        other, got = pool_of(m, 1, 1), None
        try:
            with other:
                other.execute(lambda: (time.sleep(3.0), ran.append("c")))
                other.execute(lambda: (time.sleep(5000.0), ran.append("d")))
                raise kind("block")
        except (Boom, SystemExit) as error:
            got = type(error)
        assert got is kind, "what the block raises must leave it"
        assert ran[2:] == ["c", "d"], "it must wait where the block raises, too"
        del ran[2:]
    with pool_of(m, 1, 1) as closed:
        closed.execute(lambda: (time.sleep(3.0), ran.append("e")))
        closed.shutdown()
    assert ran[2:] == ["e"], "it must wait for a pool that the block shut down, too"


# --- shutdown_now, and waiting for the end ------------------------------------------


def shut_now_races(m):
    """ThreadPool.shutdown_now while a worker takes tasks"""
    ran, errors, left = [], [], []
    pool = pool_of(m, 1, 1, errors=errors)
    tasks = {name: (lambda name=name: ran.append(name)) for name in "abc"}
    for task in tasks.values():
        pool.execute(task)
    left = pool.shutdown_now()
    pool.await_termination()
    names = [name for name, task in tasks.items() if task in left]
    assert ran + names == ["a", "b", "c"], f"ran {ran}, given back {names}"
    assert len(left) == len(names), "shutdown_now gives the very tasks, and no more"
    assert pool.stats().queued == 0, "the queue must be empty"
    assert errors == [], f"a worker ended with {errors}"


def shut_awaits(m):
    """ThreadPool: two threads wait for its termination"""
    seen, ran = [], []
    pool = pool_of(m, 1, 1)
    pool.execute(lambda: ran.append("a"))

    def waiter_1():
        seen.append((pool.await_termination(), list(ran)))

    def waiter_2():
        seen.append((pool.await_termination(90.0), list(ran)))

    threads = started(waiter_1, waiter_2)
    pool.shutdown()
    for thread in threads:
        thread.join()
    assert seen == [(True, ["a"])] * 2, f"await_termination gave, after: {seen}"
    assert time.monotonic() < 90, "a waiter with a timeout was not woken"


def shut_awaits_first(m):
    """ThreadPool: a thread waits for its end before the first tasks come"""
    pool, ran, seen = pool_of(m, 1, 1), [], []

    def waiter():
        seen.append(pool.await_termination())

    thread = started(waiter)[0]
    for name in "ab":
        settle()
        pool.execute(lambda name=name: ran.append(name))
    settle()
    assert ran == ["a", "b"], f"a thread waits in await_termination: a, b; ran {ran}"
    pool.shutdown()
    thread.join()
    assert seen == [True], f"await_termination gave {seen}"


def shut_awaits_lasts(m):
    """ThreadPool.await_termination: its timeout is the time of the whole call"""
    pool, ends, gate = pool_of(m, 1, 1), {}, threading.Event()
    pool.execute(gate.wait)

    def waiter():
        ends["late"] = timed(pool.await_termination, 5.0)
        ends["in time"] = timed(pool.await_termination, 9.0)

    thread = started(waiter)[0]
    time.sleep(1.0)
    pool.shutdown()
    time.sleep(6.0)
    gate.set()
    thread.join()
    gave(ends["late"][0], False, "await_termination(5.0), a task running,")
    lasted(ends["late"][1], 5.0, "await_termination(5.0), a task running,")
    gave(ends["in time"][0], True, "await_termination(9.0), the task ending after 2 s,")
    lasted(ends["in time"][1], 2.0, "await_termination(9.0)")
    assert pool.is_terminated() is True, "is_terminated after await_termination"


def shut_now_in_order(m):
    """ThreadPool.shutdown_now gives back what is queued; what runs goes on"""
    pool, gate, ran = pool_of(m, 1, 1), threading.Event(), []
    assert pool.is_terminated() is False, "a pool that is not shut down"
    running = pool.submit(gate.wait, 50.0)
    tasks = [lambda n=n: ran.append(n) for n in range(2)]
    for task in tasks:
        pool.execute(task)
    settle()
    left = pool.shutdown_now()
    back = [tasks.index(task) if task in tasks else task for task in left]
    assert back == [0, 1], f"tasks 0 and 1 were queued, shutdown_now gives {back}"
    refused(outcome(pool.execute, int), "Rejected", "execute after shutdown_now")
    assert running.running(), "a task that runs goes on"
    assert pool.is_terminated() is False, "is_terminated, a task running"
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert running.result(1.0) is True, "the running task must come to its end"
    assert ran == [], f"what was given back must not run by itself: {ran}"
    assert pool.is_terminated() is True, "is_terminated after await_termination"


# --- shutdown_and_await -------------------------------------------------------------


def shut_patiently(m):
    """shutdown_and_await on a pool that terminates in time"""
    pool, ran = pool_of(m, 1, 1), []
    for name in "ab":
        pool.execute(lambda name=name: (time.sleep(1.0), ran.append(name)))
    got = m.shutdown_and_await(pool, 2.5)
    assert got == (True, []), f"two tasks of 1 s, patience 2.5 s: {got}"
    assert time.monotonic() == 2.0, "it must return as soon as the pool terminates"
    assert ran == ["a", "b"], f"ran {ran}"


def nap(seconds):
    """Take that long."""
    time.sleep(seconds)


def shut_impatiently(m):
    """shutdown_and_await on a pool that takes too long"""
    for grace, want in ((1.0, False), (4.0, True)):
        pool, ran, begun = pool_of(m, 1, 1), [], time.monotonic()
        tasks = [lambda n=n, ran=ran: (nap(5.0), ran.append(n)) for n in range(4)]
        for task in tasks:
            pool.execute(task)
        ended, left = m.shutdown_and_await(pool, 6.5, grace)
        took = time.monotonic() - begun
        what = f"patience 6.5, grace {grace}, four tasks of 5 s"
        back = [tasks.index(task) if task in tasks else task for task in left]
        assert back == [2, 3], f"{what}: tasks 2 and 3 never ran, given back: {back}"
        assert ended is want, f"{what}: terminated is {ended}"
        spent = 10.0 if want else 6.5 + grace
        assert took == spent, f"{what}: it took {took:g} s instead of {spent:g} s"
        pool.await_termination()
        assert ran == [0, 1], f"{what}: tasks {ran} ran"


def shut_calls(m):
    """shutdown_and_await asks the pool in this order"""
    for answers, want in (
        ([True], ["shutdown", ("await", 3.0)]),
        (
            [False, True],
            ["shutdown", ("await", 3.0), "shutdown_now", ("await", 7.0)],
        ),
    ):
        log, todo, said = [], list(answers), [False]

        class Stand:
            def is_terminated(self, said=said):
                return said[-1]

            def shutdown(self, log=log):
                log.append("shutdown")

            def shutdown_now(self, log=log):
                log.append("shutdown_now")
                return ["left"]

            def await_termination(self, timeout=None, log=log, todo=todo, said=said):
                log.append(("await", timeout))
                said.append(todo.pop(0))
                return said[-1]

        got = m.shutdown_and_await(Stand(), 3.0, 7.0)
        assert log == want, f"await_termination answers {answers}: calls {log}"
        left = [] if len(answers) == 1 else ["left"]
        assert got == (True, left), f"await_termination answers {answers}: got {got}"


# --- awkward cases ------------------------------------------------------------------


def shut_failing(m):
    """ThreadPool, shut down: a task that fails, with others behind it"""
    ran, errors, made, gate = [], [], [], threading.Event()
    pool = m.ThreadPool(1, 1, 0.0, None, pool_policy, crew(errors, made))

    def failing():
        gate.wait()
        raise Boom("task")

    pool.execute(failing)
    pool.execute(lambda: ran.append("a"))
    pool.execute(failing)
    pool.shutdown()
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert ran == ["a"], "a queued task did not run: its worker had failed"
    assert pool.stats().completed == 3, "a task that fails is a completed task"
    settle()
    assert len(errors) == 2, f"what left the workers: {errors}"
    assert len(made) == 2, f"one worker, replaced once: {len(made)} were made"


def shut_last_submits(m):
    """ThreadPool, shut down: its last worker's task executes another"""
    seen, errors, gate = [], [], threading.Event()
    pool = pool_of(m, 1, 1, errors=errors)

    def task():
        gate.wait()
        seen.append(outcome(pool.execute, lambda: seen.append("child")))
        seen.append(outcome(pool.submit, lambda: seen.append("child")))

    pool.execute(task)
    pool.shutdown()
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert seen == [("raised", "Rejected")] * 2, f"from inside, after shutdown: {seen}"
    assert errors == [], f"a worker ended with {errors}"


def shut_from_inside(m):
    """ThreadPool: a task shuts its own pool down"""
    ran, errors = [], []
    pool = pool_of(m, 1, 2, 9.0, 1, errors)
    pool.execute(lambda: (pool.shutdown(), ran.append("a")))
    outcome(pool.execute, lambda: ran.append("b"))
    assert pool.await_termination() is True, "await_termination() must give True"
    assert "a" in ran, f"ran {ran}"
    assert errors == [], f"a worker ended with {errors}"


def shut_polled(m):
    """ThreadPool, shut down: poll takes the last queued task away"""
    gate, ran = threading.Event(), []
    pool = pool_of(m, 1, 1)
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("b"))
    settle()
    pool.shutdown()
    task = pool.poll()
    assert pool.poll() is None, "poll of an empty queue gives None"
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert ran == [], "what poll took must not run by itself"
    task()
    assert ran == ["b"], "poll gives the task"


def shut_names(m):
    """ThreadPool without a thread_factory: names, daemons, and an end"""
    seen, states = [], []

    def task():
        me = threading.current_thread()
        seen.append((me.name, me.daemon))

    pools = []

    def user():
        pool = m.ThreadPool(3, 3)
        pools.append(pool)
        for _ in range(3):
            pool.execute(task)
        pool.shutdown()
        states.append(pool.await_termination())

    thread = threading.Thread(target=user, name="user", daemon=True)
    thread.start()
    thread.join()
    want = [(f"worker-{n}", False) for n in (1, 2, 3)]
    assert sorted(seen) == want, f"names of the workers, and daemon: {sorted(seen)}"
    assert states == [True], "await_termination() must give True"


def shut_now_futures(m):
    """ThreadPool.shutdown_now: futures of what was queued stay as they are"""
    pool, gate = pool_of(m, 1, 1), threading.Event()
    running = pool.submit(gate.wait, 50.0)
    queued = [pool.submit(str.upper, name) for name in "ab"]
    settle()
    left = pool.shutdown_now()
    assert type(left) is list, f"shutdown_now gives a {type(left).__name__}, not a list"
    assert len(left) == 2, f"two tasks were queued, shutdown_now gives {len(left)}"
    states = [(f.done(), f.cancelled(), f.running()) for f in queued]
    assert states == [(False, False, False)] * 2, f"done, cancelled, running: {states}"
    assert running.running(), "a task that runs goes on"
    assert pool.await_termination(0) is False, (
        "with a task running it is not terminated"
    )
    left[0]()
    gave(outcome(queued[0].result, 0), "A", "the first task given back, when called,")
    assert not queued[1].done(), "the second task was not called yet"
    gate.set()
    assert pool.await_termination() is True, "await_termination() must give True"
    assert running.result(0) is True, "the running task must come to its end"


def shut_awaits_empty(m):
    """ThreadPool without a worker: shutdown while a thread waits for its end"""
    pool, seen = pool_of(m, 1, 1), []

    def waiter():
        seen.append(pool.await_termination())

    thread = started(waiter)[0]
    pool.shutdown()
    thread.join()
    assert seen == [True], f"await_termination gave {seen}"


def shut_now_awaits_empty(m):
    """ThreadPool without a worker: shutdown_now while a thread waits for its end"""
    pool, seen = pool_of(m, 1, 1), []

    def waiter():
        seen.append(pool.await_termination())

    thread = started(waiter)[0]
    left = pool.shutdown_now()
    thread.join()
    assert left == [], f"shutdown_now of an unused pool gives {left}"
    assert seen == [True], f"await_termination gave {seen}"


def shut_awaits_long(m):
    """ThreadPool.await_termination lasts as long as it says"""
    pool = pool_of(m, 1, 1)
    assert pool.is_terminated() is False, "a pool that is not shut down"
    assert pool.await_termination(0) is False, "await_termination(0) on it"
    assert pool.await_termination(-1.0) is False, "await_termination(-1.0) on it"
    assert pool.await_termination(2.0) is False, "await_termination(2.0) on it"
    assert time.monotonic() == 2.0, f"await_termination(2.0): {time.monotonic():g} s"
    pool.execute(lambda: time.sleep(5.0))
    pool.shutdown()
    assert pool.await_termination(4.0) is False, "a task runs on"
    assert time.monotonic() == 6.0, (
        f"await_termination(4.0): {time.monotonic() - 2:g} s"
    )
    assert pool.is_terminated() is False, "is_terminated, a task running"
    assert pool.await_termination(4.0) is True, "the task ends within this time"
    assert time.monotonic() == 7.0, "await_termination must return when it terminates"
    assert pool.await_termination(0) is True, "await_termination(0) when terminated"
    assert pool.await_termination(-1) is True, "await_termination(-1) when terminated"


def shut_awaits_to_the_end(m):
    """ThreadPool terminates at the moment when the time of await_termination is up"""
    pool, seen = pool_of(m, 1, 1), []
    pool.execute(lambda: time.sleep(1.0))
    pool.shutdown()

    def waiter():
        seen.append((pool.await_termination(1.0), pool.is_terminated()))

    started(waiter)[0].join()
    first, second = seen[0]
    text = f"await_termination(1.0) gave {first}, is_terminated right after it {second}"
    assert first == second, text


def shut_with_edges(m):
    """shutdown_and_await: patience None and 0, grace None and 0, an unused pool"""
    endless = pool_of(m, 1, 1)
    endless.execute(lambda: time.sleep(500.0))
    got = m.shutdown_and_await(endless, None)
    assert got == (True, []), f"patience None waits for ever: {got}"
    got = m.shutdown_and_await(pool_of(m, 1, 1), 0)
    assert got == (True, []), f"an unused pool, patience 0: {got}"
    for patience in (0, -1.0):
        pool = pool_of(m, 1, 1)
        pool.execute(lambda: time.sleep(5.0))
        pool.execute(int)
        got, took = timed(m.shutdown_and_await, pool, patience)
        gave(got, (False, [int]), f"patience {patience}, a task of 5 s")
        lasted(took, 0.0, f"patience {patience}")
    for grace, seconds in ((0.0, 1.0), (None, 5.0)):
        pool = pool_of(m, 1, 1)
        pool.execute(lambda: time.sleep(5.0))
        pool.execute(int)
        got, took = timed(m.shutdown_and_await, pool, 1.0, grace)
        what = f"patience 1, grace {grace}, a task of 5 s"
        gave(got, (grace is None, [int]), what)
        lasted(took, seconds, what)
    pool = pool_of(m, 1, 1)
    pool.execute(lambda: time.sleep(5.0))
    got, took = timed(m.shutdown_and_await, pool, 1.0)
    gave(got, (False, []), "grace is 0 by default, a task of 5 s:")
    lasted(took, 1.0, "grace is 0 by default")


# --- which test explores what -------------------------------------------------------


def shut_and_await(program):
    return alone(program, [shut_patiently, shut_impatiently])


def shut_asks(program):
    return alone(program, [shut_calls])


def shut_in_order(program):
    scenes = [shut_races, shut_at_last, shut_idle, shut_with_queue]
    scenes += [shut_idle_surplus, shut_as_it_gives_up]
    seen = alone(program, [shut_with, shut_idle_and_queued])
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, scenes, spurious=True, schedules=150)
    return seen


def shut_at_once(program):
    seen = alone(program, [shut_now_in_order, shut_awaits_first])
    if seen[-1]["found"]["kind"] == "ok":
        scenes = [shut_now_races, shut_awaits, shut_awaits_lasts]
        seen += explored(program, scenes, spurious=True, schedules=150)
    return seen


def shut_failures(program):
    scenes = [shut_failing, shut_last_submits, shut_from_inside, shut_awaits_empty]
    scenes += [shut_now_awaits_empty]
    return explored(program, scenes, spurious=True, schedules=150)


def shut_is_strict(program):
    scenes = [shut_polled, shut_names, shut_now_futures, shut_awaits_long]
    seen = alone(program, [*scenes, shut_with_edges])
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, [shut_awaits_to_the_end], **NO_PREEMPTION)
    return seen
