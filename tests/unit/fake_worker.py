"""Stands in for autograder.classroom.worker: does what each submission's name says."""

from __future__ import annotations

import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from classroom_kit import make_report

from autograder.classroom.unfinished import EXIT_MEMORY, SIGNAL_CPU

#: The command that starts it, for tests that put it in the place of the real one.
COMMAND = (
    sys.executable,
    "-c",
    f"import sys; sys.path[:] = {sys.path!r}; import fake_worker; fake_worker.main()",
)


def main() -> None:
    """Answer every submission, or die, hang or fail as its name asks."""
    with Connection(int(sys.argv[1])) as pipe:
        _, _, seed, cache, _ = pipe.recv()
        if seed == 13:
            print("no jail starts here", flush=True)
            os._exit(1)
        if seed == 14:
            pipe.send(("course", "test_mean.py is broken"))
            return
        pipe.send(("ready", ""))
        while (job := pipe.recv()) is not None:
            ticket, submission = job
            mark = Path(cache) / submission.name
            if submission.name == "kills":
                os.kill(os.getpid(), signal.SIGKILL)
            if submission.name == "kills-once" and not mark.exists():
                mark.touch()
                os._exit(9)
            if submission.name == "has no memory left":
                os._exit(EXIT_MEMORY)
            if submission.name == "computes for ever":
                os.kill(os.getpid(), SIGNAL_CPU)
            if submission.name == "breaks the stack":
                os.kill(os.getpid(), signal.SIGSEGV)
            if submission.name == "hangs":
                time.sleep(60)
            report = make_report(
                name=submission.name, submission=submission.digest, seed=seed
            )
            pipe.send(("report", (ticket, report.to_json())))


if __name__ == "__main__":
    main()
