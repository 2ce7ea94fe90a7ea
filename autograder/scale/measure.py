"""Measures what a submission costs and what runs take, on this machine.

Costs are CPU seconds. Grading is measured alone, on all cores at once. Everything else
is measured in class runs on a cluster whose workers answer at once
(`autograder.scale.instant`).
"""

from __future__ import annotations

import os
import pickle
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean

import jupytext
import nbformat

from autograder.bench import cpu_s, graded
from autograder.classroom.class_pages import write_class_pages
from autograder.classroom.class_run import grade_class
from autograder.classroom.folder import ClassFolder, open_class
from autograder.grading.mutants import lesson_mutants
from autograder.scale.cluster import local_cluster
from autograder.scale.instant import REPORTS_ENV
from autograder.scale.model import Costs
from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import read_submission

KINDS = 12  # submissions that differ: the right one, and known mistakes
ROUNDS = 5  # how often each is graded: with nothing known, once warm, and thrice more
INSTANT = 120  # submissions of the run that is answered at once
_THREADS = 8  # of the instant worker, so that it never keeps the coordinator waiting
_HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """What one class run took: the CPU seconds of each process, and the time."""

    seconds: float
    grading_s: float  # the coordinator's CPU, until the last record
    pages_s: float  # and for the pages after it
    scheduler_s: float
    worker_s: float  # of the Dask workers, their graders not among it


def measure_costs(empty: ClassFolder, lesson: Lesson, folder: Path) -> Costs:
    """Measure what one submission of a lesson costs.

    Args:
        empty: A class in which the lesson is released, to be copied.
        lesson: The lesson.
        folder: Where classes are made.
    """
    reports = folder / "reports"
    reports.mkdir()
    made = make_class(folder / "grading", empty, lesson, ROUNDS * KINDS)
    alone = _grade_on_all_cores(made.root, lesson, folder / "answers")
    for kind, text in alone[0].reports.items():
        (reports / f"{kind}.json").write_text(text, encoding="utf-8")
    runs = []
    for number, count in enumerate((1, 1, INSTANT)):  # the first one imports nbgrader
        place = folder / f"instant-{number}"
        made = make_class(place / "class", empty, lesson, count)
        runs.append(class_run(made, lesson, place, threads=_THREADS, reports=reports))
    _, one, many = runs
    more = INSTANT - 1
    coordinator_s = (many.grading_s - one.grading_s) / more
    page_s = (many.pages_s - one.pages_s) / more
    return Costs(
        worker_s=fmean(core.each_s for core in alone)
        + (many.worker_s - one.worker_s) / more,
        coordinator_s=coordinator_s,
        scheduler_s=(many.scheduler_s - one.scheduler_s) / more,
        page_s=page_s,
        bytes_each=alone[0].bytes_each,
        once_s=max(0.0, one.grading_s + one.pages_s - coordinator_s - page_s),
        worker_start_s=fmean(core.once_s for core in alone),
    )


def make_class(
    root: Path, empty: ClassFolder, lesson: Lesson, count: int
) -> ClassFolder:
    """Copy a class and hand in right and wrong notebooks in turn.

    No two are the same file: what is graded already is not graded again.
    """
    shutil.copytree(empty.root, root)
    kinds = list(_sources(lesson).items())
    for number in range(count):
        name, source = kinds[number % len(kinds)]
        book = jupytext.reads(f"{source}\n# %%\n# {number}\n", fmt="py:percent")
        place = root / "submitted" / f"student-{number:04}" / lesson.id
        place.mkdir(parents=True)
        (place / f"{name}.ipynb").write_text(nbformat.writes(book), encoding="utf-8")
    return open_class(root)


