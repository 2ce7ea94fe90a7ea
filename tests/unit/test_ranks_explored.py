"""Ranks under the schedule explorer: what only some schedules show."""

from __future__ import annotations

import math

import numpy as np
import pytest
from ranks_kit import ring, send_first

from autograder.student.lab.ranks import Link, run
from autograder.student.lab.ranks.explored import explore_ranks, play
from autograder.student.lab.schedule import explore


def two_ahead(link: Link, x: np.ndarray) -> list[np.ndarray]:
    for _ in range(2):
        link.send(1 - link.rank, x)
    return [link.recv(1 - link.rank) for _ in range(2)]


def changes_before_wait(link: Link, x: np.ndarray) -> np.ndarray:
    other = 1 - link.rank
    request = link.isend(other, x)
    x += link.recv(other)
    request.wait()
    return x


def never_waits(link: Link, x: np.ndarray) -> np.ndarray:
    if link.rank == 0:
        link.isend(1, x)
        x[:] = 0
        return x
    return link.recv(0)


def given(rank: int) -> tuple[np.ndarray]:
    return (np.arange(4.0) + 10 * rank,)


@pytest.mark.parametrize("capacity", [0, 1, math.inf])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_right_program_is_right_under_every_schedule(n, capacity):
    found = explore_ranks(
        ring, n, given, capacity=capacity, schedules=300, random_schedules=20
    )
    assert found.kind == "ok", found.message


@pytest.mark.parametrize(
    ("program", "capacity", "kind"),
    [
        (send_first, 0, "deadlock"),
        (send_first, 1, "ok"),
        (two_ahead, 1, "deadlock"),
        (two_ahead, 2, "ok"),
        (changes_before_wait, 0, "exception"),
        (changes_before_wait, 1, "exception"),
        (changes_before_wait, math.inf, "exception"),
        (never_waits, math.inf, "exception"),
    ],
)
def test_finds_what_is_wrong(program, capacity, kind):
    found = explore_ranks(
        program, 2, given, capacity=capacity, schedules=2000, random_schedules=0
    )
    assert found.kind == kind, found.message


def test_a_deadlock_names_the_circle_and_the_lines():
    found = explore_ranks(send_first, 3, given, capacity=0)
    lines = found.message.splitlines()
    assert len(lines) == 3
    for rank, line in enumerate(lines):
        to = (rank + 1) % 3
        assert line.startswith(f"rank {rank} waits to send to rank {to} (line ")
        assert line.endswith(f", and so waits for rank {to}")
    stuck = run(send_first, 3, given, capacity=0)
    assert stuck.deadlock == "rank 0 sends to 1, rank 1 sends to 2, rank 2 sends to 0"


def test_an_array_changed_too_early_is_told_as_a_story():
    found = explore_ranks(changes_before_wait, 2, given)
    assert "returns something else than under another schedule" in found.message
    story = "\n".join(found.story)
    assert "network 0 to 1" in story
    assert "take the array for rank 1" in story
    assert "request = link.isend(other, x)" in story
    assert "Port.run" not in story  # nothing of the instrument is quoted


def test_inputs_are_new_for_every_schedule():
    def grows(link: Link, x: np.ndarray) -> float:
        x += 1
        return float(x.sum())

    assert explore_ranks(grows, 2, given, schedules=200).kind == "ok"


def test_a_rank_that_raises_is_found():
    def fails(link: Link, x: np.ndarray) -> None:
        link.send(link.rank, x)

    found = explore_ranks(fails, 2, given)
    assert found.kind == "exception"
    assert "rank 0 needs no link to itself" in found.message


def test_bodies_of_explorations_may_play_ranks():
    def body() -> None:
        x = np.ones((2, 4))
        results = play(ring, 2, lambda rank: (x[rank],), capacity=0)
        assert [result.tolist() for result in results] == [[2.0] * 4] * 2

    assert explore(body, schedules=100, random_schedules=10).kind == "ok"
