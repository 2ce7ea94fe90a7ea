"""A submission in a jail: loaded once, opened for every test.

A test runs in a process forked from the loaded submission. While tests with the same
memory get answers, right, wrong or none yet, and leave neither threads nor children
behind, they share one, which halves the cost of a class run; after anything else the
next starts from a fresh fork, and after a crash or a time-out from a new container.
"""
# Over 400 lines: a submission and its copies hand each other processes, budgets and
# what broke; apart they would import each other.

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence

from autograder.sandbox.budget import (
    CLEAN,
    FAREWELL,
    LOAD,
    ON_LOADING,
    Allowance,
    Budget,
    Spent,
)
from autograder.sandbox.guest import FORK
from autograder.sandbox.jail import Container, Jail
from autograder.sandbox.peer import Peer
from autograder.sandbox.rank_processes import MOST_RANKS, Crew, Party
from autograder.sandbox.watched import Watched
from autograder.student import codec
from autograder.student.cells import marshalled
from autograder.student.errors import StudentTampered
from autograder.student.lesson import Task
from autograder.student.loading import Cell, LoadFailures, reason_of
from autograder.student.proxy import Session, StudentDied, StudentError, StudentTimeout
from autograder.student.report import InfrastructureError, gettext

_CLEANS = 3.0  # a clean process serves tests until it has used that many budgets
_HUNG_CELLS = 3  # cells that may hang or kill before we stop loading
_RELOADS = 30  # times that one submission is loaded again after it broke

#: Whatever comes down the loader's socket: a submission can write to it.
_NO_ANSWER = (StudentError, codec.CodecError, ValueError, TypeError, LookupError)


