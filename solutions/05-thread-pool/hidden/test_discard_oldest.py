"""Hidden tests of `discard_oldest`."""

import threading

import pytest
from hidden.common import (
    STEP_5,
    Boom,
    Stand,
    beside_java,
    crew,
    explored,
    java_shut,
    judge,
    outcome,
    played,
    refused,
    said,
    settle,
    started,
)


def java_policies(program, scripts):
    return played(program, scripts, own_policy=True, shut=False)


def policies_alone(m):
    """The policies, called with a pool that is full, and with one that is shut down"""
    for shut in (False, True):
        ran = []

        def task(ran=ran):
            ran.append(threading.current_thread().name)
            return "ignored"

        what = "the pool being shut down" if shut else "the pool being full"
        pool = Stand(shut)
        refused(outcome(m.abort, task, pool), "Rejected", f"abort, {what},")
        assert (ran, pool.log) == ([], []), f"abort, {what}, must do nothing more"
        pool = Stand(shut)
        assert outcome(m.discard, task, pool)[0] == "gave", f"discard, {what}, raised"
        assert (ran, pool.log) == ([], []), f"discard, {what}, must do nothing"
        pool = Stand(shut)
        got = outcome(m.discard_oldest, task, pool)
        assert got[0] == "gave", f"discard_oldest, {what}, {said(got)}"
        assert ran == [], f"discard_oldest, {what}, must run nothing here"
        want = [] if shut else ["poll", "execute"]
        assert pool.log == want, f"discard_oldest, {what}, asked for {pool.log}"
        assert shut or pool.given is task, "discard_oldest must offer the very task"
        pool = Stand(shut)
        got = outcome(m.caller_runs, task, pool)
        assert got[0] == "gave", f"caller_runs, {what}, {said(got)}"
        want = [] if shut else ["main"]
        assert ran == want, f"caller_runs, {what}: the task ran in {ran}"
        assert pool.log == [], f"caller_runs, {what}, must not touch the queue"
    empty = Stand(False, queued=0)
    got = outcome(m.discard_oldest, task, empty)
    assert got[0] == "gave", f"discard_oldest, the queue being empty, {said(got)}"
    assert empty.log == ["poll", "execute"], "it must offer the task to an empty queue"

    def failing():
        raise Boom("task")

    got = outcome(m.caller_runs, failing, Stand(False))
    refused(got, "Boom", "caller_runs with a task that fails")


def policies_in_the_default(m):
    """ThreadPool without a policy aborts"""
    pool = m.ThreadPool(1, 1, capacity=1, thread_factory=crew([]))
    gate = threading.Event()
    for _ in range(2):
        pool.execute(gate.wait)
    refused(outcome(pool.execute, gate.wait), "Rejected", "execute on a full pool")
    refused(outcome(pool.submit, gate.wait), "Rejected", "submit on a full pool")
    gate.set()


def policy_of_oldest_races(m):
    """discard_oldest: a worker and two threads that submit race for the queue"""
    ran, errors = [], []
    pool = m.ThreadPool(1, 1, 0.0, 1, m.discard_oldest, crew(errors))

    def giver():
        for name in ("a", "b"):
            pool.execute(lambda name=name: ran.append(name))

    thread = started(giver)[0]
    pool.execute(lambda: ran.append("c"))
    thread.join()
    settle()
    assert errors == [], f"a worker ended with {errors}"
    assert len(ran) == len(set(ran)), f"a task ran twice: {ran}"
    stats = pool.stats()
    assert stats.completed == len(ran), f"{stats.completed} completed, {len(ran)} ran"
    assert stats.queued == 0, "a task stays in the queue for ever"


def policies_with_a_stand(program):
    return explored(program, [policies_alone], bound=0, schedules=1)


def policies_with_a_pool(program):
    found = explored(program, [policies_in_the_default], bound=1)
    return found | explored(program, [policy_of_oldest_races])


@pytest.mark.task("discard_oldest", weight=3)
def test_policies_alone(student):
    judge(student.explore(policies_with_a_stand), STEP_5)


@pytest.mark.task("discard_oldest", weight=2)
def test_policies_of_a_pool(student):
    judge(student.explore(policies_with_a_pool), STEP_5)


@pytest.mark.task("discard_oldest", weight=2)
def test_policies_beside_java(student):
    names = ["abort", "caller-runs", "discard", "discard-oldest", "spawn-caller"]
    names += ["discard-oldest-order"]
    beside_java(student, java_policies, STEP_5, *names, whole=False)


@pytest.mark.task("discard_oldest", weight=2)
def test_policies_after_shutdown_beside_java(student):
    names = ["abort", "caller-runs", "discard", "discard-oldest"]
    names += ["discard-oldest-shut", "caller-runs-shut"]
    beside_java(student, java_shut, STEP_5, *names)
