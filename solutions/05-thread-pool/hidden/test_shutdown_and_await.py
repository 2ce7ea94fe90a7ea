"""Hidden tests of `shutdown_and_await`, and of the methods by which a pool ends.

The core asks for the two ways of closing, under the schedule explorer and beside a real
JDK, and for those who wait for the end; the scenes stand in `shutdown_scenes.py`. The
other tests ask for tasks that fail or submit while the pool ends, for pools without a
worker and for timeouts of 0 and None.
"""

import pytest
from hidden.java_scripts import beside_java, java_shut
from hidden.shutdown_scenes import (
    shut_and_await,
    shut_asks,
    shut_at_once,
    shut_failures,
    shut_in_order,
    shut_is_strict,
)

from autograder.student.testing.stories import judge

STEP_6 = "Chapter, step 6."


@pytest.mark.task("shutdown_and_await", weight=3, core=True)
def test_shutdown_and_await(student):
    judge(student.explore(shut_and_await), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=3, core=True)
def test_shutdown_in_order(student):
    judge(student.explore(shut_in_order), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=3, core=True)
def test_shutdown_at_once(student):
    judge(student.explore(shut_at_once), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=2, core=True)
def test_shutdown_beside_java(student):
    names = ["growth", "shutdown-runs-queue", "shutdown-idle", "shutdown-surplus"]
    names += ["await", "now", "now-after"]
    beside_java(student, java_shut, STEP_6, *names)


@pytest.mark.task("shutdown_and_await", weight=1)
def test_what_is_asked_of_the_pool(student):
    judge(student.explore(shut_asks), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=2)
def test_shutdown_with_failing_tasks(student):
    judge(student.explore(shut_failures), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=3)
def test_shutdown_in_awkward_cases(student):
    judge(student.explore(shut_is_strict), STEP_6)


@pytest.mark.task("shutdown_and_await", weight=2)
def test_shutdown_of_awkward_pools_beside_java(student):
    names = ["core0", "shutdown-unused", "now-unused", "failing-shut", "failing-last"]
    names += ["failing-now", "cancel-shut", "spawn", "abort"]
    beside_java(student, java_shut, STEP_6, *names)
