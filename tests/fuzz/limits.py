"""Holds each run of a target to CPU time in proportion to its input, and to memory."""

from __future__ import annotations

import resource
import time

from targets import Target

MEMORY_BYTES = 4 * 2**30  # address space of the whole process
WARM_UP = 2000  # inputs after which nothing more is loaded or remembered
MOST_GROWTH_KB = 64 * 1024  # resident, over any number of inputs after that


class Slow(AssertionError):
    """An input that took more time than its length allows."""


class Leak(AssertionError):
    """Memory that grows with the number of inputs."""


class Guard:
    """Runs a target and looks at what each run cost."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.runs = 0
        self._warm_kb = 0

    def __call__(self, data: bytes) -> None:
        """Run the target once.

        Raises:
            Slow, Leak: it took too much of something.
            Exception: whatever else the target raised, which is a finding.
        """
        before = time.process_time()
        self.target.run(data)
        took = time.process_time() - before
        most = self.target.most_s + self.target.per_kb_s * len(data) / 1024
        if took > most:
            raise Slow(f"{took:.1f} s for {len(data)} bytes")
        self.runs += 1
        if self.runs == WARM_UP:
            self._warm_kb = resident_kb()
        elif self.runs % WARM_UP == 0:
            grown = resident_kb() - self._warm_kb
            if grown > MOST_GROWTH_KB:
                raise Leak(f"{grown // 1024} MB more after {self.runs} inputs")


def limit_memory() -> None:
    """Let this process fail with MemoryError rather than take the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def resident_kb() -> int:
    """Return how much memory this process has resident."""
    with open("/proc/self/status", encoding="ascii") as stream:
        line = next(line for line in stream if line.startswith("VmRSS:"))
    return int(line.split()[1])
