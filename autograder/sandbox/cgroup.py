"""Caps on all processes of a jail together, where this machine lets us make cgroups."""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cgroup:
    """One control group per hierarchy, holding one jail."""

    folders: tuple[Path, ...]
    _files: dict[str, int] = field(default_factory=dict)

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
                # Only read, for the CPU time of them all. Below our own group, since on
                # many machines it is the group of cpu too: our share binds the jail.
                _own_group("cpuacct") / name: {},
            }
            if (_ROOT / "cpu").is_dir():
                # All that it forks shall have no larger a share than we.
                layout[_own_group("cpu") / name] = {}
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

    def times_s(self) -> tuple[float, float]:
        """Return the same, apart: in their own code and in the kernel."""
        text, unit = self._read("cpuacct.stat"), float(_HERTZ)
        if not text:
            text, unit = self._read("cpu.stat"), 1e6
        found = dict(line.split() for line in text.splitlines())
        user = found.get("user", found.get("user_usec", 0))
        system = found.get("system", found.get("system_usec", 0))
        return int(user) / unit, int(system) / unit

    def memory_mb(self) -> float:
        """Return the memory that they hold together."""
        text = self._read("memory.usage_in_bytes") or self._read("memory.current")
        return int(text or 0) / 2**20

    def threads(self) -> list[int]:
        """Return every thread of every process, by the numbers that we see."""
        for name in ("tasks", "cgroup.threads"):
            path = self.folders[0] / name
            with contextlib.suppress(OSError):
                # Opened each time: of an open file the kernel keeps the list.
                return [int(line) for line in path.read_text().split()]
        return []

    def oom_kills(self) -> int:
        """Return how often the kernel has killed one of them for memory."""
        text = self._read("memory.events") or self._read("memory.oom_control")
        for line in text.splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
        return 0

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


def _own_group(hierarchy: str) -> Path:
    """Return the folder of the group of version 1 that this process is in."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            folder = _ROOT / hierarchy / path.lstrip("/")
            if hierarchy in names.split(",") and folder.is_dir():
                return folder
    return _ROOT / hierarchy  # in a container: it sees the group as the root


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
