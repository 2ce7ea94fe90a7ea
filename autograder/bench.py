"""Measures the grader against stock nbgrader, and what the sandbox costs.

Times are compared within one run on one machine and told as ratios. CPU seconds are
those of this process and of every process that it waited for, plus those of the jail,
which is no child of this process: its control group counts them.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from autograder.grading.grade import Grader
from autograder.grading.mutants import lesson_mutants
from autograder.grading.public_bank import mutant_submission
from autograder.grading.reference import Reference
from autograder.sandbox.jail import Jail
from autograder.sandbox.loaded import Loaded
from autograder.student.lesson import Lesson, Task, find_course
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report
from autograder.student.testing.local import LocalSource, run_local

LESSONS = ("01", "09")
SUBMISSIONS = 20
#: How often we grade them in one run: a class has hundreds, and a start is paid once.
#: Stock nbgrader starts a kernel for each, so that once is enough.
ROUNDS = 4
#: We do so before stock nbgrader and after it: a machine's speed changes in minutes.
RUNS = 2
#: How often the right one is graded and tested by itself, after a first time that is
#: not counted.
RIGHT_ROUNDS = 20
TARGET = 10.0
SEED = 0
ARRAY = 10_000  # float64 values: 80 kB


@dataclass(frozen=True)
class Cost:
    """Seconds a submission on one core."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Comparison:
    """One lesson graded by stock nbgrader and by us."""

    lesson: str
    submissions: int
    stock: Cost
    ours: Cost  # the same work: grading
    rounds: int  # in which we graded them, in one run
    diagnosed_wall_s: float  # and naming the mistakes, which stock nbgrader cannot
    same_points: int  # submissions to which both give the same points
    right: Cost  # ours, of the right submission alone
    pure: Cost  # of its tests alone, in one process without a wall

    @property
    def throughput_ratio(self) -> float:
        """How many times more submissions one core grades in the same wall time."""
        return self.stock.wall_s / self.ours.wall_s

    @property
    def cpu_ratio(self) -> float:
        """How many times less CPU time a submission takes."""
        return self.stock.cpu_s / self.ours.cpu_s

    @property
    def ratio(self) -> float:
        """The smaller of the two ratios."""
        return min(self.throughput_ratio, self.cpu_ratio)

    @property
    def wall_ratio(self) -> float:
        """How many times the tests' own CPU time a right submission takes."""
        return self.right.cpu_s / self.pure.cpu_s

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, ratios included."""
        names = ("throughput_ratio", "cpu_ratio", "ratio", "wall_ratio")
        return asdict(self) | {name: getattr(self, name) for name in names}


def run_bench(*, as_json: bool) -> None:
    """Measure everything and print it."""
    course = find_course()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # both on the same core
    comparisons = [compare(course.lesson(name)) for name in LESSONS]
    costs = sandbox_costs()
    if as_json:
        data = {
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "grading": [comparison.as_dict() for comparison in comparisons],
            "target_ratio": TARGET,
            "sandbox_ms": costs,
        }
        print(json.dumps(data, indent=2))
    else:
        _show(comparisons, costs)


def compare(lesson: Lesson) -> Comparison:
    """Grade the same submissions by both, in turns, on one core."""
    from autograder.classroom.stock_nbgrader import make_stock_class, run_stock

    submissions = dict(_sample(lesson))
    count = len(submissions)

    def ours_once() -> tuple[Cost, dict[str, Report]]:
        _say(f"{lesson.id}: by the sandbox")
        return graded(lesson, submissions, diagnose=False, rounds=ROUNDS)

    before, reports = ours_once()
    _say(f"{lesson.id}: {count} submissions by stock nbgrader")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "stock"
        make_stock_class(root, lesson, submissions, SEED)
        points: dict[str, float] = {}
        stock = _measure(lambda: points.update(run_stock(root, lesson)))
    after, _ = ours_once()
    _say(f"{lesson.id}: a right one, and its tests without a sandbox")
    only = {"reference": submissions["reference"]}
    right = one_more(lesson, only)
    _say(f"{lesson.id}: by the sandbox, mistakes named")
    diagnosed, _ = graded(lesson, submissions, diagnose=True, rounds=ROUNDS)
    same = sum(abs(points.get(k, -1) - r.points) < 1e-3 for k, r in reports.items())
    once = count * ROUNDS
    both = once * RUNS
    return Comparison(
        lesson.id,
        count,
        Cost(stock.wall_s / count, stock.cpu_s / count),
        Cost(
            (before.wall_s + after.wall_s) / both, (before.cpu_s + after.cpu_s) / both
        ),
        ROUNDS * RUNS,
        diagnosed.wall_s / once,
        same,
        right,
        tests_alone(lesson, only["reference"]),
    )


def one_more(lesson: Lesson, only: dict[str, Submission]) -> Cost:
    """Return what one more submission takes, in a grader that has started."""
    few, _ = graded(lesson, only, diagnose=False)
    many, _ = graded(lesson, only, diagnose=False, rounds=RIGHT_ROUNDS + 1)
    return Cost(
        (many.wall_s - few.wall_s) / RIGHT_ROUNDS,
        (many.cpu_s - few.cpu_s) / RIGHT_ROUNDS,
    )


def tests_alone(lesson: Lesson, submission: Submission) -> Cost:
    """Return what the hidden tests of a right submission take in this process.

    The first round is not counted: what a class run computes once, it computes.
    """
    sources = (LocalSource.load(submission.cells) for _ in range(RIGHT_ROUNDS + 1))
    ends: list[tuple[float, float]] = []
    run_local(
        lesson,
        lesson.hidden_tests(),
        sources,
        seed=SEED,
        reference=Reference(lesson.reference_path),
        on_done=lambda outcomes: ends.append((time.perf_counter(), cpu_s())),
    )
    (wall_0, cpu_0), (wall_1, cpu_1) = ends[0], ends[-1]
    return Cost((wall_1 - wall_0) / RIGHT_ROUNDS, (cpu_1 - cpu_0) / RIGHT_ROUNDS)


def sandbox_costs() -> dict[str, float]:
    """Return the milliseconds of a jail's start, of a fork and of calls."""
    _say("costs of the sandbox")
    source = "def same(x):\n    return x\n\n\ndef nothing():\n    pass\n"
    cells = Submission.from_sources("bench.py", [("bench", source)]).cells
    task = Task("same", 1, 60, 256, "none")
    starts = []
    for _ in range(5):
        start = time.perf_counter()
        Jail().close()
        starts.append(time.perf_counter() - start)
    with Jail() as jail:
        loads = _times(
            5, lambda: Loaded(jail, cells).open(task, SEED).close(False, False)
        )
        loaded = Loaded(jail, cells)
        forks = _times(30, lambda: loaded.open(task, SEED).close(False, False))
        loaded.open(task, SEED).close(True, True)
        shared = _times(30, lambda: loaded.open(task, SEED).close(True, True))
        opened = loaded.open(task, SEED)
        array = np.zeros(ARRAY)
        ask = opened.session.ask
        small = _times(200, lambda: ask("call", "nothing", [], {}, label="nothing"))
        # No more: what one test is told is bounded.
        large = _times(20, lambda: ask("call", "same", [array], {}, label="same"))
        opened.close(False, False)
        loaded.close()
    measured = {
        "start a jail": starts,
        "load a submission and fork once": loads,
        "fork a test process": forks,
        "let a test process serve the next test": shared,
        "call without arguments": small,
        "call with an 80 kB array, there and back": large,
    }
    return {name: 1e3 * statistics.median(t) for name, t in measured.items()}


