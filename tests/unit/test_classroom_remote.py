"""Grading on a Dask cluster: a real scheduler and worker, the fake grader inside."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fake_worker
import pytest
from classroom_kit import make_lesson

from autograder.classroom.parallel import grade_many
from autograder.classroom.remote import pack
from autograder.student.notebook.submission import Submission
from autograder.student.report import InfrastructureError, Verdict

# Dask's own threads and sockets may outlive a client by a moment.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
_PATIENCE_S = 60


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler that has one worker with two threads."""
    # Dask imports a preload in its worker: there the fake grader takes the real one's
    # place, as the tests of the pool do in their own process.
    preload = tmp_path / "use_fake.py"
    preload.write_text(
        "from autograder.classroom import worker_pool\n"
        f"worker_pool._COMMAND = {fake_worker.COMMAND!r}\n"
    )
    path = os.pathsep.join(filter(None, sys.path))
    environment = os.environ | {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
    where = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    common = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "cwd": tmp_path,
        "env": environment,
    }
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    workers = ["--nworkers", "1", "--nthreads", "2", "--no-dashboard"]
    file = ["--scheduler-file", str(where)]
    with (
        subprocess.Popen([*dask, "scheduler", *options, *file], **common) as first,
        subprocess.Popen(
            [*dask, "worker", *file, *workers, "--preload", str(preload)],
            **common,
        ) as second,
    ):
        try:
            yield _address(where)
        finally:
            second.terminate()
            first.terminate()


def _address(where: Path) -> str:
    from distributed import Client

    deadline = time.monotonic() + _PATIENCE_S
    while not where.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with Client(scheduler_file=str(where), set_as_default=False) as client:
        client.wait_for_workers(1, timeout=_PATIENCE_S)
        address: str = client.scheduler.address
    return address.removeprefix("tcp://")


def test_a_cluster_grades_and_survives_what_kills_its_workers(
    tmp_path: Path, scheduler: str
) -> None:
    lesson = make_lesson(tmp_path)
    names = ["a", "b", "kills", "kills-once", "c", "d", "e"]
    submissions = [(n, Submission(n, f"{i:064d}")) for i, n in enumerate(names)]
    reports = dict(grade_many(lesson, submissions, scheduler=scheduler, seed=3))
    assert set(reports) == set(names)
    assert reports["kills"].verdict is Verdict.INFRA
    assert {reports[n].verdict for n in names if n != "kills"} == {Verdict.WRONG}
    assert {report.seed for report in reports.values()} == {3}


def test_no_scheduler_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.classroom.remote.CONNECT_S", 0.2)
    lesson = make_lesson(tmp_path)
    with pytest.raises(InfrastructureError, match="does not answer"):
        list(grade_many(lesson, [("a", Submission("a", "0"))], scheduler="127.0.0.1:1"))


def test_the_bundle_holds_the_lesson_and_is_the_same_each_time(tmp_path: Path) -> None:
    lesson = make_lesson(tmp_path)
    bundle = pack(lesson)
    assert bundle == pack(lesson)
    with zipfile.ZipFile(io.BytesIO(bundle)) as files:
        assert files.namelist() == ["course/00-slopes/lesson.toml"]
