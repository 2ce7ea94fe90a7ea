"""Caps on all processes of a jail together, where this machine lets us make cgroups."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Cgroup:
    """One control group per hierarchy, holding one jail."""

    folders: tuple[Path, ...]

    @classmethod
    def make(cls, name: str, memory_mb: int, processes: int) -> Cgroup | None:
        """Create one with limits, or return None where that is not allowed."""
        memory = str(memory_mb * 2**20)
        if (_ROOT / "cgroup.controllers").exists():  # version 2
            wanted = {"memory.max": memory, "pids.max": str(processes)}
            layout = {_ROOT / name: wanted}
        else:
            layout = {
                _ROOT / "memory" / name: {"memory.limit_in_bytes": memory},
                _ROOT / "pids" / name: {"pids.max": str(processes)},
                _ROOT / "cpuacct" / name: {},  # only read: the CPU time of them all
            }
        made = cls(tuple(layout))
        try:
            for folder, limits in layout.items():
                if not folder.parent.is_dir():
                    raise FileNotFoundError(folder.parent)
                _remove_stale(folder.parent, name.split("-")[0] + "-")
                folder.mkdir(exist_ok=True)
                for file, value in limits.items():
                    (folder / file).write_text(value)
        except OSError:
            made.remove(patience_s=0)
            return None
        return made

    def enter(self) -> None:
        """Move the calling process in; meant for a child before it executes."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    def cpu_s(self) -> float:
        """Return the CPU seconds of all processes so far, ended ones included."""
        for folder in self.folders:
            with contextlib.suppress(OSError, ValueError):
                return int((folder / "cpuacct.usage").read_text()) / 1e9
            with contextlib.suppress(OSError, ValueError, IndexError):
                return int((folder / "cpu.stat").read_text().split()[1]) / 1e6
        return 0.0

    def oom_kills(self) -> int:
        """Return how many processes the kernel has killed for memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    for line in (folder / name).read_text().splitlines():
                        if line.startswith("oom_kill "):
                            return int(line.split()[1])
        return 0

    def remove(self, patience_s: float = 2.0) -> None:
        """Delete the groups, once the processes that were killed are gone."""
        deadline = time.monotonic() + patience_s
        for folder in self.folders:
            while folder.is_dir():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(0.01)


def _remove_stale(folder: Path, prefix: str) -> None:
    """Delete groups that a killed grader left behind.

    Busy ones refuse to go. One that another grader made a moment ago, or empties to
    start its jail again, would not refuse: it is known by its living process.
    """
    for stale in folder.glob(f"{prefix}*"):
        if Path("/proc", stale.name.removeprefix(prefix).split("-")[0]).exists():
            continue
        with contextlib.suppress(OSError):
            stale.rmdir()
