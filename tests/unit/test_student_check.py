"""A student's own check, in a notebook's namespace or of a file."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from autograder.student import checking as student
from autograder.student.checking import CheckResult, attempt, check_submission
from autograder.student.lesson import find_course
from autograder.student.notebook.reader import read_data
from autograder.student.notebook.submission import Submission
from autograder.student.report import Verdict
from autograder.student.testing import time_limit as watchdog
from autograder.student.testing.time_limit import WatchedSource

COURSE = find_course(Path(__file__))
LESSON = COURSE.lesson("00-start")
REFERENCE = LESSON.reference_path.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _no_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(student, "_current", [])
    monkeypatch.delenv(student.LESSON_ENV, raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)


def notebook(code: str, **names: Any) -> dict[str, Any]:
    """Run code as a notebook's kernel does; return its namespace."""
    space = {"__name__": "__main__", **names}
    exec(f"from autograder.student import *\n{code}", space)
    return space


def of(source: str, task: str | None = None) -> CheckResult:
    return check_submission(LESSON, read_data("hw.py", source.encode(), LESSON), task)


def test_names_what_passed(capsys: pytest.CaptureFixture[str]) -> None:
    space = notebook(f"{REFERENCE}\nstart('00-start')\nr = check('mean')")
    assert capsys.readouterr().out == "mean: passed (2 of 2 public tests)\n"
    assert repr(space["r"]) == "mean: passed (2 of 2 public tests)"
    assert "course/00-start/index.md#step-1" in space["r"]._repr_html_()


def test_all_tasks_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    notebook(f"{REFERENCE}\nstart('00')\nmean = lambda x: x\ncheck()")
    told = capsys.readouterr().out
    assert told.startswith("mean: wrong (0 of 2 public tests)\nmean of 1, 2, 6\n  ")
    assert "halvings: passed (4 of 4 public tests)" in told


def test_undefined_names_are_not_attempted(capsys: pytest.CaptureFixture[str]) -> None:
    notebook("start('00-start')\ncheck('mean')")
    assert capsys.readouterr().out == "mean: not attempted yet\n"


@pytest.mark.parametrize("code", ["check('mean')", "points('mean')"])
def test_does_nothing_where_a_file_is_imported(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook(code, __name__="exercise")
    assert capsys.readouterr().out == ""


def test_importing_an_exercise_says_nothing() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(LESSON.course_dir)!r}); import exercise"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "check" not in done.stdout


def test_points_are_the_share_of_public_tests() -> None:
    good = notebook(f"{REFERENCE}\nstart('00')\np = points('halvings')")
    assert good["p"] == 4.0
    part = "def halvings(a, b):\n    return {8.0: 3, 5.0: 3, 1.0: 0}[a]"
    assert notebook(f"{part}\nstart('00')\np = points('halvings')")["p"] == 3.0


@pytest.mark.parametrize("where", ["start", "environment", "file", "task"])
def test_finds_its_lesson(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, Any] = {}
    code = "r = check('halvings')"
    if where == "start":
        code = f"start('00-start')\n{code}"
    elif where == "environment":
        monkeypatch.setenv(student.LESSON_ENV, "00")
    elif where == "file":
        names["__file__"] = str(LESSON.exercise_path)
    assert notebook(code, **names)["r"].lesson.id == "00-start"


def test_tells_how_to_name_the_lesson(capsys: pytest.CaptureFixture[str]) -> None:
    assert notebook("r = check('no_such_task')")["r"] is None
    assert "check() does not know the lesson" in capsys.readouterr().out


def test_tells_a_task_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    notebook("start('00')\ncheck('meen')")
    assert "00-start has no task 'meen'" in capsys.readouterr().out


def test_attempt_calms_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with attempt():
        raise NotImplementedError("mean: chapter, step 1")
    with attempt():
        import no_such_package  # type: ignore[import-not-found]  # noqa: F401
    told = capsys.readouterr().out
    assert "not attempted yet (mean: chapter, step 1)" in told
    assert "pip install no_such_package" in told
    with pytest.raises(ValueError, match="real"), attempt():
        raise ValueError("a real mistake")


def test_cards_escape_what_a_student_can_write() -> None:
    broken = "def mean(x):\n    raise ValueError('<script>alert(1)</script>')\n"
    card = of(broken, "mean")._repr_html_()
    assert "<script>" not in card


def test_tells_cell_and_line_of_an_error() -> None:
    source = "def mean(x):\n    return x.sum() / missing\n"
    sources = [("cell 3", "import numpy"), ("cell 5", source)]
    result = check_submission(LESSON, Submission.from_sources("hw", sources), "mean")
    assert "at cell 5, line 2, in mean" in str(result)


def test_stops_a_loop_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "wall_limit", lambda task: 0.2)
    loop = "def halvings(a, b):\n    while True:\n        pass\n"
    result = of(loop, "halvings")
    assert {test.verdict for test in result.tasks[0].tests} == {Verdict.TIMEOUT}
    assert "stopped after 0 seconds" in str(result)
    assert "Grading allows 1 s." in str(result)


def test_stops_a_loop_that_catches_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "wall_limit", lambda task: 0.2)
    monkeypatch.setattr(watchdog, "_AGAIN_S", 0.2)
    loop = """
def mean(x):
    for _ in range(2):
        try:
            while True:
                pass
        except Exception:
            pass
    return 0.0
"""
    assert of(loop, "mean").tasks[0].verdict is Verdict.TIMEOUT


def test_no_watch_is_left_behind() -> None:
    before = threading.active_count()
    assert of(REFERENCE).passed
    assert threading.active_count() <= before + 1


def test_reports_repairs() -> None:
    assert of(f"{REFERENCE}\ndef mean(:\n").notes


@pytest.mark.parametrize("blocked", ["fcntl resource pwd grp termios"])
def test_needs_nothing_heavy_and_nothing_of_unix_alone(blocked: str) -> None:
    code = f"""
import sys
for name in {blocked.split()!r}:
    sys.modules[name] = None
from autograder.cli import main
try:
    main(["check", "00-start", "--file", {str(LESSON.reference_path)!r}])
except SystemExit as end:
    assert end.code == 0, end.code
heavy = "torch nbformat jupytext nbgrader IPython matplotlib triton distributed"
assert not set(heavy.split()) & set(sys.modules), set(heavy.split()) & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "passed" in done.stdout


def test_reads_what_was_typed_as_grading_would() -> None:
    lesson = COURSE.lesson("05-thread-pool")
    answer = lesson.reference_path.read_text(encoding="utf-8")
    example = "import time\npool = ThreadPool(1, 1)\ntime.sleep(0.5)"
    typed = ["", answer, example, "class ThreadPool:\n    pass", "check('ThreadPool')"]
    cells = dict(WatchedSource.over({"In": typed}, lesson).cells)
    assert "class Future" in cells["cell In[1]"]
    assert cells["cell In[3]"].strip() == typed[3]
    assert cells.keys() == {"cell In[1]", "cell In[2]", "cell In[3]"}
    assert cells["cell In[2]"].split() == ["import", "time"]


def test_an_example_takes_no_time_of_the_tests(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lesson = COURSE.lesson("05-thread-pool")
    answer = lesson.reference_path.read_text(encoding="utf-8")
    example = "pool = ThreadPool(1, 1)\nfor _ in range(5):\n    time.sleep(0.01)"
    notebook(
        f"{answer}\nstart('05')\nr = check('shutdown_and_await')",
        In=["", answer, example],
    )
    assert "shutdown_and_await: passed (3 of 3" in capsys.readouterr().out
