"""A Dask scheduler and workers as processes of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from autograder.student.report import InfrastructureError

_PATIENCE_S = 120.0
_GRACE_S = 10.0
#: No dashboard, and the status page for this machine alone.
_QUIET = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")


@dataclass
class LocalCluster:
    """Processes that may be watched and killed; each worker is one, without a nanny."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)


@contextmanager
def local_cluster(
    folder: Path,
    *options: str,
    workers: int = 1,
    threads: int = 1,
    cores: Sequence[int] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[LocalCluster]:
    """Run a scheduler and workers until the block ends.

    Args:
        folder: Where they write, and where their logs are; of no other cluster.
        *options: Further options of ``dask worker``.
        workers: Worker processes.
        threads: Threads of each.
        cores: The cores on which to keep the workers, one each in turn.
        environment: Variables besides this process's own.

    Raises:
        InfrastructureError: they do not come up.
    """
    path = os.pathsep.join(filter(None, sys.path))
    env = os.environ | {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}
    env |= environment or {}
    address, log = folder / "scheduler.json", folder / "scheduler.log"
    started: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen[bytes]:
            output = stack.enter_context((folder / f"{words[0]}.log").open("ab"))
            file = ("--scheduler-file", str(address))
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *words, *_QUIET, *file],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env=env,
            )
            stack.callback(_end, process)
            started.append(process)
            return process

        def wait(is_there: Callable[[], object]) -> None:
            deadline = time.monotonic() + _PATIENCE_S
            while not is_there():
                ended = any(process.poll() is not None for process in started)
                if ended or time.monotonic() > deadline:
                    raise InfrastructureError(f"Dask does not start: {_words(folder)}")
                time.sleep(0.1)

        scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0")
        wait(lambda: _address(address))
        made = LocalCluster(_address(address), scheduler)
        for number in range(workers):
            one = ("--no-nanny", "--nworkers", "1", "--nthreads", str(threads))
            process = start("worker", *one, "--local-directory", str(folder), *options)
            if cores:  # before it starts a thread
                os.sched_setaffinity(process.pid, {cores[number % len(cores)]})
            made.workers.append(process)
        wait(lambda: log.read_text().count("Register worker") >= workers)
        yield made


def _address(file: Path) -> str:
    try:
        address: str = json.loads(file.read_text())["address"]
    except (OSError, ValueError):  # not there yet, or half of it
        return ""
    return address


def _words(folder: Path) -> str:
    """Return the last line of each log."""
    logs = [path.read_text() for path in sorted(folder.glob("*.log"))]
    return "; ".join(text.strip().rpartition("\n")[2] for text in logs)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
