"""Public tests of lesson 05: the shape of each contract, with real threads.

The hidden tests ask the same of every schedule, and of awkward moments: read the
docstrings, and try `autograder explore` on a file of your own.
"""

import pytest

from autograder.student.testing import check


def sleeper(lesson):
    """Return the rows of `threads_of_this_process` while one thread sleeps."""
    import threading

    gate, ready = threading.Event(), threading.Event()

    def asleep():
        ready.set()
        gate.wait()

    thread = threading.Thread(target=asleep, name="sleeper", daemon=True)
    thread.start()
    ready.wait()
    try:
        rows = [tuple(row) for row in lesson.threads_of_this_process()]
    finally:
        gate.set()
        thread.join()
    return rows, thread.ident


@pytest.mark.task("threads_of_this_process")
def test_threads(student):
    rows, ident = student.run(sleeper)
    where = "threads_of_this_process, beside a thread called 'sleeper'"
    found = [row for row in rows if row[0] == "sleeper"]
    check.equal(len(found), 1, where=f"{where}: its rows", look="Chapter, step 1.")
    check.equal(found[0][1:3], (ident, True), where=f"{where}: ident and daemon")
    inside = "asleep" in found[0][3]
    evidence = "the function it sleeps in is not on its stack"
    check.true(inside, where=where, evidence=evidence, look="Chapter, step 1.")


@pytest.mark.task("interleavings")
def test_interleavings(student):
    got = student.run(lambda_free, a=["a1", "a2"], b=["b"])
    want = [("a1", "a2", "b"), ("a1", "b", "a2"), ("b", "a1", "a2")]
    where = "interleavings of two steps and one"
    check.equal(got, want, where=where, look="Chapter, step 2.")


def lambda_free(lesson, a, b):
    """Return all merges as a list."""
    return list(lesson.interleavings(a, b))


@pytest.mark.task("lost_updates")
def test_lost_updates(student):
    got = student.lost_updates()
    where = "lost_updates of one increment in each thread"
    check.equal(got, {2: 2, 1: 18}, where=where, look="Chapter, step 2.")


def one_by_one(lesson):
    """Return what a queue of two gives back to a thread that puts five items."""
    import threading

    queue = lesson.BoundedQueue(2)
    giver = threading.Thread(
        target=lambda: [queue.put(n) for n in range(5)], daemon=True
    )
    giver.start()
    got = [queue.get(timeout=5.0) for _ in range(5)]
    giver.join(5.0)
    try:
        late = queue.get(timeout=0)
    except TimeoutError:
        late = "TimeoutError"
    queue.close()
    try:
        closed = queue.get(timeout=0)
    except lesson.Closed:
        closed = "Closed"
    return got, late, closed, len(queue)


@pytest.mark.task("BoundedQueue")
def test_bounded_queue(student):
    got, late, closed, length = student.run(one_by_one)
    where = "BoundedQueue(2), one thread puts five items"
    look = "Chapter, step 3."
    check.equal(got, [0, 1, 2, 3, 4], where=where, look=look)
    check.equal(late, "TimeoutError", where=f"{where}; a sixth get", look=look)
    check.equal(closed, "Closed", where=f"{where}; a get after close", look=look)
    check.equal(length, 0, where=f"{where}; its length in the end", look=look)


def promised(lesson):
    """Return what one thread sees of a future that another one sets."""
    import threading

    future, called = lesson.Future(), []
    future.add_done_callback(lambda f: called.append(f.result()))
    setter = threading.Thread(target=future.set_result, args=(42,), daemon=True)
    setter.start()
    value = future.result(timeout=5.0)
    setter.join(5.0)
    other = lesson.Future()
    cancelled = other.cancel(), other.cancelled(), other.start()
    return value, called, future.done(), future.cancel(), cancelled


@pytest.mark.task("Future")
def test_future(student):
    value, called, done, late, cancelled = student.run(promised)
    where = "Future, set to 42 by another thread"
    look = "Chapter, step 4."
    check.equal(value, 42, where=f"{where}: result", look=look)
    check.equal(called, [42], where=f"{where}: what its callback saw", look=look)
    check.equal((done, late), (True, False), where=f"{where}: done, then cancel")
    want = (True, True, False)
    check.equal(cancelled, want, where="a cancelled Future: cancel, cancelled, start")


def policies(lesson):
    """Return what each policy does with a task that a full pool cannot take."""

    class Full:
        def __init__(self):
            self.asked = []

        def is_shutdown(self):
            return False

        def poll(self):
            self.asked.append("poll")

        def execute(self, task):
            self.asked.append("execute")

    seen = {}
    for name in ("abort", "caller_runs", "discard", "discard_oldest"):
        pool, ran = Full(), []
        try:
            getattr(lesson, name)(lambda ran=ran: ran.append("ran"), pool)
            end = "returned"
        except lesson.Rejected:
            end = "Rejected"
        seen[name] = end, ran, pool.asked
    return seen


