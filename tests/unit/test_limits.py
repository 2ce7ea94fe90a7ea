"""Limits of time: the machine's pace, sleeping and starving, the kernel's words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from toy import handed

from autograder.sandbox import pace
from autograder.sandbox.activity import (
    TICK_S,
    Activity,
    Sleep,
    any_runnable,
    family,
    threads_of,
)
from autograder.sandbox.budget import Budget
from autograder.sandbox.jail import Jail
from autograder.sandbox.loaded import Loaded
from autograder.student.lesson import Task
from autograder.student.proxy import StudentTimeout
from autograder.student.report import Report

SPIN = "while True: pass"
BOMB = """
import os, threading

def f():
    while True:
        try:
            {start}
        except (OSError, RuntimeError):
            pass
"""
FORTY = """
import threading, time

def f():
    end, count = threading.Event(), threading.active_count()
    for _ in range(40):
        threading.Thread(target=end.wait).start()
    count = threading.active_count() - count
    start = time.thread_time()
    while time.thread_time() - start < 2: pass
    end.set()
    return count
"""
WAIT = "import threading; threading.Event().wait()"


@contextmanager
def process(code: str) -> Iterator[int]:
    """Run Python code in a process, from when it has started until looked at."""
    code = f"print(flush=True)\n{code}"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        child.stdout.readline()
        yield child.pid
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def becomes(pid: int, runnable: bool) -> bool:
    """Wait until a process can run, or cannot."""
    times = (any_runnable(threads_of(pid)) is runnable for _ in range(10**5))
    return any(times)


def test_one_that_computes_could_run():
    with process(SPIN) as pid:
        assert becomes(pid, runnable=True)


def test_one_that_waits_for_an_event_could_not():
    with process(WAIT) as pid:
        assert becomes(pid, runnable=False)
        assert Activity(None, pid).is_asleep()


def test_one_that_was_stopped_could_not():
    with process(SPIN) as pid:
        os.kill(pid, signal.SIGSTOP)
        assert becomes(pid, runnable=False)


def test_one_that_starves_could_run():
    with process(SPIN) as first, process(SPIN) as pid:
        core = {min(os.sched_getaffinity(0))}
        for each in (first, pid):
            os.sched_setaffinity(each, core)
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
        assert all(any_runnable(threads_of(pid)) for _ in range(1000))


def test_a_parent_that_waits_is_not_asleep_while_its_child_computes():
    code = f"import os\nif os.fork() == 0:\n    {SPIN}\nos.wait()"
    with process(code) as pid:
        for _ in range(10**5):
            children = [child for child in family(pid) if child != pid]
            if children and not any_runnable(threads_of(pid)):
                break
        assert children
        assert not Activity(None, pid).is_asleep()
        os.kill(children[0], signal.SIGKILL)


def test_sleep_counts_whole_where_nothing_was_computed_and_a_tick_otherwise():
    sleep = Sleep()
    sleep.look(True, cpu_s=1.0)
    sleep.slept_s = 0.0
    sleep._since -= 2.0
    sleep.look(True, cpu_s=1.0)
    assert sleep.slept_s >= 2.0
    sleep.slept_s = 0.0
    sleep._since -= 2.0
    sleep.look(True, cpu_s=1.5)
    assert sleep.slept_s == TICK_S


def test_sleep_does_not_count_waiting_for_a_processor():
    sleep = Sleep()
    sleep._since -= 2.0
    sleep.look(False, cpu_s=0.0)
    assert sleep.slept_s == 0.0


def test_a_pace_is_bounded_and_has_steps():
    paces = [pace.pace_of(pace.REFERENCE_S * times) for times in (0.2, 1.1, 2.3, 900)]
    assert paces == [1.0, 1.0, 2.25, 20.0]
    assert 1.0 <= pace.measure() <= 20.0


def test_time_to_compute_is_granted_by_the_pace_and_time_to_sleep_is_not():
    budget = Budget(2.0, 256)
    assert budget.backstop_s(3.0) > budget.backstop_s(1.0) > 64 * budget.cpu_s
    assert budget.sleep_s == 8.0


@pytest.mark.jail
def test_a_jail_measures_its_pace_once_and_comes_back_when_its_server_is_gone():
    with Jail() as jail:
        measured = jail.pace
        assert 1.0 <= measured <= 20.0
        jail.pace = measured + 1  # told to the new server, who does not measure again
        os.kill(jail._server, signal.SIGKILL)
        jail.container().close()
        assert jail.pace == measured + 1


@pytest.mark.jail
def test_after_three_tests_that_took_too_long_no_other_of_the_task_is_run():
    task = Task("f", 1, 0.5, 256, "none")
    resting = replace(task, name="g", rests_on=("f",))
    cells = handed("spins", "def f():\n    while True: pass\ndef g(): return 7").cells
    with Jail() as jail:
        loaded = Loaded(jail, cells)

        def told(task: Task) -> str:
            opened = loaded.open(task, 0)
            try:
                return str(opened.session.ask("call", task.name, [], {}, label="f"))
            except StudentTimeout as error:
                return str(error)
            finally:
                opened.close(passed=False, goes_on=False)

        assert told(resting) == "7"
        assert told(task) == "no answer within 0.5 s"
        assert told(task) == "no answer within 0.125 s"
        assert told(resting) == "7"
        assert told(task) == "no answer within 0.125 s"
        for either in (task, resting):
            with pytest.raises(StudentTimeout, match="not run"):
                loaded.open(either, 0)
        loaded.late.clear()
        assert told(resting) == "7"
        loaded.close()


@pytest.mark.jail
@pytest.mark.parametrize("start", ["os.fork()", "threading.Thread(target=f).start()"])
def test_whoever_starts_processes_without_end_is_stopped_early(start):
    cells = handed("bomb", BOMB.format(start=start)).cells
    with Jail() as jail:
        if jail.group is None:
            pytest.skip("this machine has no control groups of ours")
        loaded = Loaded(jail, cells)
        opened = loaded.open(Task("f", 1, 600, 1024, "none"), 0)
        with pytest.raises(StudentTimeout, match="threads without end: it may have 64"):
            opened.session.ask("call", "f", [], {}, label="f")
        opened.close(passed=False, goes_on=False)
        assert loaded.late == {"f": 1}
        loaded.close()


@pytest.mark.jail
def test_whoever_has_fewer_processes_may_compute():
    cells = handed("forty", FORTY).cells
    with Jail() as jail:
        loaded = Loaded(jail, cells)
        opened = loaded.open(Task("f", 1, 60, 1024, "none"), 0)
        assert opened.session.ask("call", "f", [], {}, label="f") == 40
        opened.close(passed=True, goes_on=False)
        loaded.close()


def test_a_report_records_the_pace_among_its_timings():
    made = Report("x", "", "x", "", 1, "none", (), pace=2.5)
    assert made.as_dict()["pace"] == made.pace
    assert "pace" not in made.as_dict(timings=False)
    assert Report.from_json(made.to_json()) == made
    old = json.loads(made.to_json())
    del old["pace"]
    assert Report.from_json(json.dumps(old)).pace == 1.0
