"""Forks the warm server into namespaces of its own: a container.

A container holds one submission and is thrown away with it. Its processes, files, keys,
sockets, queues and shared memory live in namespaces that end with its first process, so
nothing is left to be swept and nothing to be found by the next one. It starts in 3 ms,
since everything was imported before.
Source: Linux, namespaces(7), user_namespaces(7).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import struct

_NEW = {
    "mount": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
_NOSUID, _NODEV, _NOEXEC, _NOATIME, _REC, _PRIVATE = 2, 4, 8, 1024, 1 << 14, 1 << 18
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 4, 24
_MOST_FILES = 20_000  # files of one folder
_CAPABILITY_VERSION = 0x20080522
_KEYCTL, _JOIN_SESSION_KEYRING = {"x86_64": 250, "aarch64": 219}, 1
_CLONE = {"x86_64": 56, "aarch64": 220}

_libc = ctypes.CDLL(None, use_errno=True)
_held = ctypes.PyDLL(None, use_errno=True)  # calls that keep Python's own lock
_python = ctypes.pythonapi


def fork() -> int:
    """Fork this process; the child is the first process of new namespaces.

    One call of the kernel's instead of a fork, `unshare` and another fork, which would
    cost a third of a container's time.

    Returns:
        As `os.fork`: 0 in the child, its process number in the parent.

    Raises:
        OSError: this machine forbids it.
    """
    number = _CLONE.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, "no number of clone for this machine")
    flags = signal.SIGCHLD | sum(_NEW.values())
    _python.PyOS_BeforeFork()
    pid = int(_held.syscall(number, flags, 0, 0, 0, 0))
    if pid == 0:
        _python.PyOS_AfterFork_Child()
        return 0
    error = ctypes.get_errno()
    _python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(error, f"clone: {os.strerror(error)}")
    return pid


def furnish(user: int, group: int, scratch_mb: int) -> None:
    """Give the new namespaces, from their first process, empty folders and no rights.

    Args:
        user: whose process it was outside.
        group: the same of its group.
        scratch_mb: size of /tmp and of /dev/shm.

    Raises:
        OSError: this machine forbids it.
    """
    set_dumpable(True)  # else the kernel keeps our own map of users from us
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    set_dumpable(False)
    _mount("none", "/", "", _REC | _PRIVATE, "")
    for folder in ("/tmp", "/dev/shm"):
        size = f"size={scratch_mb}m,nr_inodes={_MOST_FILES},mode=1777"
        _mount("tmpfs", folder, "tmpfs", _NOSUID | _NODEV | _NOEXEC | _NOATIME, size)
    _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC, "")
    for kind in _NEW:  # none inside these, even without a filter on system calls
        name = "mnt" if kind == "mount" else kind
        with open(f"/proc/sys/user/max_{name}_namespaces", "w") as file:
            file.write("0")
    _checked(_libc.umount2(b"/proc", 0), "umount /proc")
    # Processes alone: what the machine does is nobody's business here.
    _mount("proc", "/proc", "proc", _NOSUID | _NODEV | _NOEXEC, "subset=pid")
    os.chdir("/tmp")
    # Keys go along with a process, whatever its namespaces: begin without any.
    _libc.syscall(_KEYCTL.get(platform.machine(), -1), _JOIN_SESSION_KEYRING, None)
    _drop_capabilities()


def set_dumpable(yes: bool) -> None:
    """Let other processes of this user look into this one, or not.

    Raises:
        OSError: the kernel refuses.
    """
    _checked(_libc.prctl(_PR_SET_DUMPABLE, int(yes), 0, 0, 0), "prctl")


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    words = [word.encode() for word in (source, target, kind)]
    _checked(_libc.mount(*words, flags, options.encode()), f"mount {target}")


def _drop_capabilities() -> None:
    """Give up all rights over these namespaces, for children and programs too."""
    capability = 0
    while _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, bytes(24)), "capset")


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
