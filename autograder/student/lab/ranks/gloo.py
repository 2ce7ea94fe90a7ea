"""Runs a program of ranks on real processes, over torch.distributed's gloo backend.

    results = gloo(program, 4, args=lambda rank: (rank, 4, x[rank])).results

The program and its `Link` are those of `run`. Every rank is a process of this machine
and speaks TCP over the loopback interface. A message is a header (dtype and shape) and
its bytes. Sends are synchronous: a send ends when its receiver is there, as over links
of capacity 0, so a program that deadlocks in `run(..., capacity=0)` does here too,
until its time is up.
"""

from __future__ import annotations

import contextlib
import datetime
import multiprocessing
import multiprocessing.connection
import os
import re
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from .link import Link

Program = Callable[..., Any]
_DIMENSIONS = 16  # of an array that is sent
_LOOPBACK = {"darwin": "lo0"}.get(sys.platform, "lo")


class RankFailed(RuntimeError):
    """A rank raised, died or did not end in time."""


@dataclass(frozen=True)
class Finished:
    """What real ranks returned and sent."""

    results: list[Any]
    sent_bytes: list[int]
    messages: dict[tuple[int, int], int]


def is_available() -> bool:
    """Tell whether there is a torch with gloo here. Imports torch: about a second."""
    try:
        import torch.distributed as dist
    except ImportError:
        return False
    return bool(dist.is_available() and dist.is_gloo_available())


def gloo(
    program: Program,
    n: int,
    args: Callable[[int], Sequence[Any]] = lambda rank: (),
    *,
    timeout_s: float = 60.0,
) -> Finished:
    """Run `program(link, *args(rank))` in n processes.

    Where processes can be forked, the program may be any function; elsewhere it must
    be one that another process can import. Importing torch takes a second, once; then
    four ranks start in about a tenth.

    Args:
        program: what every rank runs.
        n: how many processes.
        args: gives a rank's other arguments; they and the results must be picklable.
        timeout_s: after so long a rank that waits, or all together, are given up.

    Raises:
        RankFailed: a rank raised, died, or waited too long for another.
        RuntimeError: there is no torch with gloo.
    """
    if not is_available():
        raise RuntimeError("gloo needs torch, built with torch.distributed")
    methods = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("fork" if "fork" in methods else None)
    arguments = [tuple(args(rank)) for rank in range(n)]
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder, "meeting").as_uri()
        pipes, processes = [], []
        try:
            for rank in range(n):
                ours, theirs = context.Pipe(duplex=False)
                job = (theirs, program, rank, n, arguments[rank], meeting, timeout_s)
                process = context.Process(target=_live, args=job, daemon=True)
                with warnings.catch_warnings():  # the child starts no thread we had
                    warnings.simplefilter("ignore", DeprecationWarning)
                    process.start()
                theirs.close()
                pipes.append(ours)
                processes.append(process)
            return _collected(pipes, timeout_s)
        finally:
            for pipe, process in zip(pipes, processes, strict=True):
                pipe.close()
                process.kill()
                process.join()
                process.close()


def _collected(pipes: list[Connection], timeout_s: float) -> Finished:
    """Wait for every rank's report; judge once all are there or one has failed."""
    n = len(pipes)
    reports: dict[int, Any] = {}
    # gloo's own limit comes first and tells more.
    end = time.monotonic() + timeout_s * 1.25 + 0.5
    while len(reports) < n:
        waiting = [pipe for rank, pipe in enumerate(pipes) if rank not in reports]
        left = max(end - time.monotonic(), 0.0)
        ready = multiprocessing.connection.wait(waiting, left)
        if not ready:
            break
        for rank, pipe in enumerate(pipes):
            if pipe in ready:
                try:
                    reports[rank] = pipe.recv()
                except EOFError:
                    reports[rank] = ("died", "its process ended")
        if any(kind in ("raised", "died") for kind, *_ in reports.values()):
            break  # the others only miss it
    _complain(reports, n, timeout_s)
    done = [reports[rank] for rank in range(n)]
    return Finished(
        [result for _, result, _, _ in done],
        [sent for _, _, sent, _ in done],
        {
            (rank, to): count
            for rank, (_, _, _, counts) in enumerate(done)
            for to, count in sorted(counts.items())
        },
    )


def _complain(reports: dict[int, Any], n: int, timeout_s: float) -> None:
    for kind in ("raised", "died"):
        for rank, (how, text, *_) in sorted(reports.items()):
            if how == kind:
                raise RankFailed(f"rank {rank} of {n}: {text}")
    said = [
        f"rank {rank} gave up {text}"
        for rank, (how, text, *_) in sorted(reports.items())
        if how == "waited"
    ]
    missing = [str(rank) for rank in range(n) if rank not in reports]
    if missing:
        said.insert(0, f"no end after {timeout_s:g} s of rank {', '.join(missing)}")
    if said:
        raise RankFailed(f"of {n} ranks: {'; '.join(said)}")


