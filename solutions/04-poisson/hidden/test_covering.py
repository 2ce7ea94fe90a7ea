"""Hidden tests of `covering` and `covering_mean`: the gap that you happen to meet."""

import math

import numpy as np
import pytest
from hidden.laws import CONTRACT, STEPS, floats, kept, number, refuses

from autograder.student.testing import check

STEP = STEPS[8]


def want_of(times, at):
    """Return gaps and waits, one moment at a time."""
    gaps, waits = [], []
    for moment in at:
        before = max(t for t in times if t <= moment)
        after = min(t for t in times if t > moment)
        gaps.append(after - before)
        waits.append(after - moment)
    return gaps, waits


def judge(got, times, at, where, look):
    """Check gaps and waits."""
    evidence = f"got {check.show(got)}, expected a tuple of two arrays"
    pair = type(got) in ((tuple,) if look is CONTRACT else (tuple, list))
    pair = pair and len(got) == 2
    check.true(pair, where=where, evidence=evidence, look=look)
    for kind, part, want in zip(
        ("gaps", "waits"), got, want_of(times, at), strict=True
    ):
        floats(part, f"{where}: {kind}", look, len(want), look is CONTRACT)
        check.close(part, want, rtol=1e-12, where=f"{where}: {kind}", look=look)


@pytest.mark.task("covering", weight=3, core=True)
def test_gaps_and_waits(student, rng):
    times = np.cumsum(rng.exponential(1.0, size=40)) - 7.0
    at = np.sort(rng.uniform(times[0], times[-1], size=60))
    got = student.covering(times, at)
    few = np.array([0.0, 1.0, 11.0])
    moments = np.array([0.25, 2.0, 10.0])
    small = student.covering(few, moments)

    judge(got, times, at, "covering, 40 events and 60 moments", STEP)
    judge(small, few, moments, "covering, events at 0, 1, 11", STEP)


@pytest.mark.task("covering", weight=1)
def test_on_an_event(student):
    times = np.array([2.0, 3.0, 7.0, 12.0])
    at = np.array([3.0, 4.0, 7.0])
    got = student.covering(times, at)
    judge(got, times, at, "covering at the times of events", CONTRACT)


@pytest.mark.task("covering", weight=1)
def test_at_the_first_event(student):
    pair = student.covering(np.array([0.0, 5.0]), np.array([0.0, 4.0]))
    judge(pair, [0.0, 5.0], [0.0, 4.0], "covering with two events", CONTRACT)


@pytest.mark.task("covering", weight=1)
def test_events_at_one_time(student):
    times = np.array([2, 3, 3, 3, 7, 7, 12])
    at = np.array([3, 4, 7, 11])
    got = student.covering(times, at)
    judge(got, times, at, "covering, integers, several events at a time", CONTRACT)


@pytest.mark.task("covering", weight=1)
def test_moments_beside_events(student):
    for times, at in (
        (np.array([2.0, 2.0, 5.0]), np.array([2.0, 4.0])),
        (np.array([-100, 100], dtype=np.int8), np.array([-50, 0], dtype=np.int8)),
        (np.array([1.0, 1.0]), np.zeros(0)),
        (np.array([1.0, 2.0, 4.0]), np.nextafter([2.0, 4.0], 0.0)),
    ):
        where = f"covering, events at {times.tolist()}, moments at or beside them"
        got = student.covering(times, at)
        judge(got, times.tolist(), at.tolist(), where, CONTRACT)


@pytest.mark.task("covering", weight=1)
def test_moments_in_any_order(student, rng):
    times = np.cumsum(rng.exponential(1.0, size=9))
    at = rng.permutation(np.linspace(times[0], times[-1], 20, endpoint=False))
    got = student.covering(times, at)
    judge(got, times, at, "covering, moments in any order", CONTRACT)


@pytest.mark.task("covering", weight=1)
def test_no_moments(student):
    got = student.covering(np.array([1.0, 2.0, 4.0]), np.zeros(0))
    judge(got, [1.0, 2.0, 4.0], [], "covering, no moments", CONTRACT)


