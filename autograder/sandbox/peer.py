"""The host's end of one jailed process: frames, deadlines, the kernel's clocks."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from autograder.codec import MAX_BYTES
from autograder.report import gettext
from autograder.sandbox.cgroup import Cgroup
from autograder.sandbox.guest import HEAD
from autograder.sandbox.proxy import (
    NotAttempted,
    StudentDied,
    StudentError,
    StudentMemory,
    StudentOutput,
    StudentTimeout,
)

_TICK_S = 0.05  # how often a busy process is looked at
_PATIENCE = 3.0  # wall seconds granted per CPU second, plus _GRACE_S
_GRACE_S = 2.0
_CREDENTIALS = struct.Struct("3i")
_CPUCLOCK_SCHED = 2


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
        channel.setblocking(False)
        self.socket = channel
        self._budget = budget
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)
        self._pid = 0
        self._waited_s = 0.0  # wall time that it has kept us waiting
        self._cpu_before_s = 0.0
        self._group = group
        self._oom_before = group.oom_kills() if group else 0
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
        self._cpu_before_s = self.cpu_s()
        self._group_before_s = self._group.cpu_s() if self._group else 0.0

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
        writable = select.poll()
        writable.register(self.socket, select.POLLOUT)
        while view:
            try:
                view = view[self.socket.send(view) :]
            except BlockingIOError:
                self._wait(writable)
            except OSError:
                raise self._died() from None

    def receive(self) -> tuple[bytes, bytes]:
        """Receive one frame.

        Raises:
            StudentError: it died, went over a limit or sent too much.
        """
        length, tag = HEAD.unpack(self._exactly(HEAD.size))
        if length > MAX_BYTES:
            self.kill()
            raise StudentOutput(gettext("the answer is too large"))
        return tag, self._exactly(length)

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Send a request and answer its callbacks until the reply comes."""
        self.send(b"Q", message)
        while True:
            tag, data = self.receive()
            if tag == b"R":
                return data
            if tag != b"C":
                self.kill()
                raise self._died()
            self.send(b"A", call_back(data))

    def explain(self, name: str) -> StudentError:
        """A clean process defines nothing."""
        return NotAttempted(name)

    def kill(self) -> None:
        """End the process at once."""
        if self._pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._pid, signal.SIGKILL)

    def close(self) -> float:
        """Hang up, which ends the process; return its CPU seconds."""
        used = self.cpu_s()
        self.socket.close()
        return used

    def _exactly(self, size: int) -> bytes:
        data, got = bytearray(size), 0
        view = memoryview(data)
        while got < size:
            try:
                if self._pid:
                    count = self.socket.recv_into(view[got:])
                else:
                    count = self._first(view[got:])
            except BlockingIOError:
                self._wait(self._poll)
                continue
            except OSError:
                count = 0
            if count == 0:
                raise self._died()
            got += count
        return bytes(data)

    def _first(self, view: memoryview) -> int:
        """Receive together with who sends it, which the kernel vouches for."""
        space = socket.CMSG_SPACE(_CREDENTIALS.size)
        count, extra, _, _ = self.socket.recvmsg_into([view], space)
        for level, kind, data in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
                self._pid = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0]
        return count

    def _wait(self, poll: select.poll) -> None:
        start = time.monotonic()
        left = self._budget.wall_s - self._waited_s
        ready = poll.poll(max(0.0, min(_TICK_S, left)) * 1000)
        self._waited_s += time.monotonic() - start
        if ready:
            return
        used = self.cpu_s() - self._cpu_before_s
        if self._group is not None:  # what it has forked counts too
            used = max(used, self._group.cpu_s() - self._group_before_s)
        if used > self._budget.cpu_s or self._waited_s >= self._budget.wall_s:
            self.kill()
            limit = self._budget.cpu_s
            raise StudentTimeout(
                gettext("no answer within {limit:g} s").format(limit=limit)
            )

    def _died(self) -> StudentError:
        if self._group is not None and self._group.oom_kills() > self._oom_before:
            return StudentMemory(gettext("it ran out of memory"))
        return StudentDied(gettext("the submission ended instead of answering"))