def _live(
    pipe: Connection,
    program: Program,
    rank: int,
    n: int,
    arguments: Sequence[Any],
    meeting: str,
    timeout_s: float,
) -> None:
    """Be one rank, report, and leave without any clean-up of the parent's."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", _LOOPBACK)
    try:
        report = _report(program, rank, n, arguments, meeting, timeout_s)
    except _Alone as error:
        report = ("waited", str(error))
    except Exception as error:
        report = ("raised", f"{type(error).__name__}: {error}")
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        pipe.send(report)
        pipe.close()
    os._exit(0)


def _report(
    program: Program,
    rank: int,
    n: int,
    arguments: Sequence[Any],
    meeting: str,
    timeout_s: float,
) -> tuple[Any, ...]:
    import torch
    import torch.distributed as dist

    torch.set_num_threads(1)
    with _alone("meeting the others"):
        limit = datetime.timedelta(seconds=timeout_s)
        dist.init_process_group(
            "gloo", init_method=meeting, rank=rank, world_size=n, timeout=limit
        )
    wire = _Wire()
    link = Link(rank, n, wire.call)
    result = program(link, *arguments)
    link._look()
    with _alone("leaving"):
        wire.flush()
        dist.barrier()  # no rank closes its connections while messages are under way
    return "done", result, wire.sent_bytes, wire.messages


class _Alone(RuntimeError):
    """Another rank has ended, or did not answer in time."""


@contextlib.contextmanager
def _alone(what: str) -> Any:
    try:
        yield
    except _Alone:
        raise
    except RuntimeError as error:
        said = re.sub(r"^\[[^\]]*\] ", "", str(error)).partition(". ")[0]
        raise _Alone(f"{what}: {said.splitlines()[0][:120]}") from None


class _Wire:
    """Answers a link's calls through gloo."""

    def __init__(self) -> None:
        self.sent_bytes = 0
        self.messages: dict[int, int] = {}
        # Header and bytes are kept until gloo has sent them.
        self._requests: dict[int, list[tuple[Any, Any]]] = {}
        self._count = 0

    def call(self, verb: str, *arguments: Any) -> Any:
        """Do what a rank asks of its link."""
        answer: Any = getattr(self, f"_{verb}")(*arguments)
        return answer

    def flush(self) -> None:
        """Wait for what was sent and never waited for."""
        for number in list(self._requests):
            self._wait(number)

    def _send(self, to: int, array: np.ndarray[Any, Any]) -> None:
        with _alone(f"sending to {to}"):
            for _, work in self._requests.pop(self._isend(to, array)):
                work.wait()

    def _isend(self, to: int, array: np.ndarray[Any, Any]) -> int:
        import torch.distributed as dist

        parts = [_header(array)]
        if array.nbytes:
            parts.append(_tensor(array))
        with _alone(f"sending to {to}"):
            pending = [(part, dist.isend(part, to)) for part in parts]
        self._count += 1
        self._requests[self._count] = pending
        self.sent_bytes += array.nbytes
        self.messages[to] = self.messages.get(to, 0) + 1
        return self._count

    def _wait(self, number: int) -> None:
        with _alone("waiting for its isend"):
            for _, work in self._requests.pop(number, ()):
                work.wait()

    def _recv(self, source: int) -> np.ndarray[Any, Any]:
        import torch
        import torch.distributed as dist

        header = torch.empty(_DIMENSIONS + 2, dtype=torch.int64)
        with _alone(f"receiving from {source}"):
            dist.recv(header, source)
        kind, dimensions, *shape = header.tolist()
        array = np.empty(shape[:dimensions], _DTYPES[kind])
        if array.nbytes:
            data = torch.empty(array.nbytes, dtype=torch.uint8)
            with _alone(f"receiving from {source}"):
                dist.recv(data, source)
            array = np.frombuffer(data.numpy().tobytes(), array.dtype)
            array = array.reshape(shape[:dimensions]).copy()
        return array


_DTYPES = [np.dtype(code) for code in "?bBhHiIlLqQefdFD"]


def _header(array: np.ndarray[Any, Any]) -> Any:
    import torch

    if array.ndim > _DIMENSIONS or array.dtype not in _DTYPES:
        raise TypeError(f"gloo sends no array of {array.dtype}, {array.ndim}-D")
    shape = list(array.shape) + [0] * (_DIMENSIONS - array.ndim)
    kind = _DTYPES.index(array.dtype)
    return torch.tensor([kind, array.ndim, *shape], dtype=torch.int64)


def _tensor(array: np.ndarray[Any, Any]) -> Any:
    import torch

    return torch.frombuffer(bytearray(array.tobytes()), dtype=torch.uint8)
