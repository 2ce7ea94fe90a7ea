"""``autograder bench --scale``: costs, predictions, and how far off they are here."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.bench import SEED
from autograder.classroom.class_setup import init_class
from autograder.scale.measure import class_run, make_class, measure_costs
from autograder.scale.model import Costs, Prediction, predict
from autograder.student.lesson import Course, find_course

LESSON = "01"
CHECKED, CHECKED_WORKERS = 96, (1, 2, 4)
LARGE, LARGE_WORKERS = 100_000, (10, 100, 1_000)


@dataclass(frozen=True)
class Check:
    """One run on this machine, and what the model says of it."""

    measured_s: float
    predicted: Prediction

    @property
    def error_percent(self) -> float:
        """How much longer the prediction is than the run."""
        return 100 * (self.predicted.seconds / self.measured_s - 1)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, the error included."""
        return asdict(self) | {"error_percent": self.error_percent}


def run_scale(*, as_json: bool) -> None:
    """Measure, predict, compare, and print it."""
    course = find_course()
    cores = len(os.sched_getaffinity(0))
    if os.getloadavg()[0] > 0.5:
        _say("this machine has other work: times will be too long, and errors large")
    with tempfile.TemporaryDirectory(prefix="autograder-scale-") as folder:
        costs, checks = _measure(course, Path(folder), cores)
    large = [predict(costs, LARGE, workers) for workers in LARGE_WORKERS]
    if as_json:
        data = {
            "machine": platform.machine(),
            "cores": cores,
            "lesson": course.lesson(LESSON).id,
            "costs": asdict(costs),
            "checks": [check.as_dict() for check in checks],
            "predictions": [asdict(prediction) for prediction in large],
            "useful_workers": costs.useful_workers(),
        }
        print(json.dumps(data, indent=2))
    else:
        _show(costs, checks, large, cores)


def _measure(course: Course, folder: Path, cores: int) -> tuple[Costs, list[Check]]:
    lesson = course.lesson(LESSON)
    _say(f"{lesson.id}: what a submission costs")
    empty = init_class(folder / "empty", course, lessons=[lesson], seed=SEED)
    costs = measure_costs(empty, lesson, folder)
    checks = []
    for workers in CHECKED_WORKERS:
        _say(f"{lesson.id}: {CHECKED} submissions, Dask workers: {workers}")
        place = folder / f"workers-{workers}"
        made = make_class(place / "class", empty, lesson, CHECKED)
        run = class_run(made, lesson, place, workers=workers)
        checks.append(Check(run.seconds, predict(costs, CHECKED, workers, cores)))
    return costs, checks


def _show(
    costs: Costs, checks: list[Check], large: list[Prediction], cores: int
) -> None:
    console = Console()
    table = _table("a submission costs", "")
    for name, value, unit in (
        ("a worker", 1e3 * costs.worker_s, "ms"),
        ("the coordinator", 1e3 * costs.coordinator_s, "ms"),
        ("the scheduler", 1e3 * costs.scheduler_s, "ms"),
        ("its pages", 1e3 * costs.page_s, "ms"),
        ("the network", costs.bytes_each / 1e3, "kB"),
        ("once", costs.once_s, "s"),
        ("once a worker", costs.worker_start_s, "s"),
    ):
        table.add_row(name, f"{value:.1f} {unit}")
    console.print(table)
    title = f"{CHECKED} submissions on {cores} cores"
    table = _table(title, "measured s", "predicted s", "error", "bottleneck")
    for check in checks:
        table.add_row(
            _workers(check.predicted.workers),
            f"{check.measured_s:.1f}",
            f"{check.predicted.seconds:.1f}",
            f"{check.error_percent:+.0f} %",
            check.predicted.bottleneck,
        )
    console.print(table)
    table = _table(f"{LARGE:,} submissions", "predicted", "bottleneck")
    for one in large:
        took = f"{one.seconds / 60:.0f} min"
        table.add_row(_workers(one.workers), took, one.bottleneck)
    console.print(table)
    console.print(f"From {costs.useful_workers()} workers on, more bring nothing.")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _workers(count: int) -> str:
    return f"{count:,} worker{'s' * (count != 1)}"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
