"""Filters on system calls: one for every submission, a closed one for ranks.

The kernel is the largest surface that a submission can reach. What no solution needs is
refused to all of them: keys, tracing, namespaces and mounts, io_uring, sockets of other
families than AF_UNIX, limits of other processes.

Ranks of one run share a container, and whatever a submission makes while it is loaded
is inherited by all of them. So the loader of a lesson with ranks has a list of what is
allowed instead, which holds nothing that another process could notice: no writable
file, no folder, link, lock or time of a file, no shared memory, pipe, socket or signal.
Source: Linux, Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import platform
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_INSTRUCTION = 8  # bytes
_X32 = 0x40000000  # calls of another convention for the same machine

#: Numbers on x86_64 and aarch64 of what no submission may call.
_REFUSED = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "mbind": (237, 235),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "semget": (64, 190),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "shmget": (29, 194),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}

#: What a loader of ranks may call, and those only.
_ALLOWED = {
    "access": (21, None),
    "alarm": (37, None),
    "arch_prctl": (158, None),
    "brk": (12, 214),
    "clock_getres": (229, 114),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "close": (3, 57),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "fork": (57, None),
    "fstat": (5, 80),
    "futex": (202, 98),
    "getcwd": (79, 17),
    "getdents64": (217, 61),
    "getegid": (108, 177),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getitimer": (36, 102),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "getsockname": (51, 204),
    "getsockopt": (55, 209),
    "gettid": (186, 178),
    "gettimeofday": (96, 169),
    "getuid": (102, 174),
    "lseek": (8, 62),
    "lstat": (6, None),
    "madvise": (28, 233),
    "membarrier": (324, 283),
    "mprotect": (10, 226),
    "mremap": (25, 216),
    "munmap": (11, 215),
    "nanosleep": (35, 101),
    "newfstatat": (262, 79),
    "poll": (7, None),
    "ppoll": (271, 73),
    "pread64": (17, 67),
    "pselect6": (270, 72),
    "read": (0, 63),
    "readv": (19, 65),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "restart_syscall": (219, 128),
    "rseq": (334, 293),
    "rt_sigaction": (13, 134),
    "rt_sigpending": (127, 136),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124),
    "select": (23, None),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "setitimer": (38, 103),
    "setrlimit": (160, 164),
    "shutdown": (48, 210),
    "sigaltstack": (131, 132),
    "stat": (4, None),
    "statx": (332, 291),
    "time": (201, None),
    "times": (100, 153),
    "uname": (63, 160),
    "vfork": (58, None),
    "wait4": (61, 260),
    "waitid": (247, 95),
    "write": (1, 64),
    "writev": (20, 66),
}

_CLONE, _CLONE3, _SOCKET = (56, 220), (435, 435), (41, 198)
_PRLIMIT, _MMAP = (302, 261), (9, 222)
_OPEN, _OPENAT, _FCNTL, _IOCTL = (2, None), (257, 56), (72, 25), (16, 29)

_NEW_NAMESPACES = 0x7E020000  # any CLONE_NEW*
_AF_UNIX = 1
_MAP_SHARED = 1
_CHANGES_FILES = 0o3 | 0o100 | 0o1000  # to write, to create, to truncate
_F_OF_ONE_DESCRIPTOR = (0, 1, 2, 3, 1030)  # F_DUPFD, F_*FD, F_GETFL, F_DUPFD_CLOEXEC
_IOCTL_OF_FILES = (0x5401, 0x5450, 0x5451)  # TCGETS, FIONCLEX, FIOCLEX: open() asks

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH = 0, 4  # offsets of what a filter may look at
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_REFUSE = _ERRNO | errno.EPERM


@dataclass(frozen=True)
class Rule:
    """One system call that is allowed or not by one of its arguments."""

    numbers: tuple[int | None, int | None]
    argument: int = 0
    equal: tuple[int, ...] | None = None  # allowed with one of these values
    without: int = 0  # or with none of these bits
    error: int = errno.EPERM

    def instructions(self, number: int) -> list[bytes]:
        """Return what decides about the call of that number, or falls through."""
        body = [_op(_LOAD, 16 + 8 * self.argument)]
        if self.equal is not None:
            for value in self.equal:
                body += [_op(_EQUAL, value, no=1), _op(_RETURN, _ALLOW)]
        else:
            body += [_op(_ANY_BIT, self.without, yes=1), _op(_RETURN, _ALLOW)]
        body.append(_op(_RETURN, _ERRNO | self.error))
        return [_op(_EQUAL, number, no=len(body)), *body]


_NEVER: tuple[int, ...] = ()
_RULES = (
    Rule(_CLONE, without=_NEW_NAMESPACES),
    # Its flags lie in memory, where a filter cannot look: the caller falls back.
    Rule(_CLONE3, equal=_NEVER, error=errno.ENOSYS),
    Rule(_PRLIMIT, equal=(0,)),
)
_SOCKETS = (Rule(_SOCKET, equal=(_AF_UNIX,), error=errno.EAFNOSUPPORT),)
_READING = (
    Rule(_OPEN, 1, without=_CHANGES_FILES),
    Rule(_OPENAT, 2, without=_CHANGES_FILES),
    Rule(_MMAP, 3, without=_MAP_SHARED),
    Rule(_FCNTL, 1, equal=_F_OF_ONE_DESCRIPTOR),
    Rule(_IOCTL, 1, equal=_IOCTL_OF_FILES),
)


def refuse_what_nobody_needs() -> bool:
    """Filter the calls of this process and its children, irrevocably.

    Returns:
        Whether there are numbers for this machine; if not, nothing is refused.

    Raises:
        OSError: the kernel has no such filters.
    """
    return _install(_refusing())


def allow_what_nobody_notices() -> bool:
    """Allow only what no other process can notice; see above."""
    return _install(_allowing())


def prepare() -> None:
    """Write the filters now: they are the same for every process forked from here."""
    _refusing()
    _allowing()


@functools.cache
def _refusing() -> bytes:
    return _program((*_RULES, *_SOCKETS), _REFUSED, _REFUSE, _ALLOW)


@functools.cache
def _allowing() -> bytes:
    return _program((*_RULES, *_READING), _ALLOWED, _ALLOW, _REFUSE)


def _program(
    rules: Iterable[Rule],
    listed: Mapping[str, tuple[int | None, int | None]],
    then: int,
    otherwise: int,
) -> bytes:
    """Return a filter for this machine, or nothing if it has no numbers here."""
    machine = platform.machine()
    if machine not in _ARCHES:
        return b""
    column = list(_ARCHES).index(machine)
    code = _head(_ARCHES[machine])
    for rule in rules:
        number = rule.numbers[column]
        if number is not None:
            # The number is loaded anew: the rule before may have looked at an argument.
            code += [_op(_LOAD, _NUMBER), *rule.instructions(number)]
    code.append(_op(_LOAD, _NUMBER))
    for row in listed.values():
        number = row[column]
        if number is not None:
            code += [_op(_EQUAL, number, no=1), _op(_RETURN, then)]
    code.append(_op(_RETURN, otherwise))
    return b"".join(code)


def _install(code: bytes) -> bool:
    if code:
        _load(code, len(code) // _INSTRUCTION)
    return bool(code)


def _load(code: bytes, count: int) -> None:
    held = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", count, ctypes.addressof(held))
    libc = ctypes.CDLL(None, use_errno=True)
    calls = [
        (_PR_SET_NO_NEW_PRIVS, 1, None),
        (_PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(program)),
    ]
    for option, value, pointer in calls:
        if libc.prctl(option, value, pointer, 0, 0) != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"seccomp: {os.strerror(number)}")


def _head(arch: int) -> list[bytes]:
    """Refuse calls of another convention, whose numbers mean something else."""
    return [
        _op(_LOAD, _ARCH),
        _op(_EQUAL, arch, yes=1),
        _op(_RETURN, _REFUSE),
        _op(_LOAD, _NUMBER),
        _op(_AT_LEAST, _X32, no=1),
        _op(_RETURN, _REFUSE),
    ]


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """Return an instruction; a jump counts the instructions that it skips."""
    return struct.pack("=HBBI", code, yes, no, value)
