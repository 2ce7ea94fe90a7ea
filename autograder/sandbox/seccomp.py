"""A filter on system calls, for processes that must not communicate.

Ranks of one run share a jail, and whatever a submission makes while it is loaded is
inherited by all of them: memory, pipes, sockets. So the loader of a lesson with ranks
filters its calls before it runs a line of the submission: no shared memory, no pipes or
sockets, no queues, keys or signals, no tracing of other processes. A rank can still
make and find empty folders, a bit each; but what it sends over its link is compared
with an exact count, so such a channel does not let a submission send less.
Source: Linux, Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000  # calls of another convention for the same machine
_MAP_SHARED = 1

#: Calls that are refused, with their numbers on x86_64 and aarch64.
_REFUSED = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "eventfd": (284, None),
    "eventfd2": (290, 19),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "vmsplice": (278, 75),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "link": (86, None),
    "linkat": (265, 37),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "flock": (73, 32),
    "setpriority": (141, 140),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "prctl": (157, 167),  # a process's name, and whether others may trace it
    "seccomp": (317, 277),
}
_MMAP = (9, 222)  # refused where the memory would be shared

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH, _FLAGS = 0, 4, 16 + 3 * 8  # offsets of what a filter may look at
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def restrict() -> bool:
    """Filter the calls of this process and its children, irrevocably.

    Returns:
        Whether there are numbers for this machine; if not, nothing is refused.

    Raises:
        OSError: the kernel has no such filters.
    """
    machine = platform.machine()
    if machine not in _ARCHES:
        return False
    column = list(_ARCHES).index(machine)
    refused = [row[column] for row in _REFUSED.values()]
    numbers = [number for number in refused if number is not None]
    filters = _filters(_ARCHES[machine], numbers, _MMAP[column])
    code = ctypes.create_string_buffer(b"".join(filters))
    program = struct.pack("@HP", len(filters), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    calls = [
        (_PR_SET_NO_NEW_PRIVS, 1, None),
        (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(program)),
    ]
    for option, value, pointer in calls:
        if libc.prctl(option, value, pointer, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"seccomp: {os.strerror(number)}")
    return True


def _filters(arch: int, numbers: list[int], mmap: int) -> list[bytes]:
    """Return instructions for the kernel; a jump counts the instructions it skips."""
    refuse = _op(_RETURN, _ERRNO | errno.EPERM)
    head = [
        _op(_LOAD, _ARCH),
        _op(_EQUAL, arch, yes=1),
        refuse,
        _op(_LOAD, _NUMBER),
        _op(_AT_LEAST, _X32, no=1),
        refuse,
    ]
    body = [part for n in numbers for part in (_op(_EQUAL, n, no=1), refuse)]
    tail = [
        _op(_EQUAL, mmap, no=3),
        _op(_LOAD, _FLAGS),
        _op(_ANY_BIT, _MAP_SHARED, no=1),
        refuse,
        _op(_RETURN, _ALLOW),
    ]
    return head + body + tail


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
