"""What the processes of a submission do, by the kernel's word: compute, sleep, hold.

The wall's clock says how long we have waited, which on a busy machine tells more about
the others. These are the submission's own: the time it computed, and the time in which
none of it could have run, though there had been a processor for it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.sandbox.cgroup import Cgroup

#: How often to look at a process that keeps us waiting.
TICK_S = 0.05
_HERTZ = os.sysconf("SC_CLK_TCK")
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
#: Of /proc/PID/stat, counted from the state: user, system, and both of ended children.
_TIMES = slice(11, 15)
_RESIDENT = 1  # field of /proc/PID/statm


@dataclass(frozen=True)
class Times:
    """CPU seconds: of the processes' own code, and of the kernel on their behalf."""

    user_s: float = 0.0
    system_s: float = 0.0

    def __sub__(self, other: Times) -> Times:
        return Times(self.user_s - other.user_s, self.system_s - other.system_s)


class Activity:
    """All processes of a jail; where there are no cgroups, one and its children."""

    def __init__(self, group: Cgroup | None, pid: int = 0) -> None:
        self._group, self.pid = group, pid

    def times(self) -> Times:
        """Return the CPU time so far."""
        if self._group is not None:
            return Times(*self._group.times_s())
        user = system = 0
        for pid in family(self.pid):
            ticks = [int(word) for word in _stat(pid)[_TIMES]] or [0] * 4
            user += ticks[0] + ticks[2]
            system += ticks[1] + ticks[3]
        return Times(user / _HERTZ, system / _HERTZ)

    def memory_mb(self) -> float:
        """Return the memory in use."""
        if self._group is not None:
            return self._group.memory_mb()
        pages = [_read(f"/proc/{pid}/statm").split() for pid in family(self.pid)]
        return sum(int(words[_RESIDENT]) for words in pages if words) * _PAGE_MB

    def asked_mb(self, limit_mb: float) -> float:
        """Return the most memory that the one process has asked for so far.

        Args:
            limit_mb: how much more it was given when it was forked. Its own lowering
                of the kernel's limit counts as asking.
        """
        peak = _field(f"/proc/{self.pid}/status", "VmPeak:") / 2**10
        most = _field(f"/proc/{self.pid}/limits", "Max address space") / 2**20
        return max(0.0, peak - most + limit_mb)

    def is_asleep(self) -> bool:
        """Tell whether none of them could run now.

        Who waits for a processor, or was sent to wait because its cgroup had its share,
        could run.
        """
        if self._group is not None:
            return not any_runnable(self._group.threads())
        threads = (t for pid in family(self.pid) for t in threads_of(pid))
        return not any_runnable(threads)


class Sleep:
    """Adds up for how long a submission sleeps while it owes us an answer."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget what was."""
        self.slept_s, self._cpu_s = 0.0, -1.0
        self.wake()

    def wake(self) -> None:
        """Note that it has something to do from now on."""
        self._since = time.monotonic()

    def look(self, asleep: bool, cpu_s: float) -> None:
        """Add the time since the last look, if it was slept through.

        Args:
            asleep: whether none of it could run at this moment.
            cpu_s: the CPU seconds that it has used so far. When they have grown it may
                have waited for a processor too: then a tick counts, not all the time.
        """
        now = time.monotonic()
        if asleep:
            most = now - self._since if cpu_s == self._cpu_s else TICK_S
            self.slept_s += min(now - self._since, most)
        self._since, self._cpu_s = now, cpu_s


def any_runnable(threads: Iterable[int]) -> bool:
    """Tell whether any of these threads runs or waits for a processor."""
    return any(_stat(thread)[:1] == ["R"] for thread in threads)


def threads_of(pid: int) -> list[int]:
    """Return the threads of a process."""
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def family(pid: int) -> Iterator[int]:
    """Yield a process and all that descend from it."""
    if pid:
        yield pid
        for thread in threads_of(pid):
            for child in _read(f"/proc/{pid}/task/{thread}/children").split():
                yield from family(int(child))


def _stat(pid: int) -> list[str]:
    """Return the fields of a process or thread from its state on; none: it is gone."""
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _field(path: str, name: str) -> float:
    """Return the number after a name in a file of lines, 0 if there is none."""
    for line in _read(path).splitlines():
        if line.startswith(name):
            word = line.removeprefix(name).split()[0]
            return float(word) if word.isdigit() else 0.0
    return 0.0


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
