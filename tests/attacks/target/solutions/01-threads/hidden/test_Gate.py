"""Hidden tests of `Gate`."""

import threading

import pytest

from autograder.student.lab.schedule import same
from autograder.student.testing import check


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


def waiting(program):
    options = {"bound": 1, "spurious": True, "random_schedules": 20}
    return program.explore(three_wait, schedules=2000, **options)


@pytest.mark.task("Gate")
def test_lets_nobody_through_early(student):
    found = student.explore(waiting)
    check.equal(found["kind"], "ok", where="Gate", look=found["message"][:200])
