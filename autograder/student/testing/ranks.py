"""The fixture ``ranks``: a submission's program on ranks that share no memory.

Every rank is a process of its own, forked from the loaded submission; the network and
its meter are here, in the judge. A link's calls arrive as callbacks and stay unanswered
until the network can answer them, so a deadlock is found at once and nothing waits for
a clock.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from autograder.student import codec
from autograder.student.bundle import NEUTRAL, bundled, neutral
from autograder.student.lab.ranks import network as wires
from autograder.student.lab.ranks.driver import Ask, Done, drive
from autograder.student.lab.ranks.link import Link
from autograder.student.lab.ranks.outcome import Outcome, Way
from autograder.student.lab.ranks.run import ProgramTurn
from autograder.student.proxy import (
    Channel,
    Handle,
    NotAttempted,
    Session,
    StudentError,
    StudentRaised,
    builtin_name,
)
from autograder.student.report import gettext
from autograder.student.vocabulary import Vocabulary

Arguments = Sequence[Any] | Mapping[str, Any]


class _Marker:
    """Stands in arguments for the rank's own link."""

    def __repr__(self) -> str:
        return "LINK"


LINK = _Marker()


class Process(Protocol):
    """One rank's process, driven from callback to callback."""

    def begin(self, message: bytes) -> tuple[bool, bytes]:
        """Send a request; return whether it calls back, and what it says."""

    def go_on(self, answer: bytes) -> tuple[bool, bytes]:
        """Answer a callback."""


class Party(Protocol):
    """The processes of one run."""

    @property
    def ranks(self) -> Sequence[Process]: ...

    def close(self) -> None:
        """End those that are not idle."""


class Copies(Protocol):
    """A submission that can be opened once more for every rank."""

    @property
    def session(self) -> Session: ...

    def ranks(self, n: int) -> Party:
        """Return n copies that share no memory."""

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""


