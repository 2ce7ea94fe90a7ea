"""Simulated ranks: what is delivered, metered and timed, and who waits for whom."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ranks_kit import inputs, ring, send_first

from autograder.student.lab.ranks import Link, run


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
