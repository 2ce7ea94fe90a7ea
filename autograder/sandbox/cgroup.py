"""Caps on all processes of a jail together, where this machine lets us make cgroups."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Cgroup:
    """One control group per hierarchy, holding one jail."""

    folders: tuple[Path, ...]
    _files: dict[str, int] = field(default_factory=dict)
    _oom_kills: list[int] = field(default_factory=lambda: [0])

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
        text = self._read("cpuacct.usage")
        if text:
            return int(text) / 1e9
        words = self._read("cpu.stat").split()
        return int(words[1]) / 1e6 if len(words) > 1 else 0.0

    def new_oom_kills(self) -> bool:
        """Tell whether the kernel has killed for memory since this was last asked."""
        text = self._read("memory.events") or self._read("memory.oom_control")
        before = self._oom_kills[0]
        for line in text.splitlines():
            if line.startswith("oom_kill "):
                self._oom_kills[0] = int(line.split()[1])
        return self._oom_kills[0] > before

    def _read(self, name: str) -> str:
        """Read a file of any of the groups, which stays open to be read again."""
        if name not in self._files:
            paths = [folder / name for folder in self.folders]
            found = [path for path in paths if path.exists()]
            self._files[name] = os.open(found[0], os.O_RDONLY) if found else -1
        file = self._files[name]
        return "" if file < 0 else os.pread(file, 4096, 0).decode()

    def remove(self, patience_s: float = 2.0) -> None:
        """Delete the groups, once the processes that were killed are gone."""
        for file in self._files.values():
            if file >= 0:
                os.close(file)
        self._files.clear()
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
