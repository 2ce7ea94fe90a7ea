"""The fixture ``ranks``: in this process as a student checks, and in a jail."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from toy import Cell

from autograder.sandbox.jail import Jail
from autograder.sandbox.loaded import Loaded
from autograder.student.lesson import Task
from autograder.student.proxy import NotAttempted, NotPlain, StudentError, StudentRaised
from autograder.student.report import InfrastructureError, Verdict
from autograder.student.testing.local import LocalSource
from autograder.student.testing.protocols import Source
from autograder.student.testing.ranks import Ranks

TASK = Task("ring", 1, 1, 256, "step-1")
SOURCE = '''
import numpy as np

SEEN = []
POCKET = np.zeros(1)

def ring(rank, n, x, link):
    """Add up over all ranks."""
    parts = [part.copy() for part in np.array_split(x, n)]
    for i in range(2 * (n - 1)):
        request = link.isend((rank + 1) % n, parts[(rank - i) % n])
        got, c = link.recv((rank - 1) % n), (rank - i - 1) % n
        parts[c] = parts[c] + got if i < n - 1 else got
        request.wait()
    return np.concatenate(parts)

def send_first(link, x):
    link.send((link.rank + 1) % link.n, x)
    return link.recv((link.rank - 1) % link.n)

def remember(link, defaults=[]):
    SEEN.append(link.rank)
    POCKET[0] += 1
    defaults.append(link.rank)
    return len(set(SEEN)), len(set(defaults)), isinstance(link.rank, int)

def fails(link):
    if link.rank == 1:
        raise ValueError("lost")
    return link.recv(1)

def changes(link):
    x = np.ones(3)
    if link.rank == 0:
        link.isend(1, x)
        x += 1
        return None
    return link.recv(0)

def far(link):
    link.send(link.n, np.ones(1))

def catches(link):
    try:
        link.send(link.rank, np.ones(1))
    except ValueError as error:
        return str(error)

def stub(link):
    raise NotImplementedError("stub: chapter, step 1")

def object_(link):
    return link

def asks(link, f):
    return f(link.rank)

class Box:
    pass

def opens(link):
    return open("/tmp/there", "w")

def spins(link):
    while link.rank == 1:
        pass
    return link.recv(1 - link.rank)

def leaves(link):
    import os
    if link.rank == 1:
        os._exit(7)
    return link.recv(1)
'''


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    with Jail() as jail:
        yield jail


@pytest.fixture(params=["local", pytest.param("jailed", marks=pytest.mark.jail)])
def source(request: pytest.FixtureRequest) -> Iterator[Source]:
    cells = [Cell("cell 1", SOURCE)]
    if request.param == "local":
        yield LocalSource.load(cells)
    else:
        yield from jailed(request, cells)


@pytest.fixture
def guarded(request: pytest.FixtureRequest) -> Iterator[Source]:
    yield from jailed(request, [Cell("cell 1", SOURCE)])


def jailed(request: pytest.FixtureRequest, cells: list[Cell]) -> Iterator[Source]:
    loaded = Loaded(request.getfixturevalue("jail"), cells, quiet=True)
    yield loaded
    loaded.close()


@pytest.fixture
def opened(source):
    opened = source.open(TASK, 1)
    yield opened
    opened.close(passed=False, goes_on=False)


@pytest.fixture
def ranks(opened) -> Ranks:
    return Ranks(opened)


def alone(ranks: Ranks):
    return lambda rank: (ranks.LINK,)


@pytest.mark.parametrize("capacity", [0, 1, math.inf])
def test_a_ring_adds_up_and_is_metered(ranks, capacity):
    x = np.arange(36.0).reshape(4, 9)
    out = ranks.run(
        "ring", 4, lambda r: (r, 4, x[r], ranks.LINK), capacity=capacity, latency_s=1.0
    )
    for result in out.results:
        np.testing.assert_array_equal(result, x.sum(0))
    assert out.deadlock is None
    assert out.steps == 6
    assert out.seconds == 6.0
    assert out.total_bytes == 2 * 3 * 9 * 8
    assert out.messages == {(r, (r + 1) % 4): 6 for r in range(4)}


def test_arguments_may_be_named(ranks):
    out = ranks.run("send_first", 2, lambda r: {"x": np.full(1, r), "link": ranks.LINK})
    assert [int(result[0]) for result in out.results] == [1, 0]


def test_a_deadlock_is_told_and_the_next_run_works(ranks):
    stuck = ranks.run("send_first", 3, lambda r: (ranks.LINK, np.ones(1)), capacity=0)
    expected = "rank 0 sends to 1, rank 1 sends to 2, rank 2 sends to 0"
    assert stuck.deadlock == expected
    assert stuck.results == [None] * 3
    again = ranks.run("send_first", 3, lambda r: (ranks.LINK, np.ones(1)), capacity=1)
    assert again.deadlock is None


def test_ranks_share_no_variable(ranks):
    out = ranks.run("remember", 3, alone(ranks))
    assert out.results == [(1, 1, True)] * 3


def test_what_a_rank_raises_names_it(ranks):
    with pytest.raises(ValueError, match="lost") as caught:
        ranks.run("fails", 2, alone(ranks))
    assert caught.value.message.where == "fails, rank 1 of 2, raised ValueError: lost"
    out = ranks.run("fails", 2, alone(ranks), check=False)
    assert out.errors[1].type_name == "ValueError"
    assert out.deadlock == "rank 0 receives from 1, which failed"


def test_an_array_must_not_change_before_wait(ranks):
    with pytest.raises(StudentRaised, match="changed the array of its isend to 1"):
        ranks.run("changes", 2, alone(ranks))


def test_unknown_ranks_are_refused(ranks):
    with pytest.raises(ValueError, match="no rank 2, there are 0 to 1"):
        ranks.run("far", 2, alone(ranks))
    out = ranks.run("catches", 2, alone(ranks))
    assert out.results[1] == "send: rank 1 needs no link to itself"


@pytest.mark.parametrize("name", ["stub", "nowhere"])
def test_what_is_not_there_was_not_attempted(ranks, name):
    with pytest.raises(NotAttempted):
        ranks.run(name, 2, alone(ranks), check=False)


def test_a_rank_returns_plain_values(ranks):
    out = ranks.run("remember", 1, alone(ranks))
    assert out.results == [(1, 1, True)]
    (link,) = ranks.run("object_", 1, alone(ranks)).results
    with pytest.raises((NotPlain, StudentError)):
        link.send(0, np.ones(1))


def test_functions_of_the_judge_can_be_called(ranks):
    asked = []

    def f(rank: int) -> int:
        asked.append(rank)
        return rank * 10

    out = ranks.run("asks", 3, lambda rank: (ranks.LINK, f))
    assert out.results == [0, 10, 20]
    assert sorted(asked) == [0, 1, 2]


def beside(module, link, x):
    """Run beside the submission, with what it uses of this file."""
    before = x.copy()
    answer = module.send_first(link, x)
    return doubled(answer), bool((x == before).all())


def doubled(x):
    return 2 * x


def test_a_function_of_the_test_file_runs_in_every_rank(ranks):
    out = ranks.run(beside, 2, lambda r: (ranks.LINK, np.full(2, r)))
    assert [(a.tolist(), same) for a, same in out.results] == [
        ([2, 2], True),
        ([0, 0], True),
    ]


def test_the_transcript_holds_results_and_meter(opened, ranks):
    x = np.arange(8.0).reshape(2, 4)
    ranks.run("ring", 2, lambda r: (r, 2, x[r], ranks.LINK))
    ((name, evidence),) = opened.session.transcript
    assert name == "ring"
    assert evidence["sent"] == [32, 32]
    assert evidence["links"] == [[0, 1, 2, 32], [1, 0, 2, 32]]
    assert evidence["steps"] == 2
    with pytest.raises(StudentRaised):
        ranks.run("fails", 2, alone(ranks))
    assert opened.session.transcript[-1][1]["errors"] == {1: "ValueError"}


# In a jail alone


@pytest.mark.jail
def test_no_rank_opens_a_file(guarded):
    opened = guarded.open(TASK, 1)
    with pytest.raises(StudentRaised) as caught:
        Ranks(opened).run("opens", 2, lambda rank: (Ranks.LINK,))
    assert "opens no files" in caught.value.message.look
    opened.close(passed=False, goes_on=False)


@pytest.mark.jail
@pytest.mark.parametrize(
    ("name", "verdict"), [("spins", Verdict.TIMEOUT), ("leaves", Verdict.CRASH)]
)
def test_a_broken_rank_fails_the_run_and_not_the_next_test(guarded, name, verdict):
    opened = guarded.open(TASK, 1)
    with pytest.raises(StudentError) as caught:
        Ranks(opened).run(name, 2, lambda rank: (Ranks.LINK,))
    assert caught.value.verdict is verdict
    if name == "leaves":
        assert "left with code 7" in caught.value.message.evidence
    opened.close(passed=False, goes_on=False)
    again = guarded.open(TASK, 2)
    out = Ranks(again).run("remember", 2, lambda rank: (Ranks.LINK,))
    assert out.results == [(1, 1, True)] * 2
    again.close(passed=True, goes_on=True)


@pytest.mark.jail
def test_stuck_ranks_leave_no_process(guarded):
    opened = guarded.open(TASK, 1)
    ranks = Ranks(opened)
    for _ in range(12):  # more processes altogether than a jail may hold
        stuck = ranks.run(
            "send_first", 8, lambda r: (ranks.LINK, np.ones(1)), capacity=0
        )
        assert stuck.deadlock is not None
    opened.close(passed=True, goes_on=True)


@pytest.mark.jail
def test_the_seconds_of_ranks_are_counted(guarded):
    opened = guarded.open(TASK, 1)
    ranks = Ranks(opened)
    x = np.zeros((4, 100))
    for _ in range(3):
        ranks.run("ring", 4, lambda r: (r, 4, x[r], ranks.LINK))
    assert opened.close(passed=True, goes_on=True) > 0.0


@pytest.mark.jail
def test_more_ranks_than_a_jail_holds_are_our_mistake(guarded):
    opened = guarded.open(TASK, 1)
    with pytest.raises(InfrastructureError, match="at most 40 ranks, not 41"):
        Ranks(opened).run("remember", 41, lambda rank: (Ranks.LINK,))
    opened.close(passed=False, goes_on=False)


@pytest.mark.jail
@pytest.mark.parametrize(
    "trick",
    [
        "import resource\nresource.setrlimit = lambda *args: None",
        "import sys\nsys.modules['__main__']._seal = lambda channel: None",
    ],
)
def test_ranks_that_keep_their_limits_off_are_caught(jail, trick):
    loaded = Loaded(jail, [Cell("cell 1", SOURCE), Cell("cell 2", trick)], quiet=True)
    opened = loaded.open(TASK, 1)
    with pytest.raises(StudentError) as caught:
        Ranks(opened).run("remember", 2, lambda rank: (Ranks.LINK,))
    assert caught.value.verdict is Verdict.SECURITY
    opened.close(passed=False, goes_on=False)
    loaded.close()


@pytest.mark.jail
@pytest.mark.parametrize(
    "attempt",
    [
        "import mmap\nmmap.mmap(-1, 4096)",
        "import os\nos.pipe()",
        "import socket\nsocket.socketpair()",
        "import socket\nsocket.socket(socket.AF_UNIX)",
        "import os\nos.memfd_create('common')",
        "import os\nos.kill(os.getpid(), 0)",
        "import os\nos.symlink('12', '/tmp/number')",
        "import multiprocessing as m\nm.Value('d', 1.0)",
    ],
)
def test_loading_makes_nothing_that_ranks_would_share(jail, attempt):
    cells = [Cell("cell 1", SOURCE), Cell("cell 2", f"{attempt}\nmade = 1", ("made",))]
    loaded = Loaded(jail, cells, quiet=True)
    opened = loaded.open(TASK, 1)
    with pytest.raises(StudentError, match="PermissionError"):
        opened.session.ask("call", "made", [], {}, label="made")
    opened.close(passed=False, goes_on=False)
    loaded.close()
