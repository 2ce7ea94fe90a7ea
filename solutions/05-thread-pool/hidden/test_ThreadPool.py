"""Hidden tests of `ThreadPool`."""

import threading
import time

import pytest
from hidden.common import (
    CONTRACT,
    GOLDEN,
    STEP_5,
    Boom,
    beside_java,
    crew,
    essence,
    explored,
    gave,
    judge,
    outcome,
    played,
    pool_of,
    pool_policy,
    refused,
    settle,
    started,
    together,
)

from autograder.student.testing import check


def java_own(program, scripts):
    return played(program, scripts, own_policy=False, shut=False)


# --- ThreadPool ---------------------------------------------------------------------


def pool_arguments(m, cases):
    """ThreadPool refuses the arguments that a JDK refuses"""
    for (core, maximum, keep_alive, capacity), no in cases:
        got = outcome(m.ThreadPool, core, maximum, keep_alive, capacity)
        what = f"ThreadPool({core}, {maximum}, {keep_alive}, {capacity})"
        if no:
            refused(got, "ValueError", what)
        else:
            assert got[0] == "gave", f"{what} raised {got[1]}"


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


def pool_keep_alive_disturbed(m):
    """ThreadPool: a worker that wakes for nothing goes on waiting for keep_alive"""
    gate, errors = threading.Event(), []
    pool = pool_of(m, 0, 1, 10.0, None, errors)
    pool.execute(gate.set)
    gate.wait()
    time.sleep(9.0)
    assert pool.stats().size == 1, "the worker ended before keep_alive was over"
    time.sleep(2.0)
    assert pool.stats().size == 0, "the worker lives on after keep_alive"
    assert errors == [], f"a worker ended with {errors}"


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


def pool_leavers(m):
    """ThreadPool: SystemExit and KeyboardInterrupt in tasks"""
    ran, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def leave(kind):
        raise kind("task")

    for kind in (SystemExit, KeyboardInterrupt):
        future = pool.submit(leave, kind)
        settle()
        got = future.exception(0)
        assert isinstance(got, kind), f"submit keeps a {kind.__name__}, got {got!r}"
    assert errors == [], f"given to submit, it must end no worker: {errors}"
    for kind in (SystemExit, KeyboardInterrupt):
        pool.execute(lambda kind=kind: leave(kind))
        settle()
    pool.execute(lambda: ran.append("a"))
    settle()
    assert ran == ["a"], "after a SystemExit in a task the pool has no worker"
    kinds = [type(error) for error in errors]
    assert kinds == [SystemExit, KeyboardInterrupt], f"what left the workers: {kinds}"
    assert pool.stats()[::4] == (1, 5), f"one worker, five tasks: {pool.stats()}"


def pool_submit(m):
    """ThreadPool.submit passes arguments on, and the outcome back"""
    pool = pool_of(m, 1, 1)

    def function(*args, **kwargs):
        return args, kwargs

    future = pool.submit(function, 1, [2], task="t", pool=None)
    assert isinstance(future, m.Future), "submit must return a Future"
    got = future.result()
    assert got == ((1, [2]), {"task": "t", "pool": None}), f"the call got {got}"
    assert pool.submit(lambda: None).result() is None, "a task may return None"
    error = Boom("e")

    def failing():
        raise error

    assert pool.submit(failing).exception() is error, "the very exception comes back"
    gate, states = threading.Event(), []
    holder = pool.submit(gate.wait)
    waiting = pool.submit(lambda: states.append(waiting.running()))
    settle()
    states.append((holder.running(), holder.cancel(), waiting.running()))
    assert states == [(True, False, False)], f"running and queued: {states}"
    gate.set()
    settle()
    assert states[1:] == [True], "while its task runs, a future is running"


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


def pool_inside(m):
    """ThreadPool: a task asks the pool, and executes another task"""
    seen, errors = [], []
    pool = pool_of(m, 1, 1, errors=errors)

    def task():
        seen.append(pool.stats()[:3])
        pool.execute(lambda: seen.append("child"))
        seen.append(pool.stats()[:3])
        seen.append(pool.is_shutdown())

    pool.execute(task)
    settle()
    want = [(1, 1, 0), (1, 1, 1), False, "child"]
    assert seen == want, f"(size, active, queued) from inside, and the child: {seen}"
    assert errors == [], f"a worker ended with {errors}"


