"""From limits to the command that starts a jail: pure functions, nothing is run."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Level = Literal["bubblewrap", "landlock", "none"]

PACKAGE = Path(__file__).resolve().parents[1]
_GUEST = "/guest"  # where the guest's own modules lie inside the jail
_SETPRIV = "/usr/bin/setpriv"  # of util-linux
_FIRST_UID = 61_000  # jails started by root run as this user plus their slot


@dataclass(frozen=True)
class Limits:
    """What one jail may use; a test's CPU and memory come with its task."""

    processes: int = 64  # symptom when hit: "Resource temporarily unavailable"
    file_mb: int = 16  # largest file; symptom: "File too large"
    open_files: int = 256  # symptom: "Too many open files"
    scratch_mb: int = 64  # size of /tmp; symptom: "No space left on device"
    total_mb: int = 4096  # all processes together, where cgroups are available

    def rlimits(self, processes_now: int = 0) -> dict[str, int]:
        """Return resource limits that the server sets on itself.

        Args:
            processes_now: how many the user already has, where the jail shares it.
        """
        return {
            "CORE": 0,
            "FSIZE": self.file_mb * 2**20,
            "NOFILE": self.open_files,
            "NPROC": processes_now + self.processes,
            "MSGQUEUE": 0,  # a queue would outlive the submission that made it
        }


def python_paths() -> list[str]:
    """Return the folders that hold third-party packages."""
    paths = sysconfig.get_paths()
    return list(dict.fromkeys([paths["purelib"], paths["platlib"]]))


def interpreter() -> str:
    """Return the real Python binary, outside any virtual environment."""
    return os.path.realpath(sys.executable)


def host_paths() -> list[str]:
    """Return everything of the host that a jail may read."""
    base = Path(sys.base_prefix)
    paths = [Path("/usr/lib"), Path("/usr/lib64"), Path("/etc/ld.so.cache")]
    if base == Path("/usr"):
        paths.append(Path(interpreter()))
    else:
        paths += [base / "bin", base / "lib"]
    paths += map(Path, python_paths())
    kept: list[Path] = []
    for path in paths:
        inside = any(path.is_relative_to(other) for other in kept)
        if path.exists() and not inside:
            kept.append(path)
    return [str(path) for path in kept]


def place_of(path: str) -> str:
    """Return where a host path lies in a jail, whose scratch hides the host's."""
    return f"/host{path}" if path.startswith(("/tmp/", "/dev/")) else path


def guest_parts() -> list[tuple[str, str]]:
    """Return (host path, path in the jail) of the guest's own modules."""
    names = ("__init__.py", "__pycache__", "student", "lab", "sandbox")
    parts = [PACKAGE / name for name in names]
    return [(str(p), f"{_GUEST}/autograder/{p.name}") for p in parts if p.exists()]


def guest_command(control: int, *, level: Level) -> list[str]:
    """Return the command of the server itself, as it is run inside the jail.

    Args:
        control: descriptor of its connection to the host, which tells it the rest.
        level: how it is isolated.
    """
    jailed = level == "bubblewrap"
    root = f"{_GUEST}" if jailed else str(PACKAGE.parent)
    script = f"{root}/autograder/sandbox/guest.py"
    flags = ["-I", "-S", "-B", "-X", "utf8"]
    binary = place_of(interpreter()) if jailed else interpreter()
    return [binary, *flags, script, str(control)]


