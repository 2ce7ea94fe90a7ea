"""Hidden tests of the lesson whose schedules the attacks attack."""

import threading

import pytest

from autograder.student.lab.schedule import same
from autograder.student.testing import check


def two_add(module):
    counter = module.Counter()
    threads = [threading.Thread(target=counter.add, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same(counter.add(4), 7, "the total")


def three_wait(module):
    gate, seen, opened = module.Gate(), [], []

    def enter():
        seen.append((gate.wait(), bool(opened)))

    threads = [threading.Thread(target=enter) for _ in range(3)]
    for thread in threads:
        thread.start()
    opened.append(True)
    gate.open()
    for thread in threads:
        thread.join()
    same(seen, [("through", True)] * 3, "who went through")


def counting(program):
    return program.explore(two_add, bound=2, watched=["Counter"], random_schedules=20)


def waiting(program):
    options = {"bound": 1, "spurious": True, "random_schedules": 20}
    return program.explore(three_wait, schedules=2000, **options)


@pytest.mark.task("Counter")
def test_counts_under_every_schedule(student):
    found = student.explore(counting)
    where = "Counter, two threads that add"
    check.equal(found["kind"], "ok", where=where, look=found["message"][:200])
    check.true(found["complete"], where=where, evidence="too many schedules")


@pytest.mark.task("Gate")
def test_lets_nobody_through_early(student):
    found = student.explore(waiting)
    check.equal(found["kind"], "ok", where="Gate", look=found["message"][:200])
