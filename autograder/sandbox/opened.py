"""A copy of a submission in a jail, for one test: what the test can ask of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from autograder.sandbox.budget import CLEAN, Budget, Spent
from autograder.sandbox.peer import Peer
from autograder.sandbox.rank_processes import MOST_RANKS, Party
from autograder.sandbox.watched import Watched
from autograder.student.errors import StudentTampered
from autograder.student.proxy import Session, StudentDied, StudentError, StudentTimeout
from autograder.student.report import InfrastructureError, gettext

if TYPE_CHECKING:
    from autograder.sandbox.loaded import Loaded


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
