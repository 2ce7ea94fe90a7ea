"""One run at a time in a class folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.student.report import InfrastructureError


@contextlib.contextmanager
def only_run(root: Path) -> Iterator[None]:
    """Hold a class folder; the kernel lets go of it however this process ends.

    Raises:
        InfrastructureError: another run holds it; the sentence says which.
    """
    path = root / ".autograder" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(200).strip() or "another process"
            raise InfrastructureError(
                f"another run works in {root}: {holder}; wait for it, or stop it"
            ) from None
        file.truncate(0)
        here, now = platform.node(), time.strftime("%H:%M")
        file.write(f"process {os.getpid()} on {here}, since {now}\n")
        file.flush()
        yield