@pytest.mark.task("covering", weight=1)
def test_covering_refuses(student):
    times = np.array([1.0, 2.0, 4.0])
    for kind, what, at in (
        ("a moment before the first event", times, [0.5, 3.0]),
        ("a moment at the last event", times, [3.0, 4.0]),
        ("a moment after the last event", times, [9.0]),
        ("a moment of NaN", times, [math.nan]),
        ("moments, one between others too early", times, [1.5, 0.5, 3.0]),
        ("moments, one between others too late", times, [1.5, 4.0, 3.0]),
        ("moments, NaN between others", times, [1.5, math.nan, 3.0]),
        ("just falling times", np.array([1.0, math.nextafter(1.0, 0.0), 4.0]), [2.0]),
        ("a moment just before the first event", times, [math.nextafter(1.0, 0.0)]),
        ("times that hold a NaN", np.array([1.0, math.nan, 4.0]), [2.0]),
        ("falling times of uint8", np.array([3, 1, 6], dtype=np.uint8), [4]),
        ("one event", np.array([1.0]), [1.0]),
        ("one event and no moment", np.array([1.0]), []),
        ("no events", np.zeros(0), []),
        ("falling times", np.array([1.0, 4.0, 2.0, 6.0]), [1.5]),
        ("falling times and no moment", np.array([3.0, 2.0]), []),
    ):
        refuses(student, "covering", kind, what, np.array(at, dtype=float))


@pytest.mark.task("covering", weight=1)
def test_covering_leaves_its_arguments(student):
    kept(student, "covering", [np.array([1.0, 2.0, 4.0]), np.array([3.0, 1.5])])
    kept(student, "covering_mean", [np.array([3.0, 1.0, 2.0])])


@pytest.mark.task("covering", weight=3, core=True)
def test_mean_of_a_random_moment(student, rng):
    gaps = rng.uniform(0.1, 9.0, size=25)
    got = student.covering_mean(gaps)
    pair = student.covering_mean(np.array([1.0, 3.0]))
    steady = student.covering_mean(np.full(7, 0.3))

    for kind, answer, want in (
        ("25 gaps", got, math.fsum(g * g for g in gaps) / math.fsum(gaps)),
        ("gaps of 1 and 3", pair, 2.5),
        ("seven gaps of 0.3", steady, 0.3),
    ):
        where = f"covering_mean of {kind}"
        number(answer, where)
        check.close(answer, want, rtol=1e-12, where=where, look=STEP)


@pytest.mark.task("covering", weight=2)
def test_means_on_the_edge(student):
    for kind, gaps, want in (
        ("one gap", np.array([0.7]), 0.7),
        ("integers", np.array([2, 4]), 20 / 6),
        ("gaps of 1e-13 and 3e-13", np.array([1e-13, 3e-13]), 2.5e-13),
        (
            "single precision",
            np.array([1, 1e-4], np.float32),
            (1 + float(np.float32(1e-4)) ** 2) / (1 + float(np.float32(1e-4))),
        ),
        ("small integers of int8", np.array([100, 50], dtype=np.int8), 12500 / 150),
        ("integers whose squares exceed int64", np.full(2, 2**33), 2.0**33),
        ("gaps of 0 between others", np.array([0.0, 2.0, 0.0]), 2.0),
        ("one long gap of many", np.append(np.ones(99), 1e6), (99 + 1e12) / 1000099),
    ):
        got = student.covering_mean(gaps)
        where = f"covering_mean of {kind}"
        number(got, where)
        check.close(got, want, rtol=1e-12, where=where, look=CONTRACT)
    for kind, gaps in (
        ("no gaps", np.zeros(0)),
        ("gaps of 0", np.zeros(3)),
        ("a negative gap", np.array([3.0, -1.0])),
        ("a gap just below 0", np.array([3.0, -1e-300])),
    ):
        refuses(student, "covering_mean", kind, gaps)
