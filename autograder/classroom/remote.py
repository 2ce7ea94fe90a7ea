"""Grades on a Dask cluster: the same worker pools, started by Dask's workers.

The lesson travels with the work, so a remote machine needs this package and no copy of
the course. Dask is imported here alone.
"""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

from autograder.classroom.user_cache import user_cache
from autograder.classroom.worker_pool import WorkerPool
from autograder.student.lesson import Course, Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, InfrastructureError, Report

Key = TypeVar("Key")
CONNECT_S = 10
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can hold


def grade_remotely(
    lesson: Lesson,
    submissions: Iterator[tuple[Key, Submission]],
    seed: int,
    scheduler: str,
    tell: Callable[[str, Any], None],
) -> Generator[tuple[Key, Report]]:
    """Grade on the cluster of ``scheduler`` and yield reports as they finish.

    Two submissions a thread of the cluster are in flight: enough to keep every thread
    busy, few enough that the class never piles up in memory.

    Raises:
        InfrastructureError: the scheduler does not answer, or has no workers.
    """
    from distributed import Client, as_completed

    try:
        client = Client(scheduler, timeout=CONNECT_S)
    except (OSError, ValueError) as error:
        raise InfrastructureError(
            f"the Dask scheduler at {scheduler} does not answer: {error}"
        ) from None
    with client:
        threads = sum(client.nthreads().values())
        if not threads:
            raise InfrastructureError(
                f"the Dask scheduler at {scheduler} has no workers"
            )
        bundle = client.scatter(pack(lesson), broadcast=True)
        keys: dict[str, Any] = {}
        running = as_completed()

        def feed() -> None:
            for key, submission in submissions:
                tell("start", key)
                code = submission.without_prose()
                future = client.submit(
                    grade_here, bundle, lesson.id, seed, code, pure=False
                )
                keys[future.key] = key
                running.add(future)
                return

        for _ in range(2 * threads):
            feed()
        for future in running:
            feed()
            yield keys.pop(future.key), Report.from_json(_result(future))


def _result(future: Any) -> str:
    try:
        text: str = future.result()
    except (CourseError, InfrastructureError):
        raise
    except Exception as error:  # Dask's own: a lost scheduler, a worker killed thrice
        raise InfrastructureError(f"the Dask cluster failed: {error!r}") from error
    return text


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


def grade_here(bundle: bytes, lesson_id: str, seed: int, submission: Submission) -> str:
    """Grade one submission on this machine; runs in a thread of a Dask worker.

    Each thread keeps one pool of one process for as long as the lesson and the seed
    stay the same. The report comes back as JSON.
    """
    lesson = Course(_unpacked(bundle)).lesson(lesson_id)
    pool = _pool_of_this_thread(lesson, seed)
    ((_, report),) = pool.run([(None, submission)], lambda event, key: None)
    return report.to_json()


_here = threading.local()
_unpacking = threading.Lock()
_folders: dict[bytes, Path] = {}
_pools: list[WorkerPool] = []


def _pool_of_this_thread(lesson: Lesson, seed: int) -> WorkerPool:
    wanted = (lesson.digest, seed)
    if getattr(_here, "serves", None) != wanted:
        if hasattr(_here, "pool"):
            _pools.remove(_here.pool)
            _here.pool.close()
        pool = WorkerPool(lesson, seed, size=1, cache=user_cache("answers"))
        _here.pool, _here.serves = pool, wanted
        _pools.append(_here.pool)
    found: WorkerPool = _here.pool
    return found


def _unpacked(bundle: bytes) -> Path:
    with _unpacking:
        if bundle not in _folders:
            folder = Path(tempfile.mkdtemp(prefix="autograder-lesson-"))
            with zipfile.ZipFile(io.BytesIO(bundle)) as files:
                files.extractall(folder)
            _folders[bundle] = folder
        return _folders[bundle]


@atexit.register
def _clean_up() -> None:
    for pool in _pools:
        pool.close()
    for folder in _folders.values():
        shutil.rmtree(folder, ignore_errors=True)