class Loaded:
    """A submission loaded in a jail: a source of fresh copies for tests."""

    def __init__(
        self, jail: Jail, cells: Sequence[Cell], quiet: bool = False, ours: bool = False
    ) -> None:
        """Prepare a submission; it is loaded when it is first opened.

        Args:
            jail: where it runs.
            cells: its code.
            quiet: whether its processes must not be able to reach each other.
            ours: whether no student wrote it, so that it may be compiled out here.
        """
        self._jail, self._cells = jail, list(cells)
        self._quiet, self._ours = quiet, ours
        self._failures = LoadFailures()
        self._skip: set[int] = set()
        self._reloads = self._oom_kills = 0  # so far
        self._spent_on_loading = Spent()
        self._container: Container | None = None
        self._loader: Peer | None = None
        self._disturbed = self._killed_loader = False
        self._takes_over = False  # what it is given to be loaded in
        self._kept: dict[int, Peer] = {}  # processes that may go on, by their memory
        self._sealed: Container | None = None  # where no code of the submission is
        self._clean: Peer | None = None
        self._clean_s = 0.0  # when it is old enough
        self._forks = 0  # of the present loader
        self._allowance = Allowance()
        self.late = self._allowance.late
        self.crew = Crew(self._fork_rank)

    @property
    def cells(self) -> list[tuple[str, str]]:
        """The label and the source of every cell."""
        return [(cell.label, cell.source) for cell in self._cells]

    @property
    def pace(self) -> float:
        """How much slower than the reference this machine computes."""
        return self._jail.pace

    def open(self, task: Task, seed: int) -> Opened:
        """Return a copy with the task's limits.

        It is forked afresh, unless a test with the same memory may share its process:
        then that one goes on, seeded anew.

        Raises:
            StudentError: the submission cannot be loaded any more, or has used up what
                all its tests have together.
        """
        budget = self._allowance.grant(task)
        peer = self._going_on(budget, seed)
        for _ in range(3):
            if peer is not None:
                return Opened(self, peer, budget, seed, task.name)
            peer = self._forked(budget, seed)
        raise StudentDied(gettext("the submission keeps killing its own process"))

    def _going_on(self, budget: Budget, seed: int) -> Peer | None:
        if self._disturbed:
            self._let_go()
        peer = self._kept.pop(budget.memory_mb, None)
        if peer is None:
            return None
        try:
            peer.renew(budget, seed)
        except StudentError:  # it died after its test was over
            self.disturb()
            self._end(peer)
            return None
        return peer

    def _forked(self, budget: Budget, seed: int, rank: bool = False) -> Peer | None:
        seconds = budget.backstop_s(self._jail.pace)
        head = FORK.pack(seconds, budget.memory_mb, seed, rank)
        container, loader = self._ready()
        ours, theirs = socket.socketpair()
        peer = container.peer(ours, budget)
        try:
            with theirs:
                socket.send_fds(loader.socket, [head], [theirs.fileno()])
            peer.number, self._forks = self._forks, self._forks + 1
            peer.greet()
        except (OSError, StudentError):
            peer.close()
            self.disturb()
            return None
        return peer

    def _fork_rank(self, budget: Budget, seed: int) -> Peer | None:
        return None if self._disturbed else self._forked(budget, seed, rank=True)

    def keep(self, peer: Peer, passed: bool) -> None:
        """Take back the process of a test, for the next one with the same memory."""
        if not passed:  # is the loader still there?
            self._asked(FORK.pack(0, 0, 0, True))
        if peer.is_alone():
            self._kept[peer.memory_mb] = peer
        else:
            self._end(peer)

    def _let_go(self) -> None:
        while self._kept:
            self._end(self._kept.popitem()[1])

    def _end(self, peer: Peer) -> None:
        peer.close()
        self.ended(peer)

    def ended(self, peer: Peer) -> int | None:
        """Return how a test process ended: exit code, or minus a signal."""
        return self._asked(FORK.pack(0, 0, peer.number, False))

    def _asked(self, question: bytes) -> int | None:
        loader = self._loader
        if loader is None or self._disturbed:
            return None
        try:
            loader.allow(FAREWELL)
            loader.socket.sendall(question)
            tag, data = loader.receive()
            return int(data) if tag == b"E" else None
        except (OSError, StudentDied):  # it does nothing that could end it
            self.disturb()
            # But the kernel may have ended it, for memory.
            self._killed_loader = self._jail.oom_kills() == self._oom_kills
        except (StudentError, ValueError):
            self.disturb()
        return None

    def disturb(self) -> None:
        """Note that something broke: the next copy starts from a new container."""
        self._disturbed = True

    @property
    def is_disturbed(self) -> bool:
        """Whether something broke since the submission was loaded."""
        return self._disturbed

    def killed_loader(self) -> bool:
        """Tell whether it has killed the process of ours that loaded it, once."""
        told, self._killed_loader = self._killed_loader, False
        return told

    def clean(self, budget: Budget = CLEAN) -> Peer:
        """Return a process in which no code of this submission has run freely."""
        peer = self._clean
        if peer is None or self._disturbed or peer.cpu_s() > self._clean_s:
            if peer is not None:
                peer.close()
            if self._sealed is None:
                container, _ = self._ready()
                self._sealed = container.sibling()
            peer = self._clean = self._sealed.fork("clean", budget)
            self._clean_s = _CLEANS * budget.cpu_s * self._jail.pace
        peer.allow(budget)
        return peer

    def spend(self, spent: Spent) -> None:
        """Count what a test has spent."""
        self._allowance.spent += spent

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""
        return self._failures.explain(name)

    def close(self) -> None:
        """End the submission and everything that it left running."""
        for peer in (self._loader, self._clean, *self._kept.values()):
            if peer is not None:
                peer.close()
        self._loader = self._clean = None
        self._kept.clear()
        self.crew.forget()
        for container in (self._container, self._sealed):
            if container is not None:
                container.close()
        self._container = self._sealed = None

    def replaced_by(self, cells: Sequence[Cell]) -> Loaded:
        """Return other code of ours in its containers; no submission gets these."""
        other = Loaded(self._jail, cells, self._quiet, ours=True)
        if not self._disturbed:
            other._container, self._container = self._container, None
            other._sealed, self._sealed = self._sealed, None
            other._takes_over = True
        self.close()
        return other

    def _ready(self) -> tuple[Container, Peer]:
        if self._container and self._loader and not self._disturbed:
            return self._container, self._loader
        if not self._takes_over:
            self.close()
        self._takes_over = False
        self._disturbed = False
        if self._spent_on_loading.is_over(ON_LOADING):
            raise StudentTimeout(gettext("the submission cannot be loaded"))
        self._reloads += 1
        if self._reloads > _RELOADS:
            raise StudentDied(gettext("the submission broke down too often"))
        while True:
            container = self._container = self._container or self._jail.container()
            loader = self._load_once(container)
            if loader is not None:
                self._loader = loader
                return container, loader
            container.close()
            self._container = None

    def _load_once(self, container: Container) -> Peer | None:
        """Run the cells; None if one of them hung or died and is to be skipped."""
        failures = LoadFailures()
        for index in self._skip:
            failures.add(self._cells[index], gettext("it does not finish"))
        todo = [(i, c) for i, c in enumerate(self._cells) if i not in self._skip]
        ready = marshalled if self._ours else lambda source, label: b""
        cells = [(c.label, c.source, ready(c.source, c.label)) for _, c in todo]
        loader = container.fork("load", LOAD, self._quiet)
        index = -1
        try:
            loader.send(b"Q", codec.dumps(cells))
            for index, cell in todo:  # noqa: B007 (which one broke is read below)
                loader.allow(LOAD)
                _, data = loader.receive()
                self._spent_on_loading += loader.spent()
                if self._spent_on_loading.is_over(ON_LOADING):
                    raise StudentTimeout(gettext("it does not finish"))
                answer = codec.loads(data)
                if answer is not None:
                    failures.add(cell, reason_of(answer))
            loader.receive()  # it is ready to fork
        except _NO_ANSWER as error:
            loader.kill()
            loader.close()
            self._spent_on_loading += loader.spent()
            spent = self._spent_on_loading.is_over(ON_LOADING)
            if len(self._skip) >= _HUNG_CELLS or index < 0 or spent:
                is_late = spent or isinstance(error, StudentTimeout)
                kind = StudentTimeout if is_late else StudentDied
                raise kind(gettext("the submission cannot be loaded")) from None
            self._skip.add(index)
            return None
        container.keep_only(loader)
        self._failures = failures
        self._forks, self._oom_kills = 0, self._jail.oom_kills()
        return loader