class Ranks:
    """Runs a submission's programs over a metered network."""

    LINK = LINK
    Wire = wires.Wire

    def __init__(
        self, student: Copies, lent: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        """Prepare runs.

        Args:
            student: the submission.
            lent: functions of ours that stand in for its own of those names.
        """
        self._student, self._lent = student, dict(lent or {})

    def run(
        self,
        program: str | Callable[..., Any],
        n: int,
        args: Callable[[int], Arguments] = lambda rank: (),
        *,
        capacity: float = math.inf,
        latency_s: float = 0.0,
        bandwidth: float = math.inf,
        links: Mapping[Way, wires.Wire] | None = None,
        seed: int = 0,
        check: bool = True,
    ) -> Outcome:
        """Run a program of the submission on n ranks; see `lab.ranks.run`.

        Args:
            program: a name that the submission defines, or a top-level function of the
                test file, whose first parameter is the submission's module: its source
                is sent, with everything of its file that it uses.
            n: how many ranks.
            args: gives a rank's arguments, a sequence or a mapping; `ranks.LINK` among
                them becomes that rank's link.
            capacity: messages that a directed link holds.
            latency_s: seconds that a message takes on the virtual clock.
            bandwidth: bytes a second.
            links: wires that differ, by (from rank, to rank).
            seed: decides which rank begins.
            check: whether an exception of a rank fails the test; else it stands in
                `Outcome.errors`. A deadlock never raises: look at `Outcome.deadlock`.

        Raises:
            StudentError: what the lowest failing rank raised; or a rank died, went
                over a limit, or is not written yet.
        """
        network = wires.Network(
            n, capacity=capacity, latency_s=latency_s, bandwidth=bandwidth, links=links
        )
        name = program if isinstance(program, str) else program.__name__
        session = self._student.session
        source, sent, label = "", name, name
        if not isinstance(program, str):
            source, sent = neutral(bundled(program), name), NEUTRAL
            label = session.task or name
        asked = session.note("ranks", sent, source, [args(rank) for rank in range(n)])
        turns: list[_Turn] = []
        try:
            party = self._student.ranks(n)
            try:
                turns = [
                    _Turn(
                        process,
                        self._student,
                        (rank, n),
                        (source, sent, args(rank)),
                        self._lent,
                        label,
                    )
                    for rank, process in enumerate(party.ranks)
                ]
                outcome = drive(network, turns, seed)
            finally:
                for turn in turns:
                    turn.stop()
                party.close()
        except StudentError as error:
            session.transcript.append((name, type(error).__name__))
            raise
        session.transcript.append((name, _evidence(outcome)))
        asked.value = outcome.results
        for _, raised in sorted(outcome.errors.items()):
            if check or isinstance(raised, NotAttempted):
                raise raised
        return outcome


class _RankSession(Session):
    """A conversation with one rank, whose link's calls are left to the driver."""

    def __init__(
        self, channel: Channel, rank: int, n: int, words: Vocabulary | None
    ) -> None:
        super().__init__(channel)
        self.words = words
        self._fields = {"rank": rank, "n": n}

    def called(self, data: bytes) -> Ask | _Lent | bytes:
        """Read a callback: a question to the network, or one that is answered here.

        A function of ours that was lent may ask the network in its turn.
        """
        try:
            kind, number, args, kwargs = codec.loads(data, self._resolve)
            if (kind, number) == ("callback", 0) and type(args) is list:
                verb, *rest = args
                return Ask(str(verb)[:20], tuple(rest))
            if kind == "callback" and number in self._callbacks and type(args) is list:
                return _Lent(self._callbacks[number], args, dict(kwargs))
        except (codec.CodecError, ValueError, TypeError):
            return codec.dumps(["error"])
        return self._answer_callback(data)

    def _refer(self, value: Any) -> codec.Reference:
        if value is LINK:
            return ("link", 0, "", dict(self._fields))
        return super()._refer(value)


@dataclasses.dataclass(frozen=True)
class _Lent:
    """A rank calls a function of ours."""

    function: Callable[..., Any]
    args: list[Any]
    kwargs: dict[str, Any]

    def __call__(self, link: Link) -> Any:
        """Run it; where the rank passes its link, it gets one of its own."""

        def ours(value: Any) -> Any:
            is_link = isinstance(value, Handle) and value.type_name == "Link"
            return link if is_link else value

        kwargs = {name: ours(value) for name, value in self.kwargs.items()}
        return self.function(*map(ours, self.args), **kwargs)


class _Turn:
    """One rank, as the driver sees it."""

    def __init__(
        self,
        process: Process,
        student: Copies,
        place: tuple[int, int],
        call: tuple[str, str, Arguments],
        lent: Mapping[str, Callable[..., Any]],
        label: str,
    ) -> None:
        self._process, self._place = process, place
        self._lent: ProgramTurn | None = None  # a function of ours that is running
        words = student.session.words
        self._session = _RankSession(_Nowhere(student), *place, words)
        # What it is sent may be made of what the submission answered.
        self._session.transcript += student.session.transcript[:1]
        source, name, args = call
        self._label = gettext("{name}, rank {rank} of {n},").format(
            name=label, rank=place[0], n=place[1]
        )
        named = dict(args) if isinstance(args, Mapping) else {}
        plain = [] if isinstance(args, Mapping) else list(args)
        self._message = self._session.encode(
            "rank", source, name, plain, named, dict(lent)
        )

    def start(self) -> Ask | Done:
        return self._event(*self._process.begin(self._message))

    def go_on(self, answer: Any) -> Ask | Done:
        if self._lent is not None:
            return self._of_ours(self._lent.go_on(answer))
        return self._event(*self._process.go_on(_ok(answer)))

    def refuse(self, error: Exception) -> Ask | Done:
        if self._lent is not None:
            return self._of_ours(self._lent.refuse(error))
        refusal = codec.dumps(["raise", type(error).__name__, str(error)])
        return self._event(*self._process.go_on(refusal))

    def _event(self, called: bool, data: bytes) -> Ask | Done:
        while called:
            asked = self._session.called(data)
            if isinstance(asked, Ask):
                return asked
            if isinstance(asked, _Lent):
                self._lent = ProgramTurn(asked, *self._place, ())
                return self._of_ours(self._lent.start())
            called, data = self._process.go_on(asked)
        try:
            return Done(self._session.reply(data, self._label))
        except (StudentRaised, NotAttempted) as error:
            return Done(error=_told(error))

    def _of_ours(self, event: Ask | Done) -> Ask | Done:
        """Pass on what a function of ours asks; once it has ended, tell the rank."""
        if isinstance(event, Ask):
            return event
        self._lent = None
        error = event.error
        if error is None:
            reply = _ok(event.value)
        elif isinstance(error, (ArithmeticError, ValueError, TypeError, LookupError)):
            reply = codec.dumps(["raise", builtin_name(error), str(error)])
        else:
            raise error
        return self._event(*self._process.go_on(reply))

    def stop(self) -> None:
        """End a function of ours where it waits."""
        if self._lent is not None:
            self._lent.stop()


class _Nowhere:
    """The channel of a rank's session, unused: the driver sends the requests."""

    def __init__(self, student: Copies) -> None:
        self.explain = student.explain

    def request(self, message: bytes, call_back: Callable[[bytes], bytes]) -> bytes:
        """Refuse requests on handles: what a rank returns is plain data."""
        where = gettext("a rank returned an object where a plain value was expected")
        raise StudentError(where)


def _ok(value: Any) -> bytes:
    """Encode an answer to a callback; it may be made of what a rank sent."""
    return codec.dumps(["ok", value], limit=codec.MAX_REQUEST)


def _told(error: StudentError) -> StudentError:
    """Add what a rank cannot know about its sandbox."""
    refused = ("Too many open files", "Operation not permitted")
    if isinstance(error, StudentRaised) and any(r in error.text for r in refused):
        look = gettext(
            "A rank opens no files: what you import stands at the top of the notebook."
        )
        error.message = dataclasses.replace(error.message, look=look)
    return error


def _evidence(outcome: Outcome) -> dict[str, Any]:
    """Tell in plain values what tells one mistake from another."""
    return {
        "results": outcome.results,
        "errors": {r: _name(error) for r, error in sorted(outcome.errors.items())},
        "deadlock": outcome.deadlock,
        "sent": outcome.sent_bytes,
        "links": [
            [*way, count, outcome.bytes_by_link[way]]
            for way, count in outcome.messages.items()
        ],
        "unreceived": [[*way, count] for way, count in outcome.unreceived.items()],
        "unwaited": outcome.unwaited,
        "steps": outcome.steps,
        "seconds": outcome.seconds,
    }


def _name(error: Any) -> str:
    return getattr(error, "type_name", type(error).__name__)