def _sample(lesson: Lesson) -> Iterator[tuple[str, Submission]]:
    """Return right and wrong submissions of every task, evenly drawn."""
    yield "reference", read_submission(lesson.reference_path, lesson)
    mutants = lesson_mutants(lesson)
    step = max(1, len(mutants) // (SUBMISSIONS - 1))
    for number, mutant in enumerate(mutants[::step][: SUBMISSIONS - 1]):
        yield f"student-{number:02d}", mutant_submission(lesson, mutant)


def graded(
    lesson: Lesson,
    submissions: dict[str, Submission],
    *,
    diagnose: bool,
    rounds: int = 1,
    cache: Path | None = None,
) -> tuple[Cost, dict[str, Report]]:
    """Grade submissions in this process; return what all took, and the reports."""
    reports: dict[str, Report] = {}
    grader = Grader(lesson, SEED, diagnose=diagnose, cache=cache)
    again = (item for _ in range(rounds) for item in submissions.items())
    cost = _measure(lambda: grader.run(again, reports.__setitem__))
    jailed_s = grader.jailed_cpu_s
    if jailed_s is None:  # no control group counts it: at least what tests used
        tasks = (task for report in reports.values() for task in report.tasks)
        once_s = sum(test.cpu_s for task in tasks for test in task.tests)
        jailed_s = once_s * rounds
    return Cost(cost.wall_s, cost.cpu_s + jailed_s), reports


def _measure(work: Callable[[], object]) -> Cost:
    before, start = cpu_s(), time.perf_counter()
    work()
    return Cost(time.perf_counter() - start, cpu_s() - before)


def cpu_s() -> float:
    """Return the CPU seconds of this process and of those that it waited for."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _times(count: int, work: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken


def _show(comparisons: list[Comparison], costs: dict[str, float]) -> None:
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("a submission, one core")
    columns = ("nbgrader CPU s", "ours CPU s", "nbgrader wall s", "ours wall s")
    more = "with diagnosis", "ratio", "same points", "of the tests' own"
    for column in (*columns, *more):
        table.add_column(column, justify="right")
    for one in comparisons:
        seconds = (one.stock.cpu_s, one.ours.cpu_s, one.stock.wall_s, one.ours.wall_s)
        table.add_row(
            one.lesson,
            *(f"{value:.3f}" for value in (*seconds, one.diagnosed_wall_s)),
            f"{one.ratio:.1f}",
            f"{one.same_points} of {one.submissions}",
            f"{one.wall_ratio:.1f}",
        )
    console.print(table)
    worst = min(one.ratio for one in comparisons)
    word = "reached" if worst >= TARGET else "missed"
    console.print(f"At least {worst:.1f} times faster; the target of 10 is {word}.")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("the sandbox")
    table.add_column("ms", justify="right")
    for name, milliseconds in costs.items():
        table.add_row(name, f"{milliseconds:.2f}")
    console.print(table)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