class Opened:
    """One copy of a submission, for one test."""

    def __init__(
        self, loaded: Loaded, peer: Peer, budget: Budget, seed: int, task: str
    ) -> None:
        self._loaded, self._peer, self._task = loaded, peer, task
        self._budget, self._seed = budget, seed
        self._clean: Peer | None = None
        self._parties: list[Party] = []
        self._cpu_s, self._is_late = 0.0, False
        self._judge_before_s = time.process_time()
        self.session = Session(self)
        self.session.too_late = self.too_late
        self.ended_by: StudentError | None = None  # known once closed

    @property
    def text(self) -> str:
        """Everything that was handed in."""
        return "\n".join(source for _, source in self.cells)

    @property
    def cells(self) -> list[tuple[str, str]]:
        """The label and the source of every cell."""
        return self._loaded.cells

    @property
    def judge_s(self) -> float:
        """CPU seconds for which it may keep the judge busy, on this machine."""
        return self._budget.judge_s(self._loaded.pace)

    def too_late(self) -> StudentTimeout:
        """Return why its test ends: it keeps the judge busy for longer."""
        self._note_late()
        return self._peer.too_late()

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Send a request and answer its callbacks until the reply comes.

        Raises:
            StudentError: the process died or went over a limit.
        """
        try:
            return self._peer.request(message, call_back)
        except StudentError as error:
            raise self._broke(self._peer, error) from None

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""
        return self._loaded.explain(name)

    def clean(self) -> Session:
        """Return a session in a process that holds no code of the submission."""
        return self._in_clean(CLEAN)

    def explorer(self) -> Session:
        """Return a clean session with the task's seconds: checked code may spin."""
        return self._in_clean(Budget(self._budget.cpu_s, CLEAN.memory_mb))

    def _in_clean(self, budget: Budget) -> Session:
        if self._clean is not None:
            self._cpu_s += self._clean.used_s()
        self._clean = self._loaded.clean(budget)
        loaded = self._loaded
        return Session(Watched(self._clean, loaded.explain, loaded.disturb))

    def ranks(self, n: int) -> Party:
        """Return n more copies that can reach nobody but the judge.

        Raises:
            StudentError: they cannot be forked.
            InfrastructureError: a test asks for too many.
        """
        if n > MOST_RANKS:
            raise InfrastructureError(f"at most {MOST_RANKS} ranks, not {n}")
        try:
            peers = self._loaded.crew.muster(n, self._budget, self._seed)
        except StudentError:
            self._loaded.disturb()
            raise
        party = Party(self._loaded.crew, peers, self._budget, self._broke)
        self._parties.append(party)
        return party

    def _broke(self, peer: Peer, error: StudentError) -> StudentError:
        if isinstance(error, StudentTimeout):
            self._note_late()
        if isinstance(error, StudentDied):
            error = self._died(peer)
        self._loaded.disturb()
        return error

    def _note_late(self) -> None:
        self._loaded.late[self._task] += not self._is_late
        self._is_late = True

    def close(self, passed: bool, goes_on: bool) -> float:
        """End this copy; return the CPU seconds that it used.

        Args:
            passed: whether the test did.
            goes_on: whether its process may serve another test.
        """
        judged_s = (time.process_time() - self._judge_before_s) / self._loaded.pace
        self._loaded.spend(
            self._peer.spent() + Spent(max(judged_s - self._budget.cpu_s, 0.0))
        )
        self._cpu_s += sum(party.spent_s for party in self._parties)
        for process in (self._peer, self._clean):
            if process is not None:
                self._cpu_s += process.used_s()
        if goes_on and not self._loaded.is_disturbed:
            self._loaded.keep(self._peer, passed)
        else:
            self._peer.close()
            self._loaded.ended(self._peer)
            self._loaded.crew.forget()
        self.ended_by = StudentTampered() if self._loaded.killed_loader() else None
        return self._cpu_s

    def _died(self, peer: Peer) -> StudentDied:
        code = self._loaded.ended(peer)
        if code is None:
            how = gettext("its process was killed")
        elif code < 0:
            how = gettext("its process was ended by signal {code}").format(code=-code)
        else:
            how = gettext("its process left with code {code}").format(code=code)
        return StudentDied(gettext("the submission ended instead of answering"), how)