def guest_config(
    *,
    level: Level,
    warm: tuple[str, ...],
    limits: Limits,
    scratch: str,
    pace: float = 0.0,
    processes_now: int = 0,
    user: int | None = None,
    nested: bool = True,
    filtered: bool = True,
) -> dict[str, Any]:
    """Return what the server is told at its start.

    Args:
        level: how it is isolated.
        warm: modules to import before anything else.
        limits: what it may use.
        scratch: the only folder that submissions may write to.
        pace: this machine's, if it was measured before.
        processes_now: how many processes its user already has.
        user: user id to switch to once warm, if no wrapper does that.
        nested: whether each submission gets namespaces of its own inside the jail.
        filtered: whether its system calls are filtered.
    """
    jailed = level == "bubblewrap"
    root = f"{_GUEST}" if jailed else str(PACKAGE.parent)
    config: dict[str, Any] = {
        "path": [root, *(place_of(p) if jailed else p for p in python_paths())],
        "warm": list(warm),
        "pace": pace,
        "rlimits": limits.rlimits(0 if jailed else processes_now),
        "scratch_mb": limits.scratch_mb,
        "nested": jailed and nested,
        "filtered": filtered,
        "landlock": level == "landlock",
        "user": user,
        "scratch": scratch,
    }
    if level == "landlock":
        shown = [*host_paths(), *(host for host, _ in guest_parts())]
        config["readable"] = [*shown, "/proc", "/dev/null", "/dev/urandom", "/dev/zero"]
    return config


def environment() -> dict[str, str]:
    """Return the only variables that a guest sees."""
    single = ("OPENBLAS", "OMP", "MKL", "NUMEXPR")
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/tmp",
        "TILES": "simulator",
        **{f"{name}_NUM_THREADS": "1" for name in single},
        "OMP_THREAD_LIMIT": "1",  # whatever a submission asks for: forks would hang
        # Else how much memory threads ask for depends on how many meet in malloc.
        "MALLOC_ARENA_MAX": "1",
        **{k: v for k, v in os.environ.items() if k.startswith("OPENBLAS_")},
    }


def bubblewrap_command(
    inner: list[str], limits: Limits, *, root: bool, slot: int, program: str
) -> list[str]:
    """Wrap a command into namespaces of its own.

    Root's resource limits do not bind, so a jail that root starts gets two layers: the
    outer shows the few paths (root may read them wherever they lie) and becomes another
    user; the inner is what any user gets.

    Args:
        inner: the command to run inside.
        limits: the size of /tmp.
        root: whether root starts it.
        slot: distinguishes jails that run side by side.
        program: path of ``bwrap``.
    """
    outside = [(path, place_of(path)) for path in host_paths()] + guest_parts()
    # A second layer finds the guest's parts where the first has put them.
    inside = [(there, there) for _, there in outside] if root else outside
    command = [
        program,
        *("--unshare-user", "--unshare-pid", "--unshare-net"),
        *("--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
        *("--die-with-parent", "--new-session", "--hostname", "localhost"),
        *_mounts(inside),
        *("--proc", "/proc", "--dev", "/dev"),
        *("--size", str(limits.scratch_mb * 2**20), "--tmpfs", "/tmp"),
        *("--size", str(limits.scratch_mb * 2**20), "--tmpfs", "/dev/shm"),
        # /dev is a tmpfs of its own: files left there would outlive a submission.
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"),
        *("--", *inner),
    ]
    if not root:
        return command
    user = str(user_of(slot))
    tools = [program, _SETPRIV]
    outer = [program, "--die-with-parent", "--unshare-pid"]
    outer += _mounts([*outside, *((tool, tool) for tool in tools)])
    outer += ["--bind", "/proc", "/proc", "--dev-bind", "/dev", "/dev"]
    outer += ["--perms", "1777", "--tmpfs", "/tmp"]
    outer += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    become = [_SETPRIV, f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    return [*outer, "--", *become, *command]


def _mounts(pairs: list[tuple[str, str]]) -> list[str]:
    """Return arguments that show (source, place) pairs, read-only."""
    arguments: list[str] = []
    places = [Path(place) for _, place in pairs]
    parents = {parent for place in places for parent in place.parents}
    for parent in sorted(parents - {Path("/")}):  # else only their owner may enter
        arguments += ["--perms", "0755", "--dir", str(parent)]
    for source, place in pairs:
        arguments += ["--ro-bind", source, place]
    for link in ("lib", "lib64"):
        if os.path.islink(f"/{link}"):
            arguments += ["--symlink", f"usr/{link}", f"/{link}"]
        elif os.path.isdir(f"/{link}"):
            arguments += ["--ro-bind", f"/{link}", f"/{link}"]
    return arguments


def user_of(slot: int) -> int:
    """Return the user that a jail started by root runs as."""
    return _FIRST_UID + slot
