"""The host's end of one jailed process: frames, limits, the kernel's clocks.

Which limit a submission hits depends on what it does, not on how fast a machine is or
how busy: what counts is the time it computes, at this machine's pace, and the time it
sleeps, never how long we have waited. Both are the kernel's word; whatever a jailed
process says is untrusted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Callable

from autograder.sandbox.activity import TICK_S, Activity, Sleep, Times
from autograder.sandbox.budget import SYSTEM, Budget, Spent
from autograder.sandbox.cgroup import Cgroup
from autograder.sandbox.guest import CREDENTIALS, FORK, HEAD
from autograder.student.codec import MAX_BYTES
from autograder.student.proxy import (
    NotAttempted,
    StudentDied,
    StudentError,
    StudentMemory,
    StudentOutput,
    StudentTimeout,
)
from autograder.student.report import gettext

_TICK = struct.pack("@ll", 0, int(TICK_S * 1e6))
_CHUNK, _MOST = 2**14, 2**20
#: Who asks for memory is granted another second for so much of it, so that who asks for
#: too much hits that limit. To fill 256 MB and give it back takes 1.5 s with small
#: objects, and with large ones 0.1 s on one machine and over a second on another.
_MB_A_SECOND = 128.0
#: A process may starve for so long, per second of sleep granted: it can ask the kernel
#: for the last place in every queue. No machine that grades at all is as slow.
_STARVED = 100.0
#: Whoever computes for so long with as many processes as it may have at a time only
#: tries to have more.
_CROWDED_S = 0.5
_CPUCLOCK_SCHED = 2
_THREADS = 17  # the field of /proc/PID/stat, counted from the state
_SEALED = ("Max file size ", "Max processes ", "Max open files ")

Frame = tuple[bool, bytes]  # whether it is a callback, and what it says


class Peer:
    """One process of a jail, seen from outside."""

    def __init__(
        self,
        channel: socket.socket,
        budget: Budget,
        pace: float,
        group: Cgroup | None,
        processes: int,
    ) -> None:
        """Take one end of its channel.

        Args:
            channel: our end.
            budget: what it may use.
            pace: how much slower than the reference this machine computes.
            group: all processes of the jail, where there are cgroups.
            processes: how many they may be at a time.
        """
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            channel.setsockopt(socket.SOL_SOCKET, option, _TICK)
        self.socket = channel
        self._pace, self._group, self._processes = pace, group, processes
        self._pid = 0
        self._unread = b""
        self._records: list[int] = []  # open files of the kernel about it
        self._renewal = b""  # what the next request begins with, in a new test
        #: Which of its loader's forks it is.
        self.number = 0
        self._activity, self._sleep = Activity(group), Sleep()
        self.allow(budget)

    def greet(self) -> None:
        """Wait for its first frame and learn its process number from the kernel.

        Raises:
            StudentError: it is not there.
        """
        self.receive()

    def allow(self, budget: Budget) -> None:
        """Grant a fresh budget from now on."""
        self._budget = budget
        self._cpu_before_s = self.cpu_s()
        self._before = self._activity.times()
        self._memory_before_mb = self._activity.memory_mb()
        self._oom_before = self._group.oom_kills() if self._group else 0
        self._since = time.monotonic()
        self._due = self._since + TICK_S  # when to look at it next
        self._sleep.restart()

    def renew(self, budget: Budget, seed: int) -> None:
        """Let it serve another test, which begins with the next request.

        Raises:
            StudentError: it is gone.
        """
        self.allow(budget)
        if not self._cpu_before_s:  # the kernel keeps no clock for it any more
            raise self._died()
        self._renewal = FORK.pack(0, budget.memory_mb, seed, False)

    def cpu_s(self) -> float:
        """Return the CPU seconds of the process so far, by the kernel's clock."""
        if not self._pid:
            return 0.0
        clock = (~self._pid << 3) | _CPUCLOCK_SCHED
        try:
            return time.clock_gettime(clock)
        except OSError:
            return 0.0

    def send(self, tag: bytes, data: bytes) -> None:
        """Send one frame.

        Raises:
            StudentError: it is gone or does not read.
        """
        view = memoryview(HEAD.pack(len(data), tag) + data)
        self._sleep.wake()  # until now it was our turn
        while view:
            try:
                view = view[self.socket.send(view) :]
            except BlockingIOError:
                self._look()
            except OSError:
                raise self._died() from None
        self._sleep.wake()

    def receive(self) -> tuple[bytes, bytes]:
        """Receive one frame.

        Raises:
            StudentError: it died, went over a limit or sent too much.
        """
        data = self._unread or self._read(_CHUNK)
        while len(data) < HEAD.size:
            data += self._read(_CHUNK)
        length, tag = HEAD.unpack_from(data)
        if length > MAX_BYTES:
            self.kill()
            raise StudentOutput(gettext("the answer is too large"))
        end = HEAD.size + length
        if len(data) < end:
            parts, missing = [data], end - len(data)
            while missing > 0:
                parts.append(self._read(min(missing, _MOST)))
                missing -= len(parts[-1])
            data = b"".join(parts)
        self._unread = data[end:]
        return tag, data[HEAD.size : end]

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Send a request and answer its callbacks until the reply comes."""
        called, data = self.begin(message)
        while called:
            called, data = self.go_on(call_back(data))
        return data

    def begin(self, message: bytes) -> Frame:
        """Send a request; return its first callback or its reply."""
        renewal, self._renewal = self._renewal, b""
        self.send(b"B" if renewal else b"Q", renewal + message)
        return self._frame()

    def go_on(self, answer: bytes) -> Frame:
        """Answer a callback; return the next one or the reply."""
        self.send(b"A", answer)
        return self._frame()

    def _frame(self) -> Frame:
        tag, data = self.receive()
        if tag not in (b"R", b"C"):
            self.kill()
            raise self._died()
        return tag == b"C", data

    def explain(self, name: str) -> StudentError:
        """A clean process defines nothing."""
        return NotAttempted(name)

    def kill(self) -> None:
        """End the process at once."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._pid, signal.SIGKILL)

    def is_sealed(self) -> bool:
        """Tell whether it holds, opens and starts nothing, by the kernel's word.

        It has its one connection to us, and these limits cannot be lifted again.
        """
        try:
            with open(f"/proc/{self._pid}/limits") as file:
                lines = file.read().splitlines()
            held = self._open_files()
        except OSError:
            return False
        if held not in (None, ["socket"]):
            return False
        limits = [
            line.removeprefix(name).split()[:2]
            for line in lines
            for name in _SEALED
            if line.startswith(name)
        ]
        return limits == [["0", "0"]] * len(_SEALED)

    def _open_files(self) -> list[str] | None:
        """Return what it has open but /dev/null, each by its kind; None: not told."""
        folder = f"/proc/{self._pid}/fd"
        try:
            links = [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]
        except PermissionError:  # without namespaces, processes of users without rights
            return None
        return [link.split(":")[0] for link in links if link != "/dev/null"]

    @property
    def pid(self) -> int:
        """Its process number, by the kernel's word."""
        return self._pid

    @property
    def memory_mb(self) -> int:
        """The memory that it was given."""
        return self._budget.memory_mb

    @property
    def limit_s(self) -> float:
        """The CPU seconds of its own code that it was given, on this machine."""
        return self._budget.cpu_s * self._pace

    def spent(self) -> Spent:
        """Return what it has spent since it was last granted a budget."""
        used = self._activity.times() - self._before
        return Spent(used.user_s / self._pace, self._sleep.slept_s)

    def used_s(self) -> float:
        """Return the CPU seconds since it was last granted a budget."""
        return self.cpu_s() - self._cpu_before_s

    def is_alone(self) -> bool:
        """Tell whether it has neither threads nor children, by the kernel's word."""
        try:
            if not self._records:
                for name in ("stat", f"task/{self._pid}/children"):
                    path = f"/proc/{self._pid}/{name}"
                    self._records.append(os.open(path, os.O_RDONLY))
            stat, children = (os.pread(record, 4096, 0) for record in self._records)
        except OSError:
            return False
        threads = stat.rpartition(b")")[2].split()[_THREADS]
        return not children and threads == b"1"

    def close(self) -> None:
        """Hang up, which ends the process."""
        self.socket.close()
        for record in self._records:
            os.close(record)
        self._records.clear()

    def _read(self, most: int) -> bytes:
        """Return some bytes, once there are any."""
        while True:
            if time.monotonic() >= self._due:
                self._look()
            try:
                data = self.socket.recv(most) if self._pid else self._first(most)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                raise self._died()
            if time.monotonic() >= self._due:  # an answer that took too long is none
                self._check()
            return data

    def _first(self, most: int) -> bytes:
        """Receive together with who sends it, which the kernel vouches for."""
        space = socket.CMSG_SPACE(CREDENTIALS.size)
        data, extra, _, _ = self.socket.recvmsg(most, space)
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                self._pid = CREDENTIALS.unpack(content[: CREDENTIALS.size])[0]
                self._activity.pid = self._pid
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        return data

    def _look(self) -> None:
        """Hold a process that keeps us waiting to its budget."""
        cpu_s = self._group.cpu_s() if self._group else self.cpu_s()
        # In this order: one that has answered sleeps as it must.
        asleep = self._activity.is_asleep() and not self._is_readable()
        self._sleep.look(asleep, cpu_s)
        self._check()
        self._due = time.monotonic() + TICK_S

    def _check(self) -> None:
        if self._group is not None and self._group.oom_kills() > self._oom_before:
            self.kill()
            raise self._died()
        used = self._activity.times() - self._before
        if self._is_crowded(used):
            self.kill()
            where = gettext(
                "it starts processes or threads without end: it may have {most}"
            )
            raise StudentTimeout(where.format(most=self._processes))
        if self._is_over(used):
            self.kill()
            raise self.too_late()

    def too_late(self) -> StudentTimeout:
        """Return what tells that it took longer than it may."""
        text = gettext("no answer within {limit:g} s")
        return StudentTimeout(text.format(limit=self._budget.cpu_s))

    def _is_crowded(self, used: Times) -> bool:
        """Tell whether it computes while it has as many processes as it may have."""
        if self._group is None or used.user_s + used.system_s < _CROWDED_S * self._pace:
            return False
        return len(self._group.threads()) >= self._processes

    def _is_over(self, used: Times) -> bool:
        """Tell whether it has used more time than it was granted, of whatever kind."""
        limit_s, sleep_s = self.limit_s, self._budget.sleep_s
        filling_s = 0.0
        if used.user_s > limit_s or used.system_s > limit_s * SYSTEM:
            asked_mb = max(
                self._activity.memory_mb() - self._memory_before_mb,
                min(self._activity.asked_mb(self.memory_mb), self.memory_mb),
            )
            filling_s = asked_mb / _MB_A_SECOND * self._pace
        return (
            used.user_s > limit_s + filling_s
            or used.system_s > limit_s * SYSTEM + filling_s
            or self._sleep.slept_s >= sleep_s
            or time.monotonic() - self._since > sleep_s * _STARVED
        )

    def _is_readable(self) -> bool:
        """Tell whether it has said something, or hung up."""
        try:
            self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def _died(self) -> StudentError:
        if self._group is not None and self._group.oom_kills() > self._oom_before:
            return StudentMemory(gettext("it ran out of memory"))
        return StudentDied(gettext("the submission ended instead of answering"))
