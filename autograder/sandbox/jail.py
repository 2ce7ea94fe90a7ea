"""Starts the warm server of a jail; each submission gets a container from it.

The server runs no code of a submission, and a container is thrown away with the one
submission that it held: the next one finds what the first one found.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
from typing import BinaryIO

from autograder.sandbox import jail_command
from autograder.sandbox.activity import family
from autograder.sandbox.budget import Budget
from autograder.sandbox.cgroup import Cgroup
from autograder.sandbox.guest import CREDENTIALS, ENTERED, READY
from autograder.sandbox.levels import choose_level
from autograder.sandbox.peer import Peer
from autograder.student.proxy import StudentError
from autograder.student.report import InfrastructureError

#: What keeps its silence for so long is lost. Nothing that a submission does is judged
#: by it: the jail is started again.
_START_S = 300.0
_slots = itertools.count()


class Jail:
    """One warm server, from which containers are forked in milliseconds."""

    def __init__(
        self,
        warm: tuple[str, ...] = ("numpy",),
        level: jail_command.Level | None = None,
        limits: jail_command.Limits | None = None,
        filtered: bool = True,
        wait: bool = True,
    ) -> None:
        """Start a jail.

        Args:
            warm: modules that every submission finds imported.
            level: isolation; the best that this machine offers by default.
            limits: what the whole jail may use.
            filtered: whether system calls are; False to look at the other layers.
            wait: whether it is there when this returns; else `wait` says when.

        Raises:
            InfrastructureError: it does not start, or the level is not to be had.
        """
        self.level: jail_command.Level = choose_level(level)
        self._warm, self.limits = warm, limits or jail_command.Limits()
        self._slot = (os.getpid() * 8 + next(_slots)) % 4000
        self._scratch: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._server = 0  # its process number
        #: Whether a container has namespaces of its own. Where it cannot, it is the
        #: jail itself, which is started again for the next one.
        self._nested = self.level == "bubblewrap"
        self._filtered = filtered and self.level != "none"
        self.group: Cgroup | None = None
        #: How much slower than the reference this machine computes; measured once.
        self.pace = 0.0
        self._errors: BinaryIO | None = None  # of one that is starting
        self._launch()
        if wait:
            self.wait()

    def container(self) -> Container:
        """Return a new container, in which nothing of a submission has run.

        Raises:
            InfrastructureError: the jail is gone and does not come back.
        """
        for _ in range(2):
            if self._process is None:
                self._launch()
            self.wait()
            made = self._contained()
            if made is not None:
                return made
            self.stop()
        raise InfrastructureError("the jail makes no container")

    def _contained(self) -> Container | None:
        ours, theirs = _connection()
        with theirs, contextlib.suppress(OSError):  # then nobody greets us
            socket.send_fds(self._control, [b"container"], [theirs.fileno()])
        data, pid = _greeted(ours)
        if len(data) == ENTERED.size:
            made = Container(self, ours, pid, self._nested)
            made.is_filtered = ENTERED.unpack(data)[0]
            return made
        ours.close()
        if data and self._nested:  # its word why: this machine nests no namespaces
            self._nested = False
        return None

    def restart(self) -> None:
        """Start the jail again."""
        self.stop()
        self._launch()
        self.wait()

    def stop(self) -> None:
        """Kill everything in the jail; the next container starts it again."""
        if self._process is None:
            return
        self._control.close()
        if self._errors is not None:  # it is still starting
            self._errors.close()
            self._errors = None
        left = [] if self.level == "bubblewrap" else list(family(self._server))
        self._process.kill()
        self._process.wait()
        self._process = None
        for pid in {*left, *(self.group.threads() if self.group else ())}:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def close(self) -> None:
        """Kill everything in the jail, for good."""
        self.stop()
        if self.group is not None:
            self.group.remove()

    def __enter__(self) -> Jail:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def oom_kills(self) -> int:
        """Return how many processes the kernel has ended for memory, as it counts."""
        return 0 if self.group is None else self.group.oom_kills()

    def _launch(self) -> None:
        limits = self.limits
        ours, theirs = _connection()
        self._control = ours
        self.group = self.group or Cgroup.make(
            f"autograder-{os.getpid()}-{self._slot}",
            limits.total_mb,
            limits.processes * 2,
        )
        errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by wait)
        with theirs:
            try:
                self._process = subprocess.Popen(
                    self._command(theirs.fileno()),
                    pass_fds=[theirs.fileno()],
                    env=jail_command.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,
                    preexec_fn=self.group.enter if self.group else None,
                )
            except (OSError, subprocess.SubprocessError) as error:
                ours.close()
                errors.close()
                raise InfrastructureError(f"no jail can be started: {error}") from None
        self._errors = errors
        with contextlib.suppress(OSError):
            ours.send(json.dumps(self._config()).encode())

    def wait(self) -> None:
        """Return once the server is there.

        Raises:
            InfrastructureError: it does not start.
        """
        errors, self._errors = self._errors, None
        if errors is None:
            return
        with errors:
            data, self._server = _greeted(self._control)
            if len(data) != READY.size:
                self.close()
                errors.seek(0)
                said = errors.read()[-300:].decode(errors="replace").strip()
                raise InfrastructureError(f"the jail does not start: {said}")
            self.pace = self.pace or READY.unpack(data)[0]

    def _command(self, control: int) -> list[str]:
        """Return the command that starts the jail."""
        command = jail_command.guest_command(control, level=self.level)
        if self.level != "bubblewrap":
            return command
        return jail_command.bubblewrap_command(
            command,
            self.limits,
            root=os.geteuid() == 0,
            slot=self._slot,
            program=shutil.which("bwrap") or "bwrap",
        )

    def _config(self) -> dict[str, object]:
        """Return what the server is told; makes its scratch where it needs one."""
        root, jailed = os.geteuid() == 0, self.level == "bubblewrap"
        scratch = "/tmp"
        if not jailed:
            scratch = self._scratch = tempfile.mkdtemp(prefix="jail-")
            os.chmod(scratch, 0o777)
        return jail_command.guest_config(
            level=self.level,
            warm=self._warm,
            pace=self.pace,
            limits=self.limits,
            scratch=scratch,
            processes_now=0 if root else _processes_of_user(),
            user=jail_command.user_of(self._slot) if root and not jailed else None,
            nested=self._nested,
            filtered=self._filtered,
        )


class Container:
    """One submission's part of a jail, thrown away with it."""

    def __init__(
        self, jail: Jail, control: socket.socket, pid: int, nested: bool
    ) -> None:
        """Take over a container that was forked.

        Args:
            jail: whose.
            control: our end of its connection.
            pid: its first process.
            nested: whether it has namespaces of its own.
        """
        self._jail, self._control, self.is_nested = jail, control, nested
        #: Whether the kernel filters its system calls.
        self.is_filtered = False
        self._pid, self._first = pid, os.pidfd_open(pid)

    def sibling(self) -> Container:
        """Return a container out of this one's reach, or this one if there is none."""
        return self._jail.container() if self.is_nested else self

    def fork(self, kind: str, budget: Budget, quiet: bool = False) -> Peer:
        """Fork a loader (``load``) or a clean process (``clean``).

        Args:
            kind: which of the two.
            budget: what it may use.
            quiet: whether its own forks must not be able to reach each other.

        Raises:
            StudentError: the container is gone: a limit of the machine has ended it.
        """
        request = {
            "op": kind,
            "cpu_s": budget.backstop_s(self._jail.pace),
            "memory_mb": budget.memory_mb,
            "quiet": quiet,
        }
        ours, theirs = socket.socketpair()
        peer = self.peer(ours, budget)
        with theirs, contextlib.suppress(OSError):  # then nobody greets us
            message = json.dumps(request).encode()
            socket.send_fds(self._control, [message], [theirs.fileno()])
        try:
            peer.greet()
        except StudentError:
            peer.close()
            raise
        return peer

    def keep_only(self, peer: Peer) -> None:
        """End what a submission has left running beside a process of ours.

        It would have that one's memory and time, whatever a test grants.
        """
        for pid in family(self._pid):
            if pid not in (self._pid, peer.pid):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def peer(self, channel: socket.socket, budget: Budget) -> Peer:
        """Return our end of a process that is being forked."""
        jail = self._jail
        return Peer(channel, budget, jail.pace, jail.group, jail.limits.processes)

    def close(self) -> None:
        """End every process in it and forget what they made."""
        if self._first < 0:
            return
        self._control.close()
        if not self.is_nested:
            self._jail.stop()
        else:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            # It ends last, once the kernel has ended all others of its namespace.
            if not select.select([self._first], [], [], _START_S)[0]:
                self._jail.stop()
        os.close(self._first)
        self._first = -1


def _connection() -> tuple[socket.socket, socket.socket]:
    """Return two ends; whoever speaks first at the other is named by the kernel."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    return ours, theirs


def _greeted(channel: socket.socket) -> tuple[bytes, int]:
    """Hear the first message of a process and who it is, by the kernel's word.

    Returns:
        The message, empty if the process ended or was silent; and its number.
    """
    channel.settimeout(_START_S)
    try:
        data, extra, _, _ = channel.recvmsg(4096, 64)
    except OSError:
        return b"", 0
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    for _, kind, content in extra:
        if kind == socket.SCM_CREDENTIALS:
            return data, int(CREDENTIALS.unpack(content[: CREDENTIALS.size])[0])
    return data, 0


def _processes_of_user() -> int:
    uid, count = os.getuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                count += os.stat(f"/proc/{name}").st_uid == uid
    return count
