"""Hidden tests of `ThreadPool`, but for its end, which is graded with task 8.

The core asks for the rules by which the pool grows, queues, hands over and shrinks,
beside a real JDK and under the schedule explorer, for its books, and for tasks that
fail or are submitted. The other tests ask for core = 0, for awkward arguments, policies
and factories, for tasks that use their own pool, and run a pool on real threads. The
scenes stand in `pool_scenes.py` and `pool_alone_scenes.py`.
"""

import pytest
from hidden.java_scripts import GOLDEN, beside_java, java_pool
from hidden.pool_alone_scenes import pool_deals, pool_is_strict
from hidden.pool_scenes import (
    pool_failures,
    pool_gives_up,
    pool_keeps_books,
    pool_of_no_core,
    pool_races,
)

from autograder.student.testing import check
from autograder.student.testing.stories import judge

STEP_5 = "Chapter, step 5."
CONTRACT = "The contract in the docstring."


@pytest.mark.task("ThreadPool", weight=3, core=True)
def test_pool_beside_java(student):
    names = ["growth", "shrink", "unbounded", "idle-core", "surplus-at-once"]
    names += ["hand-off"]
    beside_java(student, java_pool, STEP_5, *names, whole=False)


@pytest.mark.task("ThreadPool", weight=3, core=True)
def test_pool_races(student):
    judge(student.explore(pool_races), STEP_5)


@pytest.mark.task("ThreadPool", weight=2, core=True)
def test_pool_gives_up(student):
    judge(student.explore(pool_gives_up), STEP_5)


@pytest.mark.task("ThreadPool", weight=2, core=True)
def test_pool_keeps_books(student):
    judge(student.explore(pool_keeps_books), STEP_5)


@pytest.mark.task("ThreadPool", weight=2, core=True)
def test_pool_deals_with_callers(student):
    judge(student.explore(pool_deals), STEP_5)


@pytest.mark.task("ThreadPool", weight=2, core=True)
def test_pool_failures(student):
    judge(student.explore(pool_failures), STEP_5)


@pytest.mark.task("ThreadPool", weight=2, core=True)
def test_pool_failures_beside_java(student):
    names = ["failures", "failing-surplus", "cancel", "poll"]
    beside_java(student, java_pool, STEP_5, *names, whole=False)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_without_core(student):
    judge(student.explore(pool_of_no_core), STEP_5)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_without_core_beside_java(student):
    names = ["core0", "core0-bounded", "core0-now", "cached", "failing-core0"]
    beside_java(student, java_pool, STEP_5, *names, whole=False)


@pytest.mark.task("ThreadPool", weight=3)
def test_pool_in_awkward_cases(student):
    judge(student.explore(pool_is_strict, cases=GOLDEN["refused"]), STEP_5)


@pytest.mark.task("ThreadPool", weight=2)
def test_pool_used_by_its_tasks_beside_java(student):
    beside_java(student, java_pool, STEP_5, "spawn", "spawn-full", whole=False)


def pool_for_real(lesson, n):
    """Run tasks in a pool of real threads, each of which ends before the next task."""
    import threading

    threads, log = [], []

    def factory(run):
        threads.append(threading.Thread(target=run, daemon=True))
        return threads[-1]

    pool = lesson.ThreadPool(0, 1, 0.0, None, lesson.abort, factory)
    for number in range(n):
        future = pool.submit(pow, number, 2) if number % 2 else None
        if future is None:
            pool.execute(lambda number=number: log.append(number))
        threads[-1].join(8.0)
        if threads[-1].is_alive():
            log.append("its worker does not end")
            break
        if future is not None:
            log.append(future.result(5.0))
    return log, len(threads), tuple(pool.stats())


# Evidence of the submission's own process, which can lie: worth little.
@pytest.mark.task("ThreadPool", weight=0.5)
def test_pool_on_real_threads(student):
    n = 20
    log, made, stats = student.run(pool_for_real, n=n)
    where = f"ThreadPool(0, 1), real threads, {n} tasks one after another"
    want = [k * k if k % 2 else k for k in range(n)]
    check.equal(log, want, where=where, look=STEP_5)
    check.equal(made, n, where=f"{where}: workers that were started", look=STEP_5)
    check.equal(stats, (0, 0, 0, 1, n), where=f"{where}: stats", look=CONTRACT)
