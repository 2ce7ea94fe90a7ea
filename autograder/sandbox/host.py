"""Starts a jail, loads submissions in it, holds every process to its limits.

Time is measured here: wall time by this process's clock, CPU time by the kernel's clock
of the other process. Whatever a jailed process says is untrusted.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Sequence

from autograder import codec
from autograder.lesson import Task
from autograder.report import InfrastructureError, gettext
from autograder.sandbox import jail
from autograder.sandbox.cgroup import Cgroup
from autograder.sandbox.guest import FORK
from autograder.sandbox.levels import choose_level
from autograder.sandbox.local import Cell, LoadFailures, reason_of
from autograder.sandbox.peer import Budget, Peer
from autograder.sandbox.proxy import Session, StudentDied, StudentError, StudentTimeout

LOAD = Budget(cpu_s=3.0, memory_mb=1024)  # for running one submission's cells
CLEAN = Budget(cpu_s=20.0, memory_mb=1024)  # for running recorded kernels
_FAREWELL = Budget(cpu_s=0.3, memory_mb=0)  # for telling how a test process ended
_HUNG_CELLS = 3  # cells that may hang or kill before we stop loading
_RELOADS = 30  # times that one submission is loaded again after it broke
_START_S = 60.0
_DYING_S = 0.05  # a killed process needs a moment to be gone
_slots = itertools.count()


class Jail:
    """One warm jail; submissions are loaded into it one after the other."""

    def __init__(
        self,
        warm: tuple[str, ...] = ("numpy",),
        level: jail.Level | None = None,
        limits: jail.Limits | None = None,
    ) -> None:
        """Start a jail.

        Args:
            warm: modules that every submission finds imported.
            level: isolation; the best that this machine offers by default.
            limits: what the whole jail may use.

        Raises:
            InfrastructureError: it does not start, or the level is not to be had.
        """
        self.level: jail.Level = choose_level(level)
        self._warm, self._limits = warm, limits or jail.Limits()
        self._slot = (os.getpid() * 8 + next(_slots)) % 4000
        self._scratch: str | None = None
        self.group: Cgroup | None = None
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
                    env=jail.environment(),
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
            ours.settimeout(_START_S)
            try:
                ready = ours.recv(64)
            except OSError:
                ready = b""
            if ready != b"ready":
                self.close()
                errors.seek(0)
                said = errors.read()[-300:].decode(errors="replace").strip()
                raise InfrastructureError(f"the jail does not start: {said}")

    def _command(self, control: int) -> list[str]:
        """Return the command that starts the jail."""
        root, jailed = os.geteuid() == 0, self.level == "bubblewrap"
        scratch = "/tmp"
        if not jailed:
            scratch = self._scratch = tempfile.mkdtemp(prefix="jail-")
            os.chmod(scratch, 0o777)
        command = jail.guest_command(
            control,
            level=self.level,
            warm=self._warm,
            limits=self._limits,
            scratch=scratch,
            processes_now=0 if root else _processes_of_user(),
            user=jail.user_of(self._slot) if root and not jailed else None,
        )
        if not jailed:
            return command
        program = shutil.which("bwrap") or "bwrap"
        return jail.bubblewrap_command(
            command, self._limits, root=root, slot=self._slot, program=program
        )

    def load(self, cells: Sequence[Cell]) -> Loaded:
        """Run a submission's cells in this jail."""
        return Loaded(self, cells)

    def fork(self, kind: str, budget: Budget) -> Peer:
        """Fork a loader (``load``) or a clean process (``clean``) from the server.

        Raises:
            InfrastructureError: the jail is gone and does not come back.
        """
        request = {"op": kind, "cpu_s": budget.cpu_s, "memory_mb": budget.memory_mb}
        for _ in range(2):
            ours, theirs = socket.socketpair()
            peer = Peer(ours, budget, self.group)
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

    def sweep(self) -> bool:
        """Kill every process in the jail but its server, empty its folders.

        Returns:
            Whether the server was still there; if not, the jail is started again.
        """
        try:
            self._control.send(b'{"op": "sweep"}')
            self._control.settimeout(5.0)
            if self._control.recv(64) == b"swept":
                return True
        except OSError:
            pass
        self.restart()
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

    def is_broken(self) -> bool:
        """Tell whether the server, which runs no code of a submission, was killed."""
        self._control.settimeout(_DYING_S)
        try:
            return self._control.recv(1, socket.MSG_PEEK) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


