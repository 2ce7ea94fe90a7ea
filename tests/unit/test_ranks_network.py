"""The network's clock and its state machine, which believes no rank."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ranks_kit import inputs, ring, send_first

from autograder.student.lab.ranks import Link, Network, Wire, run
from autograder.student.lab.ranks import network as networks

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
    assert out.total_messages == 4  # half of the room is the other rank's


def test_one_rank_cannot_tell_how_much_another_has_sent(monkeypatch):
    """What waits for a third rank changes nothing for the second, nor do counts."""

    def program(link: Link, k: int) -> int:
        if link.rank == 0:
            for _ in range(k):
                link.isend(2, np.ones(64))
            link.send(1, np.ones(1))
        elif link.rank == 1:
            link.recv(0)
            sent = 0
            while True:
                try:
                    link.isend(2, np.ones(8))
                except RuntimeError:
                    return sent
                sent += 1
        return 0

    monkeypatch.setattr(networks, "MOST_BYTES", 6000)
    seen = {run(program, 3, lambda rank, k=k: (k,)).results[1] for k in (0, 1, 3)}
    assert seen == {6000 // 3 // 64}


@pytest.mark.parametrize(
    "array", [np.ones((3, 0)), np.ones((0, 10**9)), np.array(1.0).reshape((1,) * 5)]
)
def test_shapes_that_could_speak_are_refused(array):
    network = Network(2)
    with pytest.raises(TypeError, match=r"sent flat|at most 4 axes"):
        network.begin(0, "send", 1, array)
    network.begin(0, "send", 1, np.ones(0))
    network.begin(1, "recv", 0)
    assert [rank for rank, _ in network.finished()] == [0, 1]


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