def pool_policy_asks(m):
    """ThreadPool: a policy may call any method of the pool"""
    seen = []

    def policy(task, pool):
        seen.append((task, pool))
        seen.append(pool.stats()[:3])
        seen.append(pool.is_shutdown())
        oldest = pool.poll()
        pool.execute(task)
        oldest()

    ran, gate = [], threading.Event()
    pool = pool_of(m, 1, 1, capacity=1, policy=policy)
    pool.execute(gate.wait)
    pool.execute(lambda: ran.append("oldest"))
    settle()

    def task():
        ran.append("new")

    got = outcome(pool.execute, task)
    gave(got, None, "execute whose policy asks the pool")
    assert seen[0][0] is task, "policy(task, pool) got another task"
    assert seen[0][1] is pool, "policy(task, pool) got another pool"
    assert seen[1:] == [(1, 1, 1), False], f"what the policy saw: {seen[1:]}"
    gate.set()
    settle()
    assert ran == ["oldest", "new"], f"poll gives the oldest task itself: {ran}"

    def raising(task, pool):
        raise Boom("policy")

    full = pool_of(m, 1, 1, capacity=0, policy=raising)
    wall = threading.Event()
    full.execute(wall.wait)
    refused(outcome(full.execute, gate.wait), "Boom", "execute whose policy raises")
    refused(outcome(full.submit, gate.wait), "Boom", "submit whose policy raises")
    wall.set()
    settle()
    gave(outcome(full.execute, lambda: ran.append("later")), None, "execute later")
    settle()
    assert ran[2:] == ["later"], "a policy that raised has harmed the pool"


def pool_dropped(m):
    """ThreadPool.submit, where the policy drops the task: the future is never done"""
    kept = []
    pool = pool_of(m, 1, 1, capacity=1, policy=lambda task, pool: kept.append(task))
    gate = threading.Event()
    pool.submit(gate.wait)
    pool.submit(gate.wait)
    dropped = pool.submit(lambda: "here")
    gate.set()
    settle()
    state = dropped.done(), dropped.running()
    assert state == (False, False), f"dropped: done, running {state}"
    kept[0]()
    gave(outcome(dropped.result, 0), "here", "what the policy got, when called,")


