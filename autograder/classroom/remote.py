"""Grades on a Dask cluster: the same worker pools, started by Dask's workers.

The lesson travels with the work, so a remote machine needs this package and no copy of
the course. Dask is imported here and in `autograder.classroom.scheduler` alone.
"""

from __future__ import annotations

import atexit
import io
import itertools
import platform
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from autograder.classroom.scheduler import Watch, connect, full_address, is_exposed
from autograder.classroom.worker_pool import WorkerPool, available_cores
from autograder.student.lesson import Course, Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError, Report

Key = TypeVar("Key")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold


def grade_remotely(
    lesson: Lesson,
    submissions: Iterator[tuple[Key, Submission]],
    seed: int,
    scheduler: str,
    tell: Callable[[str, Any], None],
    tasks: Sequence[str] | None = None,
) -> Generator[tuple[Key, Report]]:
    """Grade on the cluster of ``scheduler`` and yield reports as they finish.

    Two submissions a thread of the cluster are in flight: enough to keep every thread
    busy, few enough that the class never piles up in memory. Workers may come and go
    meanwhile; what a lost one was grading is graded by another.

    Raises:
        CourseError: ``scheduler`` is no address.
        InfrastructureError: the scheduler does not answer or is gone, or has no
            workers.
    """
    address = full_address(scheduler)
    if is_exposed(address):
        tell("warning", f"who can reach {address} can read along, and run code there")
    with connect(address) as client:
        watch = Watch(client, address)
        # A task and no scattered data, which would be lost with the worker that holds
        # it: this the scheduler can compute again.
        bundle = client.submit(bytes, pack(lesson))
        keys: dict[str, Key] = {}
        finished: SimpleQueue[Any] = SimpleQueue()

        def feed() -> None:
            room = max(0, 2 * watch.threads - len(keys))
            for key, submission in itertools.islice(submissions, room):
                tell("start", key)
                code = submission.without_prose()
                future = client.submit(
                    grade_here, bundle, lesson.id, seed, code, tasks, pure=False
                )
                keys[future.key] = key
                future.add_done_callback(finished.put)

        feed()
        while keys:
            future = watch.wait(lambda seconds: finished.get(timeout=seconds))
            report = Report.from_json(_result(future, watch))
            key = keys.pop(future.key)
            feed()
            yield key, report


def _result(future: Any, watch: Watch) -> str:
    from distributed import CancelledError

    try:
        # Its worker may be lost even now, and another one grade it again.
        return watch.wait(lambda seconds: str(future.result(timeout=seconds)))
    except (CourseError, InfrastructureError):
        raise
    except CancelledError as error:  # Dask gives up all work with its connection
        raise watch.gone() from error
    except Exception as error:  # a worker killed thrice, or without this package
        words = " ".join(f"{type(error).__name__}: {error}".split())
        raise InfrastructureError(f"the Dask cluster failed: {words}") from error


def pack(lesson: Lesson) -> bytes:
    """Return the lesson and its twin as a zip file, the same bytes each time."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
        for folder in (lesson.course_dir, lesson.twin_dir):
            for path in sorted(folder.rglob("*")) if folder else ():
                if path.is_file() and "__pycache__" not in path.parts:
                    name = path.relative_to(lesson.root).as_posix()
                    bundle.writestr(zipfile.ZipInfo(name, _EPOCH), path.read_bytes())
    return stream.getvalue()


def grade_here(
    bundle: bytes,
    lesson_id: str,
    seed: int,
    submission: Submission,
    tasks: Sequence[str] | None = None,
) -> str:
    """Grade one submission on this machine; runs in a thread of a Dask worker.

    Each thread keeps one pool of one process for as long as the lesson and the seed
    stay the same. The report comes back as JSON.

    Raises:
        InfrastructureError: nothing can be graded on this machine; names it.
    """
    lesson = Course(_unpacked(bundle)).lesson(lesson_id)
    pool = _pool_of_this_thread(lesson, seed, tasks)
    try:
        ((_, report),) = pool.run([(None, submission)], lambda event, key: None)
    except InfrastructureError as error:
        raise InfrastructureError(f"{platform.node()}: {error}") from error
    return report.to_json()


_here = threading.local()
_places = itertools.count()
_unpacking = threading.Lock()
_folders: dict[bytes, Path] = {}
_pools: list[WorkerPool] = []


def _pool_of_this_thread(
    lesson: Lesson, seed: int, tasks: Sequence[str] | None
) -> WorkerPool:
    wanted = (lesson.digest, seed, tasks)
    if getattr(_here, "serves", None) != wanted:
        if hasattr(_here, "pool"):
            _pools.remove(_here.pool)
            _here.pool.close()
        else:
            _here.cores = _core_of_this_thread()
        _here.pool = WorkerPool(
            lesson,
            seed,
            size=1,
            cache=lesson.root / "answers",
            cores=_here.cores,
            tasks=tasks,
        )
        _here.serves = wanted
        _pools.append(_here.pool)
    found: WorkerPool = _here.pool
    return found


def _core_of_this_thread() -> list[int]:
    """Return the core to stay on, where this Dask worker has a thread for every core.

    Where it has fewer, other Dask workers of this machine may be on any core.
    """
    from distributed import get_worker

    cores = available_cores()
    if get_worker().state.nthreads < len(cores):
        return []
    return [cores[next(_places) % len(cores)]]


def _unpacked(bundle: bytes) -> Path:
    """Return a lesson's folder, in Dask's own, which deletes what a killed one left."""
    from distributed import get_worker

    with _unpacking:
        if bundle not in _folders:
            place = get_worker().local_directory
            folder = Path(tempfile.mkdtemp(prefix="autograder-lesson-", dir=place))
            with zipfile.ZipFile(io.BytesIO(bundle)) as files:
                files.extractall(folder)
            (folder / "answers").mkdir()
            _folders[bundle] = folder
        return _folders[bundle]


@atexit.register
def _clean_up() -> None:
    for pool in _pools:
        pool.close()
    for folder in _folders.values():
        shutil.rmtree(folder, ignore_errors=True)
