"""Starts a jail, forks processes in it, sweeps it and starts it again if it breaks."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

from autograder.sandbox import jail_command
from autograder.sandbox.activity import TICK_S, Sleep, any_runnable, threads_of
from autograder.sandbox.cgroup import Cgroup
from autograder.sandbox.guest import CREDENTIALS, READY
from autograder.sandbox.levels import choose_level
from autograder.sandbox.peer import Budget, Peer
from autograder.student.proxy import StudentError
from autograder.student.report import InfrastructureError

#: What keeps its silence for so long is lost. Nothing that a submission does is judged
#: by it: the jail is started again.
_START_S = _ANSWER_S = 300.0
_ASLEEP_S = 5.0  # the server, though it has something to do: it was stopped
_slots = itertools.count()


class Jail:
    """One warm jail; submissions are loaded into it one after the other."""

    def __init__(
        self,
        warm: tuple[str, ...] = ("numpy",),
        level: jail_command.Level | None = None,
        limits: jail_command.Limits | None = None,
    ) -> None:
        """Start a jail.

        Args:
            warm: modules that every submission finds imported.
            level: isolation; the best that this machine offers by default.
            limits: what the whole jail may use.

        Raises:
            InfrastructureError: it does not start, or the level is not to be had.
        """
        self.level: jail_command.Level = choose_level(level)
        self._warm, self._limits = warm, limits or jail_command.Limits()
        self._slot = (os.getpid() * 8 + next(_slots)) % 4000
        self._scratch: str | None = None
        self._server = 0  # its process number
        self.group: Cgroup | None = None
        #: How much slower than the reference this machine computes; measured once.
        self.pace = 0.0
        self._start()

    def _start(self) -> None:
        limits = self._limits
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control = ours
        self.group = self.group or Cgroup.make(
            f"autograder-{os.getpid()}-{self._slot}",
            limits.total_mb,
            limits.processes * 2,
        )
        with theirs, tempfile.TemporaryFile() as errors:
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
                raise InfrastructureError(f"no jail can be started: {error}") from None
            theirs.close()
            if not self._is_ready():
                self.close()
                errors.seek(0)
                said = errors.read()[-300:].decode(errors="replace").strip()
                raise InfrastructureError(f"the jail does not start: {said}")

    def _is_ready(self) -> bool:
        """Hear from the server who it is, by the kernel's word, and the pace."""
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._control.settimeout(_START_S)
        try:
            data, extra, _, _ = self._control.recvmsg(64, 64)
        except OSError:
            return False
        if len(data) != READY.size:
            return False
        self.pace = self.pace or READY.unpack(data)[0]
        for _, kind, content in extra:
            if kind == socket.SCM_CREDENTIALS:
                self._server = CREDENTIALS.unpack(content[: CREDENTIALS.size])[0]
        self._control.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        return True

    def _command(self, control: int) -> list[str]:
        """Return the command that starts the jail."""
        root, jailed = os.geteuid() == 0, self.level == "bubblewrap"
        scratch = "/tmp"
        if not jailed:
            scratch = self._scratch = tempfile.mkdtemp(prefix="jail-")
            os.chmod(scratch, 0o777)
        command = jail_command.guest_command(
            control,
            level=self.level,
            warm=self._warm,
            pace=self.pace,
            limits=self._limits,
            scratch=scratch,
            processes_now=0 if root else _processes_of_user(),
            user=jail_command.user_of(self._slot) if root and not jailed else None,
        )
        if not jailed:
            return command
        program = shutil.which("bwrap") or "bwrap"
        return jail_command.bubblewrap_command(
            command, self._limits, root=root, slot=self._slot, program=program
        )

    def fork(self, kind: str, budget: Budget, quiet: bool = False) -> Peer:
        """Fork a loader (``load``) or a clean process (``clean``) from the server.

        Args:
            kind: which of the two.
            budget: what it may use.
            quiet: whether its own forks must not be able to reach each other.

        Raises:
            InfrastructureError: the jail is gone and does not come back.
        """
        request = {
            "op": kind,
            "cpu_s": budget.backstop_s(self.pace),
            "memory_mb": budget.memory_mb,
            "quiet": quiet,
        }
        for _ in range(2):
            ours, theirs = socket.socketpair()
            peer = self.peer(ours, budget)
            with theirs:
                try:
                    message = json.dumps(request).encode()
                    socket.send_fds(self._control, [message], [theirs.fileno()])
                except OSError:
                    self.restart()
                    continue
            try:
                peer.greet()
            except StudentError:
                peer.close()
                self.restart()
                continue
            return peer
        raise InfrastructureError("the jail forks no process")

    def peer(self, channel: socket.socket, budget: Budget) -> Peer:
        """Return our end of a process that is being forked."""
        return Peer(channel, budget, self.pace, self.group)

    def sweep(self) -> bool:
        """Kill every process in the jail but its server, empty its folders.

        Returns:
            Whether the server was still there; if not, the jail is started again.
        """
        if self._ask("sweep"):
            return True
        self.restart()
        return False

    def is_broken(self) -> bool:
        """Tell whether the server, which runs no code of a submission, was killed.

        Not by looking whether it is gone, which takes a moment: who has been killed
        does nothing more, and who answers was not.
        """
        return not self._ask("ping")

    def _ask(self, what: str) -> bool:
        """Have the server do something and say so; False if it is not there."""
        sleep, end = Sleep(), time.monotonic() + _ANSWER_S
        self._control.settimeout(TICK_S)
        try:
            self._control.send(json.dumps({"op": what}).encode())
            while time.monotonic() < end and sleep.slept_s < _ASLEEP_S:
                with contextlib.suppress(TimeoutError):
                    return self._control.recv(64) == what.encode()
                threads = threads_of(self._server)
                sleep.look(not any_runnable(threads), 0.0)
        except OSError:
            pass
        return False

    def restart(self) -> None:
        """Start the jail again."""
        self._kill()
        self._start()

    def close(self) -> None:
        """Kill everything in the jail."""
        self._kill()
        if self.group is not None:
            self.group.remove()

    def __enter__(self) -> Jail:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _kill(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None


def _processes_of_user() -> int:
    uid, count = os.getuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                count += os.stat(f"/proc/{name}").st_uid == uid
    return count
