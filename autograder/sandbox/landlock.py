"""Landlock: restricts a process's file access, where namespaces are not available.

The weaker of the two isolation levels, for containers that forbid user namespaces. The
process table stays visible; files outside the lists and TCP are out of reach.
Source: Linux, Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import struct

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_PR_SET_NO_NEW_PRIVS = 38
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_ONLY = _EXECUTE | _WRITE_FILE | _READ_FILE
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_NET = 3  # bind and connect over TCP, from ABI 4 on


def abi() -> int:
    """Return the kernel's Landlock version, 0 where there is none."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(_CREATE, None, 0, 1)))


def restrict(readable: list[str], writable: list[str]) -> None:
    """Restrict this process and its children to the given folders and files.

    Raises:
        OSError: the kernel refuses; nothing may run then.
    """
    version = abi()
    if version < 1:
        raise OSError("this kernel has no Landlock")
    libc = ctypes.CDLL(None, use_errno=True)
    every = _ALL_BY_ABI[min(version, 3)]
    rules = (
        struct.pack("<QQ", every, _NET) if version >= 4 else struct.pack("<Q", every)
    )
    ruleset = _checked(libc.syscall(_CREATE, rules, len(rules), 0))
    for paths, access in ((readable, _READ), (writable, every)):
        for path in paths:
            _allow(libc, ruleset, path, access)
    _checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(libc.syscall(_RESTRICT, ruleset, 0))
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, access: int) -> None:
    if not os.path.isdir(path):
        access &= _FILE_ONLY
    target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("<Qi", access, target)
        _checked(libc.syscall(_ADD_RULE, ruleset, 1, rule, 0))
    finally:
        os.close(target)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"landlock: {os.strerror(number)}")
    return result
