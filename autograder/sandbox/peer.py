"""The host's end of one jailed process: frames, deadlines, the kernel's clocks.

Time is measured here: wall time by this process's clock, CPU time by the kernel's clock
of the other process. Whatever a jailed process says is untrusted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from autograder.sandbox.cgroup import Cgroup
from autograder.sandbox.guest import FORK, HEAD
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

#: Tests that one process may serve; the kernel ends it after their seconds.
TESTS = 64
_TICK = struct.pack("@ll", 0, 50_000)  # look at a busy process every 50 ms
_CALLBACKS = 256  # after so many frames, look whether it calls back for ever
_CHUNK, _MOST = 2**14, 2**20
_PATIENCE = 3.0  # wall seconds granted per CPU second, plus _GRACE_S
_GRACE_S = 2.0
_SHARE = 4.0  # a test may take so many times longer with the judge's own work
_CREDENTIALS = struct.Struct("3i")
_CPUCLOCK_SCHED = 2
_THREADS = 17  # the field of /proc/PID/stat, counted from the state
_SEALED = ("Max file size ", "Max open files ")

Frame = tuple[bool, bytes]  # whether it is a callback, and what it says


@dataclass(frozen=True)
class Budget:
    """What one process may use."""

    cpu_s: float
    memory_mb: int

    @property
    def wall_s(self) -> float:
        """Wall seconds: generous, since many processes may share a core."""
        return self.cpu_s * _PATIENCE + _GRACE_S


class Peer:
    """One process of a jail, seen from outside."""

    def __init__(
        self, channel: socket.socket, budget: Budget, group: Cgroup | None = None
    ) -> None:
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            channel.setsockopt(socket.SOL_SOCKET, option, _TICK)
        self.socket = channel
        self._budget = budget
        self._pid = 0
        self._unread = b""
        self._records: list[int] = []  # open files of the kernel about it
        self._renewal = b""  # what the next request begins with, in a new test
        self._frames = 0
        #: Which of its loader's forks it is.
        self.number = 0
        self._since = time.monotonic()
        self._waited_s = 0.0  # wall time that it has kept us waiting
        self._cpu_before_s = 0.0
        self._group = group
        self._group_before_s = group.cpu_s() if group else 0.0

    def greet(self) -> None:
        """Wait for its first frame and learn its process number from the kernel.

        Raises:
            StudentError: it is not there.
        """
        self.receive()

    def allow(self, budget: Budget) -> None:
        """Grant a fresh budget from now on."""
        self._budget = budget
        self._waited_s = 0.0
        self._since = time.monotonic()
        self._cpu_before_s = self.cpu_s()
        self._group_before_s = self._group.cpu_s() if self._group else 0.0

    def renew(self, budget: Budget, seed: int) -> None:
        """Let it serve another test, which begins with the next request.

        Raises:
            StudentError: it is gone.
        """
        self.allow(budget)
        if not self._cpu_before_s:  # the kernel keeps no clock for it any more
            raise self._died()
        head = FORK.pack(budget.cpu_s * TESTS, budget.memory_mb, seed, False)
        self._renewal = head

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
        """Send one frame, within the deadline.

        Raises:
            StudentError: it is gone or does not read.
        """
        view = memoryview(HEAD.pack(len(data), tag) + data)
        while view:
            start = time.monotonic()
            try:
                view = view[self.socket.send(view) :]
            except BlockingIOError:
                self._waited_since(start)
                self._look()
            except OSError:
                raise self._died() from None

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
        self._frames += 1
        if self._frames % _CALLBACKS == 0:
            self._look()
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
        """Tell whether it can open nothing and write to no file, by the kernel's word.

        These limits cannot be lifted again.
        """
        try:
            with open(f"/proc/{self._pid}/limits") as file:
                lines = file.read().splitlines()
        except OSError:
            return False
        limits = [line.split()[3:5] for line in lines if line.startswith(_SEALED)]
        return limits == [["0", "0"]] * len(_SEALED)

    @property
    def memory_mb(self) -> int:
        """The memory that it was given."""
        return self._budget.memory_mb

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
            start = time.monotonic()
            try:
                data = self.socket.recv(most) if self._pid else self._first(most)
            except BlockingIOError:
                self._waited_since(start)
                self._look()
                continue
            except OSError:
                data = b""
            self._waited_since(start)
            if not data:
                raise self._died()
            if self._waited_s >= self._budget.wall_s:  # it trickles
                self._look()
            return data

    def _first(self, most: int) -> bytes:
        """Receive together with who sends it, which the kernel vouches for."""
        space = socket.CMSG_SPACE(_CREDENTIALS.size)
        data, extra, _, _ = self.socket.recvmsg(most, space)
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                self._pid = _CREDENTIALS.unpack(content[: _CREDENTIALS.size])[0]
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        return data

    def _waited_since(self, start: float) -> None:
        self._waited_s += time.monotonic() - start

    def _look(self) -> None:
        """Hold a busy process to its budget."""
        used = self.used_s()
        if self._group is not None:  # what it has forked counts too
            used = max(used, self._group.cpu_s() - self._group_before_s)
        slow = max(self._waited_s, (time.monotonic() - self._since) / _SHARE)
        if used > self._budget.cpu_s or slow >= self._budget.wall_s:
            self.kill()
            limit = self._budget.cpu_s
            raise StudentTimeout(
                gettext("no answer within {limit:g} s").format(limit=limit)
            )

    def _died(self) -> StudentError:
        if self._group is not None and self._group.new_oom_kills():
            return StudentMemory(gettext("it ran out of memory"))
        return StudentDied(gettext("the submission ended instead of answering"))
