"""Scenes of `ThreadPool` that need few schedules: what it promises to its callers."""

import threading

from hidden.pools import Boom, crew, pool_of, pool_policy
from hidden.scenes import alone, explored, gave, outcome, refused, settle


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


# --- awkward cases ------------------------------------------------------------------


def pool_arguments(m, cases):
    """ThreadPool refuses the arguments that a JDK refuses"""
    for (core, maximum, keep_alive, capacity), no in cases:
        got = outcome(m.ThreadPool, core, maximum, keep_alive, capacity)
        what = f"ThreadPool({core}, {maximum}, {keep_alive}, {capacity})"
        if no:
            refused(got, "ValueError", what)
        else:
            assert got[0] == "gave", f"{what} raised {got[1]}"


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


def pool_policy_raises(m):
    """ThreadPool: what a policy raises leaves execute and submit"""
    ran, gate = [], threading.Event()

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
    assert ran == ["later"], "a policy that raised has harmed the pool"


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


def pool_submit_nested(m):
    """ThreadPool.submit, whose policy runs the task here, which submits another"""
    inner, gate = [], threading.Event()
    pool = pool_of(m, 1, 1, capacity=0, policy=lambda task, pool: task())
    pool.execute(gate.wait)

    def task():
        inner.append(pool.submit(lambda: "inner"))
        return "outer"

    gave(outcome(pool.submit(task).result, 0), "outer", "the outer future's result")
    gave(outcome(inner[0].result, 0), "inner", "the inner future's result")
    gate.set()


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
    gate = threading.Event()
    for name in "ab":
        broken.clear()
        pool.execute(lambda name=name: (ran.append(name), gate.wait()))
        settle()
        for broken[:], error in ((["factory"], "Boom"), (["thread"], "RuntimeError")):
            got = outcome(pool.execute, lambda: None) if name == "a" else None
            assert got in (None, ("raised", error)), f"beyond core, {error}: {got}"
        stats, n = tuple(pool.stats()), len(ran)
        assert stats == (n, n, 0, n, 0), f"{n} workers were started: {stats}"
    assert sorted(ran) == ["a", "b"], f"then there is room for two workers: {ran}"
    gate.set()


def pool_own_errors(m):
    """ThreadPool.submit: tasks that raise what the lesson's classes raise"""
    errors = []
    pool = pool_of(m, 1, 1, errors=errors)
    kinds = [m.Cancelled, m.InvalidState, m.Rejected, m.Closed, TimeoutError]
    for kind in kinds:
        error = kind("task")

        def failing(error=error):
            raise error

        future = pool.submit(failing)
        settle()
        what = f"a task that raises {kind.__name__}"
        assert future.done(), f"{what}: its future is not done"
        gave(outcome(future.exception, 0), error, f"{what}: exception(0)")
    assert errors == [], f"given to submit, it must end no worker: {errors}"


def pool_hand_off_polled(m):
    """ThreadPool(0, 1, capacity=0): poll takes the task meant for an idle worker"""
    ran = []
    pool = pool_of(m, 0, 1, 60.0, 0)
    for name in "ab":
        pool.execute(int)
        settle()
        pool.execute(lambda name=name: ran.append(name))
        if pool.poll() is not None:
            got = outcome(pool.execute, lambda name=name: ran.append(name))
            gave(got, None, "execute, an idle worker's task being polled,")
        settle()
    assert ran == ["a", "b"], f"executed a and b, these ran: {ran}"


def pool_counts_at_once(m):
    """ThreadPool(0, 1).stats: the numbers are those of one moment"""
    pool = pool_of(m, 0, 1)
    pool.execute(int)
    pool.execute(int)
    stats = pool.stats()
    assert stats.queued + stats.completed <= 2, f"2 tasks were executed: {stats}"
    assert stats.active <= stats.size <= stats.largest, f"{stats}"


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
    for _ in range(3):
        settle()  # all leave
        pool.execute(task)
    settle()
    want = [f"worker-{k}" for k in (1, 2, 3, 4, 5, 6)]
    assert names == want, f"the workers in the order they were made: {names}"


def pool_names_of_two(m):
    """ThreadPool without a thread_factory: each pool counts its own workers"""
    names = []
    for _ in range(2):
        pool = m.ThreadPool(0, 1)
        pool.execute(lambda: names.append(threading.current_thread().name))
        settle()
    assert names == ["worker-1"] * 2, f"the first workers of two pools: {names}"


def pool_defaults(m):
    """ThreadPool: keep_alive is 0 and the queue has no bound by default"""
    pool, gate = (
        m.ThreadPool(1, 2, capacity=0, thread_factory=crew([])),
        threading.Event(),
    )
    pool.execute(gate.wait)
    pool.execute(gate.wait)
    gate.set()
    settle()
    size = pool.stats().size
    assert size == 1, f"keep_alive is 0 by default, core = 1: {size} workers"
    pool, gate = m.ThreadPool(1, 2, thread_factory=crew([])), threading.Event()
    for _ in range(40):
        gave(outcome(pool.execute, gate.wait), None, "execute, no bound by default,")
    assert pool.stats()[:5:2] == (1, 39, 0), f"40 tasks: {pool.stats()}"
    gate.set()


def pool_empty_tasks(m):
    """ThreadPool: a task that is false, having a length of 0"""
    ran = []

    class Task(list):
        def __call__(self):
            ran.append(1)

    pool = pool_of(m, 1, 1)
    for _ in range(2):
        pool.execute(Task())
    settle()
    assert ran == [1, 1], f"2 tasks were executed, {len(ran)} ran"
    assert pool.stats()[:3] == (1, 0, 0), f"idle, the pool has {pool.stats()}"


def pool_odd_errors(m):
    """ThreadPool: tasks that raise a BaseException of their own"""

    class Odd(BaseException):
        pass

    def failing():
        raise Odd

    ran, left = [], []

    def factory(run):
        def guarded():
            try:
                run()
            except Odd as error:
                left.append(error)

        return threading.Thread(target=guarded, daemon=True)

    pool = m.ThreadPool(1, 1, 0.0, None, pool_policy, factory)
    future = pool.submit(failing)
    settle()
    assert isinstance(future.exception(0), Odd), "submit keeps what a task raises"
    assert left == [], "given to submit, it must end no worker"
    pool.execute(failing)
    pool.execute(lambda: ran.append("a"))
    settle()
    assert (len(left), ran) == (1, ["a"]), f"left run: {left}, ran {ran}"
    assert pool.stats()[:3] == (1, 0, 0), f"idle, the pool has {pool.stats()}"


# --- which test explores what -------------------------------------------------------


def pool_deals(program):
    scenes = [pool_submit, pool_inside, pool_completes_in_time, pool_policy_asks]
    return alone(program, scenes)


def pool_is_strict(program, cases):
    def refuses(m):
        """ThreadPool refuses the arguments that a JDK refuses"""
        pool_arguments(m, cases)

    scenes = [refuses, pool_leavers, pool_policy_raises, pool_dropped]
    scenes += [pool_factory_fails, pool_names, pool_names_of_two, pool_defaults]
    scenes += [pool_empty_tasks, pool_odd_errors, pool_own_errors, pool_submit_nested]
    seen = alone(program, [*scenes, pool_hand_off_polled])
    if seen[-1]["found"]["kind"] == "ok":
        watched = {"watched": ["ThreadPool"], "races": False}
        seen += explored(program, [pool_counts_at_once], bound=1, **watched)
    return seen