@pytest.mark.task("discard_oldest")
def test_each_policy(student):
    seen = student.run(policies)
    for name, want in {
        "abort": ("Rejected", [], []),
        "caller_runs": ("returned", ["ran"], []),
        "discard": ("returned", [], []),
        "discard_oldest": ("returned", [], ["poll", "execute"]),
    }.items():
        where = f"{name}, a full pool: its end, what ran here, what it asked for"
        check.equal(seen[name], want, where=where, look="Chapter, step 5.")


def nine_tasks(lesson):
    """Return sizes, the start order and what was rejected, of nine tasks that wait."""
    import threading

    gates = [threading.Event() for _ in range(10)]
    begun = threading.Semaphore(0)
    starts, sizes, rejected = [], [], []

    def task(number):
        starts.append(number)
        begun.release()
        gates[number].wait(5.0)

    def factory(run):
        return threading.Thread(target=run, daemon=True)

    def refuse(task, pool):
        raise lesson.Rejected

    pool = lesson.ThreadPool(2, 4, 0.0, 3, refuse, factory)
    for number in range(1, 10):
        try:
            pool.execute(lambda number=number: task(number))
            if number in (1, 2, 6, 7):
                begun.acquire(timeout=5.0)
        except lesson.Rejected:
            rejected.append(number)
        sizes.append(pool.stats().size)
    for number in (1, 2, 6):
        gates[number].set()
        begun.acquire(timeout=5.0)
    for gate in gates:
        gate.set()
    return sizes, starts, rejected


@pytest.mark.task("ThreadPool")
def test_thread_pool(student):
    sizes, starts, rejected = student.run(nine_tasks)
    where = "ThreadPool(2, 4, capacity=3), nine tasks that wait"
    look = "Chapter, step 5."
    want = [1, 2, 2, 2, 2, 3, 4, 4, 4]
    check.equal(sizes, want, where=f"{where}: workers after each", look=look)
    check.equal(rejected, [8, 9], where=f"{where}: which are rejected", look=look)
    check.equal(starts, [1, 2, 6, 7, 3, 4, 5], where=f"{where}: start order", look=look)


def closed_pools(lesson):
    """Return how two pools ended: one in time, and one that was too slow."""
    import threading

    def factory(run):
        return threading.Thread(target=run, daemon=True)

    ran, gate = [], threading.Event()
    quick = lesson.ThreadPool(1, 1, thread_factory=factory)
    for number in range(3):
        quick.execute(lambda number=number: ran.append(number))
    ended, left = lesson.shutdown_and_await(quick, patience=5.0)
    slow = lesson.ThreadPool(1, 1, thread_factory=factory)
    slow.execute(lambda: gate.wait(5.0))
    slow.execute(lambda: ran.append("never"))
    answer = lesson.shutdown_and_await(slow, patience=0.05)
    gate.set()
    over = slow.await_termination(5.0)
    return ended, len(left), answer[0], len(answer[1]), over, ran


@pytest.mark.task("shutdown_and_await")
def test_shutdown(student):
    ended, left, too_slow, waiting, over, ran = student.run(closed_pools)
    look = "Chapter, step 6."
    where = "shutdown_and_await, three short tasks: terminated, tasks left"
    check.equal((ended, left), (True, 0), where=where, look=look)
    where = "shutdown_and_await, a task that waits and one behind it"
    check.equal((too_slow, waiting), (False, 1), where=where, look=look)
    check.equal(over, True, where=f"{where}: in the end", look=look)
    check.equal(ran, [0, 1, 2], where="the tasks that ran", look=look)


def counted(lesson):
    """Count words on a pool of two."""
    import threading

    def factory(run):
        return threading.Thread(target=run, daemon=True)

    pool = lesson.ThreadPool(2, 2, thread_factory=factory)
    texts = ["the queue is full", "the pool is idle", "full is the word"]
    return lesson.map_reduce(
        texts,
        lambda text: [(word, 1) for word in text.split()],
        lambda a, b: a + b,
        pool,
    )


@pytest.mark.task("map_reduce")
def test_map_reduce(student):
    got = student.run(counted)
    want = {"the": 3, "queue": 1, "is": 3, "full": 2, "pool": 1, "idle": 1, "word": 1}
    where = "map_reduce, the words of three texts"
    check.equal(got, want, where=where, look="Chapter, step 7.")
    keys = list(want)
    check.equal(
        list(got), keys, where=f"{where}: order of keys", look="Chapter, step 7."
    )