def class_run(
    made: ClassFolder,
    lesson: Lesson,
    folder: Path,
    *,
    workers: int = 1,
    threads: int = 1,
    reports: Path | None = None,
) -> Run:
    """Grade a class on a cluster of this machine, as ``autograder class grade`` does.

    Args:
        made: The class.
        lesson: The lesson handed in.
        folder: For the cluster's own files.
        workers: Dask workers, each of which stays on one core.
        threads: Threads of each.
        reports: Answers to give at once instead of grading.
    """
    instant = ("--preload", "autograder.scale.instant") if reports else ()
    cluster = local_cluster(
        folder,
        *instant,
        workers=workers,
        threads=threads,
        cores=[] if reports else sorted(os.sched_getaffinity(0)),
        environment={REPORTS_ENV: str(reports)},
    )
    with cluster as dask:
        processes = (dask.scheduler, *dask.workers)
        before = [_cpu_s(process.pid) for process in processes]
        start, read = time.perf_counter(), cpu_s()
        hand_ins = made.submitted().of(lesson)
        for _ in grade_class(made, lesson, hand_ins, scheduler=dask.address):
            pass
        graded_s = cpu_s()
        write_class_pages(made)
        end, written = time.perf_counter(), cpu_s()
        after = [_cpu_s(process.pid) for process in processes]
    scheduler, *others = (b - a for a, b in zip(before, after, strict=True))
    return Run(end - start, graded_s - read, written - graded_s, scheduler, sum(others))


def _sources(lesson: Lesson) -> dict[str, str]:
    """Return right and wrong solutions by name, the wrong ones evenly drawn."""
    reference = lesson.reference_path.read_text(encoding="utf-8")
    mutants = [mutant for mutant in lesson_mutants(lesson) if mutant.edits]
    step = max(1, len(mutants) // (KINDS - 1))
    wrong = mutants[::step][: KINDS - 1]
    found = {mutant.name: mutant.edited(reference) for mutant in wrong}
    return {"reference": reference} | found


@dataclass(frozen=True)
class _Graded:
    """What grading took on one core, and a report of each kind as JSON."""

    once_s: float  # CPU that a new process takes beyond grading
    each_s: float  # CPU of a submission
    bytes_each: float  # of a submission and its report
    reports: dict[str, str]


def _grade_on_all_cores(root: Path, lesson: Lesson, folder: Path) -> list[_Graded]:
    """Grade a class once on every core, at the same time.

    So are cores used: where two share a processor's caches and units, each takes longer
    while the other computes.
    """
    cores = sorted(os.sched_getaffinity(0))
    with ProcessPoolExecutor(len(cores), mp_context=get_context("spawn")) as pool:
        work = [
            pool.submit(_grade_on, core, root, lesson.id, folder / str(core))
            for core in cores
        ]
        return [one.result() for one in work]


def _grade_on(core: int, root: Path, lesson_id: str, cache: Path) -> _Graded:
    started_s = cpu_s()  # the interpreter and its imports
    os.sched_setaffinity(0, {core})
    cache.mkdir(parents=True)
    made = open_class(root)
    lesson = made.course.lesson(lesson_id)
    hand_ins = made.submitted().of(lesson)
    read = [read_submission(hand_in.folder, lesson) for hand_in in hand_ins]
    kinds = len(_sources(lesson))
    cold, warm, rest = read[:kinds], read[kinds : 2 * kinds], read[2 * kinds :]
    costs = []
    for part in (cold, warm, rest):
        named = {one.digest: one for one in part}
        cost, found = graded(lesson, named, diagnose=True, cache=cache)
        costs.append(cost.cpu_s)
    each_s = (costs[2] - costs[1]) / (len(rest) - len(warm))
    reports = {Path(one.name).stem: one.to_json() for one in found.values()}
    sent = [len(pickle.dumps(one.without_prose())) for one in rest]
    bytes_each = fmean(sent) + fmean(map(len, reports.values()))
    once_s = started_s + max(0.0, costs[0] - each_s * kinds)
    return _Graded(once_s, each_s, bytes_each, reports)


def _cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, without those of its children."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _HERTZ
