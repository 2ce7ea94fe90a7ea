"""Hidden tests of the four policies, `discard_oldest` and its companions.

The core calls them with a stand-in for a full pool, with pools under the schedule
explorer, and beside a real JDK. The other tests ask for the same after shutdown, for an
empty queue, for a task that fails, and for the policy of a pool that was given none.
"""

import threading

import pytest
from hidden.java_scripts import beside_java, java_policies, java_shut
from hidden.pools import Boom, crew
from hidden.scenes import (
    alone,
    explored,
    gave,
    outcome,
    refused,
    said,
    settle,
    started,
)

from autograder.student.testing.stories import judge

STEP_5 = "Chapter, step 5."


class Stand:
    """A stand-in for a pool, which notes what a policy asks of it."""

    def __init__(self, shut, queued=1):
        self.shut, self.log, self.queued = shut, [], queued

    def is_shutdown(self):
        return self.shut

    def poll(self):
        self.log.append("poll")
        if not self.queued:
            return None
        self.queued -= 1
        return lambda: self.log.append("ran the oldest")

    def execute(self, task):
        self.log.append("execute")
        self.given = task


def policies_when_full(m):
    """The policies, called with a pool that is full"""
    called(m, False, "the pool being full")


def policies_when_shut(m):
    """The policies, called with a pool that is shut down"""
    called(m, True, "the pool being shut down")


def called(m, shut, what):
    """Call each policy with a stand-in, and look at what it did."""
    ran = []

    def task():
        ran.append(threading.current_thread().name)
        return "ignored"

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


def policies_in_awkward_cases(m):
    """The policies, with an empty queue and with a task that fails"""
    empty = Stand(False, queued=0)
    got = outcome(m.discard_oldest, int, empty)
    assert got[0] == "gave", f"discard_oldest, the queue being empty, {said(got)}"
    assert empty.log == ["poll", "execute"], "it must offer the task to an empty queue"

    for kind in (Boom, SystemExit):

        def failing(kind=kind):
            raise kind("task")

        try:
            got = m.caller_runs(failing, Stand(False))
        except (Boom, SystemExit) as error:
            got = type(error)
        assert got is kind, f"caller_runs with a task that raises {kind.__name__}"


def policies_in_the_default(m):
    """ThreadPool without a policy aborts"""
    pool = m.ThreadPool(1, 1, capacity=1, thread_factory=crew([]))
    gate = threading.Event()
    for _ in range(2):
        pool.execute(gate.wait)
    refused(outcome(pool.execute, gate.wait), "Rejected", "execute on a full pool")
    refused(outcome(pool.submit, gate.wait), "Rejected", "submit on a full pool")
    gate.set()


def policy_of_oldest(m):
    """discard_oldest on a full pool: the oldest task goes, the new one is queued"""
    ran, gate = [], threading.Event()
    pool = m.ThreadPool(1, 1, 0.0, 2, m.discard_oldest, crew([]))
    pool.execute(gate.wait)
    for name in "abcd":
        got = outcome(pool.execute, lambda name=name: ran.append(name))
        gave(got, None, f"execute of task {name}")
    gate.set()
    settle()
    assert ran == ["c", "d"], f"a, b, c, d, and room for two: these ran: {ran}"


def policy_of_caller(m):
    """caller_runs on a full pool: the task runs in the caller, at once"""
    ran, gate = [], threading.Event()
    pool = m.ThreadPool(1, 1, 0.0, 1, m.caller_runs, crew([]))

    def note():
        ran.append(threading.current_thread().name)

    pool.execute(gate.wait)
    pool.execute(note)
    pool.execute(note)
    assert ran == ["main"], f"execute on a full pool: the task ran in {ran}"
    gate.set()
    settle()
    assert ran == ["main", "worker-1"], f"two tasks ran, in {ran}"


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


def policies_alone(program):
    return alone(program, [policies_when_full])


def policies_of_pools(program):
    seen = alone(program, [policy_of_oldest, policy_of_caller])
    if seen[-1]["found"]["kind"] == "ok":
        seen += explored(program, [policy_of_oldest_races])
    return seen


def policies_after_shutdown(program):
    return alone(program, [policies_when_shut])


def policies_are_strict(program):
    return alone(program, [policies_in_awkward_cases])


def policy_by_default(program):
    return alone(program, [policies_in_the_default])


@pytest.mark.task("discard_oldest", weight=3, core=True)
def test_policies_of_a_full_pool(student):
    judge(student.explore(policies_alone), STEP_5)


@pytest.mark.task("discard_oldest", weight=2, core=True)
def test_policies_at_work(student):
    judge(student.explore(policies_of_pools), STEP_5)


@pytest.mark.task("discard_oldest", weight=2, core=True)
def test_policies_beside_java(student):
    names = ["abort", "caller-runs", "discard", "discard-oldest", "spawn-caller"]
    names += ["discard-oldest-order"]
    beside_java(student, java_policies, STEP_5, *names, whole=False)


@pytest.mark.task("discard_oldest", weight=3)
def test_policies_after_shutdown(student):
    judge(student.explore(policies_after_shutdown), STEP_5)


@pytest.mark.task("discard_oldest", weight=1)
def test_policies_in_awkward_cases(student):
    judge(student.explore(policies_are_strict), STEP_5)


@pytest.mark.task("discard_oldest", weight=1)
def test_policy_by_default(student):
    judge(student.explore(policy_by_default), STEP_5)


@pytest.mark.task("discard_oldest", weight=1)
def test_policies_after_shutdown_beside_java(student):
    names = ["abort", "caller-runs", "discard", "discard-oldest"]
    names += ["discard-oldest-shut", "caller-runs-shut"]
    beside_java(student, java_shut, STEP_5, *names)