def pool_factory_fails(m):
    """ThreadPool: a thread_factory that raises, and a thread that does not start"""
    ran, errors, broken = [], [], ["factory"]
    good = crew(errors)

    class Stuck(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    def factory(run):
        if broken == ["factory"]:
            raise Boom("factory")
        return Stuck(target=run) if broken else good(run)

    pool = m.ThreadPool(1, 2, 0.0, 0, pool_policy, factory)
    refused(
        outcome(pool.execute, lambda: None), "Boom", "execute, the factory raising,"
    )
    stats = tuple(pool.stats())
    assert stats[:3] == (0, 0, 0), f"no worker was started: {pool.stats()}"
    broken[0] = "thread"
    got = outcome(pool.execute, lambda: None)
    refused(got, "RuntimeError", "execute, the thread not starting,")
    assert tuple(pool.stats()) == (0, 0, 0, 0, 0), f"none was: {pool.stats()}"
    broken.clear()
    gate = threading.Event()
    for name in "ab":
        pool.execute(lambda name=name: (ran.append(name), gate.wait()))
    settle()
    assert sorted(ran) == ["a", "b"], f"then there is room for two workers: {ran}"
    gate.set()


def pool_names(m):
    """ThreadPool without a thread_factory: the names of its workers"""
    names, gate = [], threading.Event()
    pool = m.ThreadPool(0, 3, 0.0, 0)

    def task():
        names.append(threading.current_thread().name)
        gate.wait()

    for _ in range(3):
        pool.execute(task)
        settle()
    gate.set()
    settle()
    pool.execute(task)
    settle()
    want = ["worker-1", "worker-2", "worker-3", "worker-4"]
    assert names == want, f"the workers in the order they were made: {names}"


def pool_books(m):
    """ThreadPool(2, 2): two workers end their tasks at the same time"""
    pool = pool_of(m, 2, 2)
    pool.execute(int)
    pool.execute(int)
    settle()
    stats = pool.stats()
    assert stats.completed == 2, f"2 tasks ended, {stats.completed} are completed"
    assert stats.active == 0, f"both workers are idle, {stats.active} are active"


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


def pool_completes_in_time(m):
    """ThreadPool: completed counts a task before the worker begins the next one"""
    seen = []
    pool = pool_of(m, 1, 1)
    gate = threading.Event()
    pool.execute(gate.wait)
    for _ in range(2):
        pool.execute(lambda: seen.append((pool.stats().completed, pool.stats().active)))
    gate.set()
    settle()
    assert seen == [(1, 1), (2, 1)], f"(completed, active), seen from tasks: {seen}"


def pool_alone(program, cases):
    bodies = [pool_submit, pool_inside, pool_policy_asks, pool_dropped]
    bodies += [pool_leavers, pool_completes_in_time, pool_keep_alive, pool_core_stays]
    bodies += [pool_hand_off_twice]
    bodies += [pool_factory_fails, pool_names]

    def pool_arguments_here(m):
        pool_arguments(m, cases)

    rules = {"bound": 0, "schedules": 1, "random_schedules": 10}
    found = explored(program, bodies, **rules)
    result = program.explore(pool_arguments_here, **rules)
    found["pool_arguments"] = {"found": result, "said": essence(result)}
    return found


def pool_races(program):
    bodies = [pool_core_races, pool_maximum_races, pool_idle_workers]
    bodies += [pool_failing_races, pool_cancel_races]
    return explored(program, bodies, spurious=True)


def pool_gives_up(program):
    bodies = [pool_hand_off_races, pool_core_zero_races, pool_core_zero_at_once]
    bodies += [pool_keep_alive_disturbed]
    return explored(program, bodies, spurious=True)


def pool_keeps_books(program):
    bodies = [pool_books, pool_books_grow, pool_books_shrink]
    watched = {"watched": ["ThreadPool"], "races": False}
    return explored(program, bodies, bound=1, schedules=2500, **watched)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_in_one_schedule(student):
    judge(student.explore(pool_alone, cases=GOLDEN["refused"]), STEP_5)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_races(student):
    judge(student.explore(pool_races), STEP_5)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_gives_up(student):
    judge(student.explore(pool_gives_up), STEP_5)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_keeps_books(student):
    judge(student.explore(pool_keeps_books), STEP_5)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_beside_java(student):
    names = ["growth", "shrink", "unbounded", "idle-core", "core0", "core0-bounded"]
    names += ["core0-now", "surplus-at-once", "spawn", "spawn-full"]
    beside_java(student, java_own, STEP_5, *names, whole=False)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_hands_over_beside_java(student):
    names = ["hand-off", "cached"]
    beside_java(student, java_own, STEP_5, *names, whole=False)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_failures_beside_java(student):
    names = ["failures", "failing-surplus", "failing-core0", "cancel", "poll"]
    beside_java(student, java_own, STEP_5, *names, whole=False)


def pool_under_load(lesson, settings, givers, each):
    """Return what a pool of real threads made of tasks from several threads."""
    import threading
    import time

    end = time.monotonic() + 4  # it takes a tenth of a second

    pool = lesson.ThreadPool(*settings)
    lock, done = threading.Lock(), []
    names, rejected, failed = set(), [], []
    finished = threading.Event()
    total = givers * each

    def count(number):
        with lock:
            done.append(number)
            names.add(threading.current_thread().name)
            if len(done) + len(rejected) >= total:
                finished.set()

    def give(giver):
        for n in range(each):
            number = giver * each + n
            try:
                if n % 2:
                    pool.execute(lambda number=number: count(number))
                else:
                    pool.submit(count, number)
            except lesson.Rejected:
                with lock:
                    rejected.append(number)
                    if len(done) + len(rejected) >= total:
                        finished.set()
            except Exception as error:
                failed.append(type(error).__name__)

    threads = [
        threading.Thread(target=give, args=(g,), daemon=True) for g in range(givers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0.1))
    ended = finished.wait(max(end - time.monotonic(), 0.1))
    deadline = threading.Event()
    if not ended:
        return sorted(done), sorted(rejected), failed, sorted(names), ended, None
    for _ in range(100):  # all workers are beyond core: they end by themselves
        stats = tuple(pool.stats())
        if not stats[0]:
            break
        deadline.wait(0.02)
    return sorted(done), sorted(rejected), failed, sorted(names), ended, stats


@pytest.mark.task("ThreadPool", weight=2, repeatable=False)
def test_pool_under_load(student):
    # Workers are kept for a moment: a jail has few threads, and ended ones linger.
    cases = {
        "a queue": (0, 3, 0.1, 5),
        "no bound": (0, 1, 0.1),
        "hand-offs": (0, 4, 0.1, 0),
    }
    givers, each = 3, 120
    seen = {}
    for kind, settings in cases.items():
        data = {"settings": settings, "givers": givers, "each": each}
        seen[kind] = student.run(pool_under_load, **data)
        if not seen[kind][4]:
            break  # threads that never end would slow the others down
    for kind, (done, rejected, failed, names, ended, stats) in seen.items():
        where = f"ThreadPool, real threads, {givers * each} tasks, {kind}"
        check.equal(failed, [], where=f"{where}: other exceptions", look=STEP_5)
        evidence = f"{len(done)} tasks ran, {len(rejected)} were rejected"
        once = sorted(done + rejected) == list(range(givers * each))
        check.true(once, where=where, evidence=evidence, look=STEP_5)
        check.equal(ended, True, where=f"{where}: they end", look=STEP_5)
        size, active, queued, largest, completed = stats or (None,) * 5
        check.equal((size, active, queued), (0, 0, 0), where=f"{where}: in the end")
        check.equal(completed, len(done), where=f"{where}: completed", look=STEP_5)
        check.at_most(largest, cases[kind][1], where=f"{where}: largest")
        good = all(name.startswith("worker-") for name in names)
        evidence = "the default names are worker-1, worker-2, ..."
        check.true(good, where=where, evidence=evidence, look=CONTRACT)