class Loaded:
    """A submission loaded in a jail: a source of fresh copies for tests."""

    def __init__(self, jail_: Jail, cells: Sequence[Cell]) -> None:
        self._jail, self._cells = jail_, list(cells)
        self._failures = LoadFailures()
        self._skip: set[int] = set()
        self._reloads = 0
        self._loader: Peer | None = None
        self._disturbed = False

    def open(self, task: Task, seed: int) -> Opened:
        """Fork a fresh copy with the task's limits.

        Raises:
            StudentError: the submission cannot be loaded any more.
        """
        budget = Budget(task.seconds, task.memory_mb)
        for _ in range(3):
            loader = self._ready_loader()
            ours, theirs = socket.socketpair()
            peer = Peer(ours, budget, self._jail.group)
            with theirs:
                head = FORK.pack(budget.cpu_s, budget.memory_mb, seed)
                try:
                    socket.send_fds(loader.socket, [head], [theirs.fileno()])
                except OSError:
                    self.disturb()
                    continue
            try:
                peer.greet()
            except StudentError:
                peer.close()
                self.disturb()
                continue
            return Opened(self, peer)
        raise StudentDied(gettext("the submission keeps killing its own process"))

    def ended(self) -> int | None:
        """Return how the last test process ended: exit code, or minus a signal."""
        loader = self._loader
        if loader is None or self._disturbed:
            return None
        try:
            loader.allow(_FAREWELL)
            tag, data = loader.receive()
            return int(data) if tag == b"E" else None
        except (StudentError, ValueError):
            self.disturb()
            return None

    def disturb(self) -> None:
        """Note that something broke: the next copy starts from a swept jail."""
        self._disturbed = True

    def broke_jail(self) -> bool:
        """Tell whether the jail's server was killed; it is started again if so."""
        if not self._disturbed or not self._jail.is_broken():
            return False
        group = self._jail.group  # the kernel may have killed it for memory
        return group is None or group.oom_kills() == 0

    def clean(self) -> Peer:
        """Return a process that holds no code of this submission."""
        return self._jail.fork("clean", CLEAN)

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""
        return self._failures.explain(name)

    def close(self) -> None:
        """End the submission and everything that it left running."""
        if self._loader is not None:
            self._loader.close()
            self._loader = None
        self._jail.sweep()

    def _ready_loader(self) -> Peer:
        if self._loader is not None and not self._disturbed:
            return self._loader
        if self._loader is not None or self._disturbed:
            self.close()
        self._disturbed = False
        self._reloads += 1
        if self._reloads > _RELOADS:
            raise StudentDied(gettext("the submission broke down too often"))
        while True:
            loader = self._load_once()
            if loader is not None:
                self._loader = loader
                return loader
            self._jail.sweep()

    def _load_once(self) -> Peer | None:
        """Run the cells; None if one of them hung or died and is to be skipped."""
        failures = LoadFailures()
        for index in self._skip:
            failures.add(self._cells[index], gettext("it does not finish"))
        todo = [i for i in range(len(self._cells)) if i not in self._skip]
        cells = [(self._cells[i].label, self._cells[i].source) for i in todo]
        loader = self._jail.fork("load", LOAD)
        index = -1
        try:
            loader.send(b"Q", codec.dumps(cells))
            for index in todo:
                loader.allow(LOAD)
                _, data = loader.receive()
                answer = codec.loads(data)
                if answer is not None:
                    failures.add(self._cells[index], reason_of(answer))
        except (StudentError, codec.CodecError, ValueError, TypeError) as error:
            loader.kill()
            loader.close()
            if len(self._skip) >= _HUNG_CELLS or index < 0:
                kind = (
                    StudentTimeout if isinstance(error, StudentTimeout) else StudentDied
                )
                raise kind(gettext("the submission cannot be loaded")) from None
            self._skip.add(index)
            return None
        self._failures = failures
        return loader


class Opened:
    """One fresh copy of a submission, for one test."""

    def __init__(self, loaded: Loaded, peer: Peer) -> None:
        self._loaded, self._peer = loaded, peer
        self._clean: Peer | None = None
        self._cpu_s = 0.0
        self.session = Session(self)
        self.tampered = False  # known once closed

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Send a request and answer its callbacks until the reply comes.

        Raises:
            StudentError: the process died or went over a limit.
        """
        try:
            return self._peer.request(message, call_back)
        except StudentDied:
            told = self._died()
            self._loaded.disturb()
            raise told from None
        except StudentError:
            self._loaded.disturb()
            raise

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""
        return self._loaded.explain(name)

    def clean(self) -> Session:
        """Return a session in a process that holds no code of the submission."""
        if self._clean is not None:
            self._cpu_s += self._clean.close()
        self._clean = self._loaded.clean()
        return Session(self._clean)

    def close(self) -> float:
        """End this copy; return the CPU seconds that it used."""
        for peer in (self._clean, self._peer):
            if peer is not None:
                self._cpu_s += peer.close()
        self._loaded.ended()
        self.tampered = self._loaded.broke_jail()
        return self._cpu_s

    def _died(self) -> StudentDied:
        code = self._loaded.ended()
        if code is None:
            how = gettext("its process was killed")
        elif code < 0:
            how = gettext("its process was ended by signal {code}").format(code=-code)
        else:
            how = gettext("its process left with code {code}").format(code=code)
        return StudentDied(gettext("the submission ended instead of answering"), how)


def _processes_of_user() -> int:
    uid, count = os.getuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                count += os.stat(f"/proc/{name}").st_uid == uid
    return count
