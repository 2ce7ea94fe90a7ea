"""Hidden tests of `Counter`."""

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


def counting(program):
    return program.explore(two_add, bound=2, watched=["Counter"], random_schedules=20)


@pytest.mark.task("Counter")
def test_counts_under_every_schedule(student):
    found = student.explore(counting)
    where = "Counter, two threads that add"
    check.equal(found["kind"], "ok", where=where, look=found["message"][:200])
    check.true(found["complete"], where=where, evidence="too many schedules")
