"""Grades many submissions at once, on this machine or on a Dask cluster."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from autograder.classroom.store import Store
from autograder.classroom.worker_pool import WorkerPool
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report

Key = TypeVar("Key")
#: Told ("start" | "retry" | "kept" | "done", key) as a run goes on; ("died", last
#: words) of a worker; ("warning", sentence).
Watcher = Callable[[str, Any], None]


def default_workers() -> int:
    """Return how many workers this machine should run: one a usable core."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def grade_many(
    lesson: Lesson,
    submissions: Iterable[tuple[Key, Submission]],
    *,
    tasks: Sequence[str] | None = None,
    seed: int = 0,
    workers: int | None = None,
    scheduler: str | None = None,
    pool: WorkerPool | None = None,
    store: Store | None = None,
    cache: Path | None = None,
    fresh: bool = False,
    ahead: bool = False,
    watch: Watcher | None = None,
) -> Iterator[tuple[Key, Report]]:
    """Grade submissions in parallel and yield each report as it is ready.

    Submissions are pulled from the iterable only as workers fall idle, so memory does
    not grow with the class. A worker that dies is replaced and its submission tried
    once more; if that one dies too, the report says so and costs no points. Each report
    equals what one process alone would give.

    Args:
        lesson: What to grade them against.
        submissions: Pairs of a caller's key and a submission.
        tasks: Grade these tasks alone: reports have no tests of the others, and none is
            looked up or kept.
        seed: The one seed of the class run.
        workers: Worker processes here; default: one a core.
        scheduler: ``HOST:PORT`` or ``tls://HOST:PORT`` of a Dask scheduler, to grade
            there instead.
        pool: Workers of the caller's, which it keeps, instead of new ones.
        store: Where reports are looked up first and kept; closing the generator or
            Ctrl-C leaves it complete, so that the next run goes on from there.
        cache: Where workers and runs share what known mistakes answer; by default
            beside the store, or with this run alone if there is none.
        fresh: Ignore what the store holds (and replace it).
        ahead: Start a worker here before the first submission is read, to save time
            where it is sure to be needed.
        watch: Called with an event and the key it is about.

    Yields:
        The caller's key and the report, in the order of finishing.

    Raises:
        CourseError: the lesson itself cannot be graded, or ``scheduler`` is no address.
        InfrastructureError: no worker can be started, or the cluster is gone.
    """
    tell: Watcher = watch or (lambda event, key: None)
    if cache is None and store is not None:
        cache = store.folder / "answers"
    if tasks is not None:
        store = None
    kept: deque[tuple[Key, Report]] = deque()

    def unknown() -> Iterator[tuple[Key, Submission]]:
        for key, submission in submissions:
            report = None
            if store is not None and not fresh:
                report = store.get(lesson.digest, submission, seed)
            if report is None:
                yield key, submission
            else:
                tell("kept", key)
                kept.append((key, report))

    own: WorkerPool | None = None
    if scheduler is None:
        if pool is None:
            pool = own = WorkerPool(
                lesson,
                seed,
                size=workers or default_workers(),
                cache=cache,
                tasks=tasks,
            )
            if ahead:
                pool.start()
        graded = pool.run(unknown(), tell)
    else:
        from autograder.classroom.remote import grade_remotely

        graded = grade_remotely(lesson, unknown(), seed, scheduler, tell, tasks)
    try:
        for key, report in graded:
            yield from _drain(kept)
            if store is not None:
                store.put(report)
            tell("done", key)
            yield key, report
        yield from _drain(kept)
    finally:
        graded.close()
        if own is not None:
            own.close()


def _drain(kept: deque[tuple[Key, Report]]) -> Iterator[tuple[Key, Report]]:
    while kept:
        yield kept.popleft()
