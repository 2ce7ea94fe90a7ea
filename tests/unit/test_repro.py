"""`autograder check --repro TASK`: what it prints runs and shows the mistake."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.grading.mutants import lesson_mutants
from autograder.grading.public_bank import mutant_submission
from autograder.student.commands.repro import print_case
from autograder.student.lesson import Lesson, find_course
from autograder.student.report import Verdict

ROOT = Path(__file__).parents[2]
COURSE = find_course(ROOT)
CASES: dict[str, tuple[str, str, str, str, str | None]] = {
    "a call with functions": (
        "01-gradients", "partial",
        "- number(f(left))) / distance", "- number(f(left))) / distance * 2",
        "-0.73575888",
    ),
    "an object and its operators": (
        "01-gradients", "Dual",
        "value * other.tangent", "value + other.tangent",
        "'x * x': (9.0, 7.0)",
    ),
    "what an object gave that another gave": (
        "03-random-walks", "Series",
        "b.append(-b[0] * sum(", "b.append(b[0] * sum(",
        "Fraction(1, 8)",
    ),
    "a function that collects what it is given": (
        "02-quadratic-forms", "steepest_descent",
        "x = x + alpha * r", "x = x - 1e200 * r",
        None,  # it raises
    ),
    "exact numbers": (
        "03-random-walks", "returns",
        "def returns(", "def returns(p, n):\n    return [p], [p]\n\n\ndef old(",
        "([Fraction(",
    ),
    "ranks": (
        "06-allreduce", "reduce_scatter",
        "def reduce_scatter(", "def reduce_scatter(*a):\n    return 0, 9\n\n\ndef old(",
        "[(0, 9), (0, 9), (0, 9), (0, 9)]",
    ),
    "a kernel with large inputs": (
        "09-flash-attention", "flash_kernel",
        "        alpha = tl.exp(m_i - m_new)\n", "        alpha = tl.exp(m_i)\n",
        "array([[[[",
    ),
}  # fmt: skip


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_prints_lines_that_show_the_mistake(case: str, tmp_path: Path) -> None:
    lesson, task, old, new, shown = CASES[case]
    text = COURSE.lesson(lesson).reference_path.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "hw.py").write_text(text.replace(old, new, 1), encoding="utf-8")
    told = run(
        tmp_path, "-m", "autograder", "check", lesson, "-f", "hw.py", "--repro", task
    )
    assert told.returncode == 1, told.stderr
    assert "test_" not in told.stdout
    assert told.stdout.splitlines()[-1].startswith("#   ")  # what check says
    (tmp_path / "again.py").write_text(told.stdout, encoding="utf-8")
    assert len(told.stdout) < 3000
    done = run(tmp_path, "again.py")
    if shown is None:
        assert "OverflowError" in told.stdout
        assert "OverflowError" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert shown in done.stdout


def test_the_smallest_failing_case_is_shown(tmp_path: Path) -> None:
    text = COURSE.lesson("08-deformable-conv").reference_path.read_text("utf-8")
    old = '    return out.astype(x.dtype)\n\n\n# %% tags=["task"] task="deform_conv2d_b'
    assert text.count(old) == 1  # every call of deform_conv2d is wrong now
    wrong = text.replace(old, old.replace("return out", "return 2 * out"))
    (tmp_path / "hw.py").write_text(wrong, encoding="utf-8")
    command = "-m", "autograder", "check", "08", "-f", "hw.py"
    told = run(tmp_path, *command, "--repro", "deform_conv2d")
    assert "a 1 x 1 kernel" in told.stdout  # the first test has larger ones
    assert len(told.stdout) < 2500


def test_says_that_there_is_nothing_to_show(tmp_path: Path) -> None:
    reference = COURSE.lesson("00-start").reference_path
    (tmp_path / "hw.py").write_bytes(reference.read_bytes())
    told = run(
        tmp_path, "-m", "autograder", "check", "00", "-f", "hw.py", "--repro", "mean"
    )
    assert told.returncode == 0
    assert told.stdout == "# mean passes: nothing to show\n"


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.id)
def test_a_misunderstanding_of_every_task_can_be_shown(
    lesson: Lesson, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a public test holds: numbers, objects, launches, functions."""
    monkeypatch.chdir(tmp_path)
    ideas = {}
    for mutant in lesson_mutants(lesson):
        if mutant.severity == "idea":
            ideas.setdefault(mutant.task, mutant)
    for task, mutant in ideas.items():
        answer = mutant_submission(lesson, mutant)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            verdict = print_case(lesson, answer, tmp_path / "hw.py", task)
        assert verdict is not Verdict.PASSED, mutant.name
        compile(printed.getvalue(), mutant.name, "exec")
        assert printed.getvalue().splitlines()[-1].startswith("# "), mutant.name
