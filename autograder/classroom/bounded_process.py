"""The inside of a `BoundedProcess`: answers calls until its pipe closes.

Started with an inherited descriptor, the CPU seconds of one call, and the bytes of
memory that it may have besides those it starts with.
"""

from __future__ import annotations

import math
import resource
import sys
import time
from multiprocessing.connection import Connection
from typing import Any

from autograder.student.report import gettext


def memory_in_use() -> int:
    """Return the bytes of this process's address space."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def limit_memory(more_bytes: int) -> None:
    """Grant this process so many bytes besides those that it has.

    Processes that it starts may lift the limit.
    """
    if sys.platform != "linux":  # elsewhere nothing is graded
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = memory_in_use() + more_bytes
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def main() -> None:
    """Answer calls."""
    descriptor, cpu_s, memory_bytes = map(int, sys.argv[1:4])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory(memory_bytes)
    with Connection(descriptor) as pipe:
        pipe.send(("ready", None))
        while True:
            try:
                job = pipe.recv()
            except (EOFError, ConnectionResetError):
                return
            _grant(cpu_s)
            how, value = _outcome(job, memory_bytes)
            try:
                pipe.send((how, value))
            except BrokenPipeError:
                return
            except (MemoryError, RecursionError):
                how = "spent"
                pipe.send((how, _too_large(memory_bytes)))
            if how == "spent":
                return  # what is left of its memory would fail the next call


def _outcome(job: tuple[Any, ...], memory_bytes: int) -> tuple[str, Any]:
    function, words, named = job
    try:
        return "answer", function(*words, **named)
    except MemoryError:
        return "spent", _too_large(memory_bytes)
    except RecursionError:
        return "raised", gettext("it is nested too deeply")
    except Exception as error:
        text = gettext("it is too odd ({error})")
        return "raised", text.format(error=type(error).__name__)


def _too_large(memory_bytes: int) -> str:
    text = gettext("it takes more than {gigabytes} GB of memory")
    return text.format(gigabytes=memory_bytes // 2**30)


def _grant(cpu_s: int) -> None:
    """Let the kernel end this process once it has computed for so long."""
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(
        resource.RLIMIT_CPU, (math.ceil(time.process_time()) + cpu_s, hard)
    )


if __name__ == "__main__":
    main()
