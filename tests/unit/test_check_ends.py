"""A student's own check ends, whatever the student's code does; real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from autograder.student.checking import check_submission
from autograder.student.errors import TimeUp
from autograder.student.lesson import find_course
from autograder.student.notebook.reader import read_data
from autograder.student.report import Verdict
from autograder.student.testing import time_limit

COURSE = find_course(Path(__file__))
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def edited(lesson: str, *pairs: tuple[str, str]) -> str:
    """Return a lesson's reference with some text replaced."""
    text = COURSE.lesson(lesson).reference_path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


#: Waits for a plain lock that the same thread holds.
UNDER_LOCK = """
import threading

def mean(x):
    lock = threading.Lock()
    with lock:
        lock.acquire()
"""
ENDLESS = edited(
    "06-allreduce",
    (
        "def reduce_scatter(",
        "def reduce_scatter(*args):\n    while True:\n        pass\n\n\ndef slow(",
    ),
)
DEAF = """
def mean(x):
    print("READY", file=__import__("sys").stderr, flush=True)
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""


def test_a_deadlock_ends_with_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limit, "_IDLE_S", 1.0)
    lesson = COURSE.lesson("00-start")
    read = read_data("hw.py", UNDER_LOCK.encode(), lesson)
    result = check_submission(lesson, read, "mean")
    assert result.tasks[0].verdict is Verdict.TIMEOUT
    assert str(result).startswith(
        "mean: too slow (0 of 2 public tests)\n"
        "stopped: it waits, and nothing goes on\n  A lock may be taken twice"
    )


def test_what_rests_on_an_endless_task_is_not_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time_limit, "wall_limit", lambda task: 1.0)
    lesson = COURSE.lesson("06-allreduce")
    result = check_submission(lesson, read_data("hw.py", ENDLESS.encode(), lesson))
    told = {task.task: str(task.message) for task in result.tasks if task.message}
    assert told["reduce_scatter"].startswith("stopped after 1 seconds")
    assert told["ring_allreduce"] == "not run: reduce_scatter did not end"
    assert result.tasks[0].verdict is Verdict.PASSED


def test_a_lock_in_another_thread_is_left_behind_by_the_command(
    tmp_path: Path,
) -> None:
    # A thread that is no daemon and waits for ever must not keep the command.
    text = "import threading\n\n\ndef mean(x):\n    gate = threading.Event()\n"
    text += "    threading.Thread(target=gate.wait).start()\n    return 0.0\n"
    (tmp_path / "hw.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "check", "00", "-f", "hw.py"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "mean" in done.stdout


@POSIX
def test_ctrl_c_ends_even_code_that_catches_it(tmp_path: Path) -> None:
    (tmp_path / "hw.py").write_text(DEAF)
    command = [sys.executable, "-m", "autograder", "check", "00", "mean", "-f", "hw.py"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "READY\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (130, "autograder: stopped\n")


@POSIX
def test_a_watch_ends_a_wait_for_a_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    with pytest.raises(TimeUp), time_limit.Watch(0.2):
        lock.acquire()


def environment() -> dict[str, str]:
    """Return what a command needs to run this copy from another folder."""
    root = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": root}
