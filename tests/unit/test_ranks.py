"""Simulated ranks: what is delivered, metered and timed, and who waits for whom."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.lab.ranks import Link, Network, Wire, run
from autograder.lab.ranks import network as networks


def ring(link: Link, x: np.ndarray) -> np.ndarray:
    """Add up over all ranks: reduce-scatter, then all-gather."""
    r, n = link.rank, link.n
    parts = [part.copy() for part in np.array_split(x, n)]
    for i in range(2 * (n - 1)):
        request = link.isend((r + 1) % n, parts[(r - i) % n])
        got, c = link.recv((r - 1) % n), (r - i - 1) % n
        parts[c] = parts[c] + got if i < n - 1 else got
        request.wait()
    return np.concatenate(parts)


def send_first(link: Link, x: np.ndarray) -> np.ndarray:
    link.send((link.rank + 1) % link.n, x)
    return link.recv((link.rank - 1) % link.n)


def inputs(n: int, length: int = 12) -> np.ndarray:
    return np.arange(n * length, dtype=np.float64).reshape(n, length) ** 2


@pytest.mark.parametrize("capacity", [0, 1, 2, math.inf])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_a_ring_adds_up_over_links_of_any_capacity(n, capacity):
    x = inputs(n)
    out = run(ring, n, lambda rank: (x[rank],), capacity=capacity)
    assert out.deadlock is None
    for result in out.results:
        np.testing.assert_array_equal(result, x.sum(0))
    assert out.steps == 2 * (n - 1)
    assert out.total_bytes == 2 * (n - 1) * x[0].nbytes
    assert out.sent_bytes == [
        sum(out.bytes_by_link[w] for w in out.bytes_by_link if w[0] == r)
        for r in range(n)
    ]
    assert sum(out.received_bytes) == out.total_bytes
    assert out.unreceived == {}


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(0, 30), st.integers(0, 5), st.integers(0, 3))
def test_nothing_depends_on_who_begins(n, length, seed, capacity):
    x = inputs(n, length)
    first = run(ring, n, lambda r: (x[r],), capacity=capacity, latency_s=1, bandwidth=9)
    other = run(
        ring,
        n,
        lambda r: (x[r],),
        capacity=capacity,
        latency_s=1,
        bandwidth=9,
        seed=seed,
    )
    assert first.timeline == other.timeline
    assert first.seconds == other.seconds
    np.testing.assert_array_equal(first.results, other.results)


@pytest.mark.parametrize("capacity", [1, math.inf])
def test_sending_first_works_where_a_link_holds_a_message(capacity):
    out = run(send_first, 3, lambda rank: (np.full(2, rank),), capacity=capacity)
    assert [int(result[0]) for result in out.results] == [2, 0, 1]


def test_sending_first_deadlocks_where_it_holds_none():
    out = run(send_first, 3, lambda rank: (np.ones(1),), capacity=0)
    assert out.deadlock == "rank 0 sends to 1, rank 1 sends to 2, rank 2 sends to 0"
    assert out.results == [None] * 3
    assert out.total_messages == 0


def test_a_deadlock_names_the_rank_that_has_ended():
    def program(link: Link) -> object:
        return link.recv(0) if link.rank else None

    out = run(program, 3)
    expected = "rank 1 receives from 0, which has ended, and 1 more waits"
    assert out.deadlock == expected


def test_a_deadlock_finds_the_cycle_behind_those_who_wait():
    def program(link: Link) -> object:
        return link.recv({0: 2, 1: 2, 2: 3, 3: 1}[link.rank])

    assert run(program, 4).deadlock == (
        "rank 1 receives from 2, rank 2 receives from 3, rank 3 receives from 1,"
        " and 1 more waits"
    )


def test_waiting_for_a_request_blocks_until_the_receiver_is_there():
    def program(link: Link) -> None:
        other = 1 - link.rank
        link.isend(other, np.ones(1)).wait()
        link.recv(other)

    assert run(program, 2, capacity=0).deadlock == (
        "rank 0 waits for its isend to 1, rank 1 waits for its isend to 0"
    )
    assert run(program, 2, capacity=1).deadlock is None


def test_a_link_of_capacity_two_takes_two_messages():
    def program(link: Link, count: int) -> None:
        if link.rank == 0:
            for _ in range(count):
                link.send(1, np.ones(1))

    assert run(program, 2, lambda rank: (2,), capacity=2).unreceived == {(0, 1): 2}
    stuck = run(program, 2, lambda rank: (3,), capacity=2)
    assert stuck.deadlock == "rank 0 sends to 1, which has ended"


def test_counts_requests_that_nobody_waited_for():
    def program(link: Link, waits: int) -> None:
        other = 1 - link.rank
        requests = [link.isend(other, np.ones(k)) for k in range(3)]
        for _ in range(3):
            link.recv(other)
        for request in requests[:waits]:
            request.wait()
        link.send(other, np.ones(1))

    out = run(program, 2, lambda rank: (3 - 2 * rank,))
    assert out.unwaited == [0, 2]


def test_messages_of_one_link_arrive_in_order():
    def program(link: Link) -> list[int] | None:
        if link.rank == 0:
            requests = [link.isend(1, np.array([k])) for k in range(5)]
            link.send(1, np.array([5]))
            for request in requests:
                request.wait()
                request.wait()  # twice does no harm
            return None
        return [int(link.recv(0)[0]) for _ in range(6)]

    for capacity in (0, 1, 3, math.inf):
        out = run(program, 2, capacity=capacity)
        assert out.results[1] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(0, np.float32),
        np.array(3, np.int8),
        np.arange(12).reshape(3, 4)[:, ::2],
        np.array([True, False]),
        np.array([[1 + 2j]]),
    ],
)
def test_shape_and_dtype_travel_along(array):
    def program(link: Link) -> object:
        return link.send(1, array) if link.rank == 0 else link.recv(0)

    out = run(program, 2)
    got = out.results[1]
    assert (got.shape, got.dtype) == (array.shape, array.dtype)
    np.testing.assert_array_equal(got, array)
    assert out.messages == {(0, 1): 1}
    assert out.sent_bytes == [array.nbytes, 0]


def test_what_is_sent_is_a_copy():
    def program(link: Link) -> object:
        if link.rank == 0:
            x = np.ones(3)
            link.send(1, x)
            x[:] = 7
            return x
        got = link.recv(0)
        got += 1
        return got

    out = run(program, 2)
    assert out.results[0].tolist() == [7, 7, 7]
    assert out.results[1].tolist() == [2, 2, 2]


@pytest.mark.parametrize("waits", [True, False])
def test_an_array_must_not_change_before_wait(waits):
    def program(link: Link) -> None:
        if link.rank == 0:
            x = np.ones(3)
            request = link.isend(1, x)
            x[1] = np.nan
            if waits:
                request.wait()
        else:
            link.recv(0)

    with pytest.raises(RuntimeError, match="changed the array of its isend to 1"):
        run(program, 2)


def test_an_array_may_change_after_wait_and_hold_nan():
    def program(link: Link) -> object:
        if link.rank == 0:
            x = np.full(3, np.nan)
            request = link.isend(1, x)
            request.wait()
            x[:] = 0
            return None
        return link.recv(0)

    assert np.isnan(run(program, 2).results[1]).all()


@pytest.mark.parametrize(
    ("to", "array", "error", "text"),
    [
        (-1, np.ones(1), ValueError, "no rank -1, there are 0 to 1"),
        (2, np.ones(1), ValueError, "no rank 2, there are 0 to 1"),
        (0, np.ones(1), ValueError, "rank 0 needs no link to itself"),
        (1.0, np.ones(1), TypeError, "takes a rank's number, not a float"),
        (1, [1.0], TypeError, "takes a NumPy array, not a list"),
        (1, np.float64(1), TypeError, "takes a NumPy array, not a float64"),
        (1, np.array([None]), TypeError, "not an array of object"),
        (1, np.array(["a"]), TypeError, "not an array of <U1"),
    ],
)
@pytest.mark.parametrize("verb", ["send", "isend"])
def test_refuses_what_is_no_message(verb, to, array, error, text):
    def program(link: Link) -> None:
        if link.rank == 0:
            getattr(link, verb)(to, array)

    with pytest.raises(error, match=text) as caught:
        run(program, 2)
    assert caught.value.__notes__ == ["in rank 0 of 2"]


def test_numbers_of_numpy_name_ranks_too():
    def program(link: Link) -> object:
        if link.rank == 0:
            return link.send(np.int64(1), np.ones(1))
        return link.recv(np.uint8(0))

    assert run(program, 2).results[1].tolist() == [1]


def test_a_failing_rank_is_told_apart_from_those_it_leaves_waiting():
    def program(link: Link) -> object:
        if link.rank == 1:
            raise KeyError("lost")
        return link.recv(1)

    with pytest.raises(KeyError, match="lost"):
        run(program, 2)
    out = run(program, 2, check=False)
    assert list(out.errors) == [1]
    assert out.deadlock == "rank 0 receives from 1, which failed"


def test_a_rank_may_catch_what_the_network_refuses():
    def program(link: Link) -> str:
        try:
            link.recv(link.rank)
        except ValueError:
            return "caught"
        return "not refused"

    assert run(program, 2).results == ["caught", "caught"]


# Time


def test_a_message_takes_latency_and_bandwidth():
    def program(link: Link) -> object:
        return link.send(1, np.ones(10)) if link.rank == 0 else link.recv(0)

    out = run(program, 2, latency_s=3.0, bandwidth=8.0)
    assert out.clocks == [0.0, 13.0]
    (transfer,) = out.timeline
    assert (transfer.sent_s, transfer.arrived_s, transfer.step) == (0.0, 13.0, 1)


@pytest.mark.parametrize("capacity", [0, math.inf])
@pytest.mark.parametrize("n", [2, 4, 8])
def test_a_ring_takes_what_the_formula_says(n, capacity):
    x = inputs(n, 16 * n)
    out = run(
        ring, n, lambda r: (x[r],), capacity=capacity, latency_s=5.0, bandwidth=64.0
    )
    assert out.seconds == 2 * (n - 1) * (5.0 + x[0].nbytes / n / 64.0)


def test_a_rank_sends_one_message_at_a_time_and_receives_one():
    def scatter(link: Link) -> None:
        if link.rank == 0:
            for to in (1, 2, 3):
                link.send(to, np.ones(8, np.uint8))
        else:
            link.recv(0)

    def gather(link: Link) -> None:
        if link.rank == 0:
            for source in (1, 2, 3):
                link.recv(source)
        else:
            link.send(0, np.ones(8, np.uint8))

    assert run(scatter, 4, latency_s=1, bandwidth=8).clocks == [0, 2, 3, 4]
    assert run(gather, 4, latency_s=1, bandwidth=8).clocks == [4, 0, 0, 0]


def test_both_directions_of_a_link_are_free():
    out = run(send_first, 2, lambda r: (np.ones(8, np.uint8),), bandwidth=8.0)
    assert out.clocks == [1.0, 1.0]


def test_a_full_link_holds_its_sender_up():
    def program(link: Link) -> None:
        if link.rank == 0:
            link.send(1, np.ones(1))
            link.send(1, np.ones(1))
        else:
            link.recv(2)
            link.recv(0)
            link.recv(0)

    def late(link: Link) -> None:
        if link.rank == 2:
            link.send(1, np.ones(100))
        else:
            program(link)

    out = run(late, 3, capacity=1, links={(2, 1): Wire(latency_s=50.0)})
    assert out.clocks == [50.0, 50.0, 0.0]
    meeting = run(late, 3, capacity=0, links={(2, 1): Wire(latency_s=50.0)})
    assert meeting.clocks == [50.0, 50.0, 50.0]


def test_waiting_for_one_request_is_not_waiting_for_another():
    def program(link: Link) -> None:
        if link.rank == 0:
            link.isend(1, np.ones(1))
            link.isend(2, np.ones(1)).wait()
        elif link.rank == 1:
            link.recv(0)
            link.send(2, np.ones(1))
        else:
            link.recv(1)
            link.recv(0)

    out = run(program, 3, capacity=0, links={(1, 2): Wire(latency_s=50.0)})
    assert out.clocks == [50.0, 50.0, 50.0]
    assert out.unwaited == [1, 0, 0]


def test_one_slow_wire_slows_the_whole_ring():
    x = inputs(4)
    slow = {(1, 2): Wire(latency_s=10.0)}
    out = run(ring, 4, lambda r: (x[r],), latency_s=1.0, links=slow)
    assert out.seconds > 2 * run(ring, 4, lambda r: (x[r],), latency_s=1.0).seconds
    np.testing.assert_array_equal(out.results[0], x.sum(0))


@pytest.mark.parametrize("capacity", [0, 1, math.inf])
def test_nothing_arrives_over_a_dead_wire(capacity):
    dead = {(0, 1): Wire(dead=True)}
    x = np.ones(2)
    out = run(ring, 2, lambda r: (x,), capacity=capacity, links=dead)
    assert out.deadlock is not None
    assert "over a dead link" in out.deadlock
    assert out.received_bytes[1] == 0


def test_a_chart_shows_who_sends_to_whom_and_when():
    def program(link: Link) -> None:
        if link.rank < 2:
            link.send(link.rank + 1, np.ones(1, np.uint8))
        if link.rank:
            link.recv(link.rank - 1)

    def relay(link: Link) -> None:
        if link.rank:
            link.recv(link.rank - 1)
        if link.rank < 2:
            link.send(link.rank + 1, np.ones(1, np.uint8))

    by_step = run(relay, 3).chart(12)
    assert by_step.splitlines() == [
        "rank 0  111111......",
        "rank 1  ......222222",
        "rank 2  ............",
        "        0    2 steps",
    ]
    by_time = run(relay, 3, latency_s=1.0, links={(0, 1): Wire(latency_s=3.0)})
    assert by_time.chart(8).splitlines()[:2] == ["rank 0  111111..", "rank 1  ......22"]
    lost = run(program, 3, links={(1, 2): Wire(dead=True)})
    assert "XXXXXXXX" in lost.chart(8)
    assert run(lambda link: None, 1).chart(4).startswith("rank 0  ....")


# The state machine by itself


@pytest.mark.parametrize(
    "options",
    [
        {"n": 0},
        {"n": 2, "capacity": -1},
        {"n": 2, "capacity": 0.5},
        {"n": 2, "latency_s": -1.0},
        {"n": 2, "bandwidth": 0.0},
    ],
)
def test_refuses_networks_that_cannot_be(options):
    with pytest.raises(ValueError, match=r"a network has|a capacity is|latency is"):
        Network(**options)


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (("send", True, np.ones(1)), ValueError),
        (("send", "1", np.ones(1)), ValueError),
        (("send", 1, np.ma.ones(1)), TypeError),
        (("send", 1, np.array([None])), TypeError),
        (("send", 1), TypeError),
        (("send",), TypeError),
        (("recv", 0), ValueError),
        (("recv", None), ValueError),
        (("wait", 1), ValueError),
        (("wait", "1"), ValueError),
        (("wait", -1), ValueError),
        (("meter", 0), ValueError),
    ],
)
def test_believes_no_rank(question, error):
    network = Network(2)
    with pytest.raises(error):
        network.begin(0, *question)
    assert network.finished() == []
    assert network.deadlock() is None
    assert network.outcome([], {}).total_messages == 0


def test_nobody_waits_for_requests_of_others():
    network = Network(2, capacity=0)
    network.begin(0, "isend", 1, np.ones(1))
    assert network.finished() == [(0, 1)]
    with pytest.raises(ValueError, match="no such request"):
        network.begin(1, "wait", 1)


def test_a_flood_of_messages_is_stopped(monkeypatch):
    def program(link: Link) -> None:
        while link.rank == 0:
            link.send(1, np.ones(64))

    monkeypatch.setattr(networks, "MOST_MESSAGES", 100)
    with pytest.raises(RuntimeError, match="more than 100 messages"):
        run(program, 2)
    monkeypatch.setattr(networks, "MOST_BYTES", 5000)
    out = run(program, 2, check=False)
    assert "more bytes sent and not received" in str(out.errors[0])
    assert out.total_messages == 9


def test_what_was_received_makes_room_for_more(monkeypatch):
    def program(link: Link) -> None:
        for _ in range(20):
            if link.rank == 0:
                link.send(1, np.ones(64))
                link.recv(1)
            else:
                link.recv(0)
                link.send(0, np.ones(0))

    monkeypatch.setattr(networks, "MOST_BYTES", 5000)
    assert run(program, 2).total_messages == 40


def test_ranks_that_wait_are_ended_and_clean_up():
    ended = []

    def program(link: Link) -> None:
        try:
            link.recv(1 - link.rank)
        finally:
            ended.append(link.rank)

    run(program, 2)
    assert sorted(ended) == [0, 1]
