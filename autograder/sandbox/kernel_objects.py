"""Removes the kernel objects that a submission left, before the next one runs.

Shared memory, queues and semaphores of System V and the keys of a user outlive the
process that made them. POSIX queues are kept away by a limit of size zero.
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
from pathlib import Path

_IPC_RMID = 0
_KEYCTL = {"x86_64": 250, "aarch64": 219}.get(platform.machine())
_KEYCTL_CLEAR = 7
_USER_KEYRING, _USER_SESSION_KEYRING = -4, -5


def forget() -> None:
    """Remove every System V object of this namespace and clear the user's keys."""
    libc = ctypes.CDLL(None, use_errno=True)
    for number in _numbers("shm"):
        libc.shmctl(number, _IPC_RMID, None)
    for number in _numbers("msg"):
        libc.msgctl(number, _IPC_RMID, None)
    for number in _numbers("sem"):
        libc.semctl(number, 0, _IPC_RMID)
    if _KEYCTL is not None:
        for keyring in (_USER_KEYRING, _USER_SESSION_KEYRING):
            libc.syscall(_KEYCTL, _KEYCTL_CLEAR, keyring)


def _numbers(kind: str) -> list[int]:
    """Return the ids of this namespace's objects of one kind."""
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
        return [int(line.split()[1]) for line in lines]
    return []
