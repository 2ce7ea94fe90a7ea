"""Hidden tests of `dispersion`: variance of counts over their mean."""

import math

import numpy as np
import pytest
from hidden.laws import CONTRACT, STEPS, kept, numbers, refuses

from autograder.student.testing import check

STEP = STEPS[6]


def want_of(counts):
    """Return both numbers, from the counts of the windows."""
    n = len(counts)
    mean = sum(counts) / n
    variance = sum((c - mean) ** 2 for c in counts) / (n - 1)
    return variance / mean, (variance / mean - 1) / math.sqrt(2 / (n - 1))


def record(counts, width):
    """Return times with so many events in each window, inside of it."""
    return np.array(
        [
            (k + (j + 0.5) / count) * width
            for k, count in enumerate(counts)
            for j in range(count)
        ]
    )


@pytest.mark.task("dispersion", weight=3, core=True)
def test_counts_of_windows(student, rng):
    cases = {
        "bursts": ([0, 9, 0, 1, 12], 2.0),
        "a metronome": ([3, 3, 3, 4, 3, 3], 0.5),
        "random counts": (rng.poisson(4.0, size=30).tolist(), 0.3),
        "two windows": ([1, 4], 5.0),
    }
    answers = [
        student.dispersion(record(counts, width), width * len(counts), len(counts))
        for counts, width in cases.values()
    ]
    for (kind, (counts, _)), got in zip(cases.items(), answers, strict=True):
        where = f"dispersion of {kind}, {len(counts)} windows"
        numbers(got, 2, where, STEP)
        check.close(got, want_of(counts), rtol=1e-9, atol=1e-9, where=where, look=STEP)


@pytest.mark.task("dispersion", weight=2, core=True)
def test_silent_windows_count(student):
    cases = {
        "silent windows at the end": [5, 2, 0, 0, 0, 0],
        "silent windows at the start": [0, 0, 0, 4, 1],
        "all events in one window": [0, 0, 7, 0],
    }
    answers = [
        student.dispersion(record(counts, 1.5), 1.5 * len(counts), len(counts))
        for counts in cases.values()
    ]
    for (kind, counts), got in zip(cases.items(), answers, strict=True):
        where = f"dispersion, {kind}"
        numbers(got, 2, where, STEP)
        check.close(got, want_of(counts), rtol=1e-9, where=where, look=STEP)


@pytest.mark.task("dispersion", weight=2)
def test_borders_and_order(student, rng):
    borders = student.dispersion(np.array([8.0, 0.0, 2.0, 2.0, 4.0, 6.0]), 8.0, 4)
    before = student.dispersion(np.array([1.0, math.nextafter(2.0, 0.0)]), 8.0, 4)
    ends = student.dispersion(np.array([0.0, 10.0, 10.0]), 10.0, 2)
    whole = student.dispersion(np.array([3, 1, 2, 2]), 4, 4)
    small = student.dispersion(np.array([100, 120, 3], dtype=np.int8), 120, 12)
    check.close(
        small,
        want_of([1] + [0] * 9 + [1, 1]),
        rtol=1e-12,
        where="dispersion of int8 times",
        look=CONTRACT,
    )
    last = student.dispersion(
        np.array([0.01, 0.02, 0.28, math.nextafter(0.7, 0.0)]), 0.7, 23
    )
    check.close(
        last,
        want_of([2] + [0] * 8 + [1] + [0] * 12 + [1]),
        rtol=1e-9,
        where="dispersion, an event just before the horizon",
        look=CONTRACT,
    )
    counts = [2, 0, 5, 1]
    mixed = student.dispersion(rng.permutation(record(counts, 1.0)), 4.0, 4)

    where = "dispersion, an event just before a border"
    want = want_of([2, 0, 0, 0])
    check.close(before, want, rtol=1e-12, where=where, look=CONTRACT)
    where = "dispersion, events on the borders"
    numbers(borders, 2, where)
    check.close(borders, want_of([1, 2, 1, 2]), rtol=1e-12, where=where, look=CONTRACT)
    where = "dispersion, events at 0 and at the horizon"
    check.close(ends, want_of([1, 2]), rtol=1e-12, where=where, look=CONTRACT)
    where = "dispersion of integer times"
    check.close(whole, want_of([0, 1, 2, 1]), rtol=1e-12, where=where, look=CONTRACT)
    where = "dispersion of times in any order"
    check.close(mixed, want_of(counts), rtol=1e-12, where=where, look=CONTRACT)


@pytest.mark.task("dispersion", weight=1)
def test_few_events(student):
    none = student.dispersion(np.zeros(0), 5.0, 3)
    one = student.dispersion(np.zeros(1), 6.0, 5)
    alike = student.dispersion(np.arange(0.5, 8), 8.0, 8)
    borders = student.dispersion(np.arange(100), 100.0, 100)
    crowd = student.dispersion(np.append(np.full(300, 0.5), 199.5), 200.0, 200)

    where = "dispersion of no events"
    numbers(none, 2, where)
    check.close(none, [math.nan] * 2, where=where, look=CONTRACT)
    where = "dispersion of one event, at 0"
    check.close(one, want_of([1, 0, 0, 0, 0]), rtol=1e-9, where=where, look=CONTRACT)
    where = "dispersion, 300 events in the first of 200 windows, one in the last"
    want = want_of([300, *[0] * 198, 1])
    check.close(crowd, want, rtol=1e-9, where=where, look=CONTRACT)
    where = "dispersion of one event in each window"
    want = [0.0, -math.sqrt(3.5)]
    check.close(alike, want, rtol=1e-12, atol=1e-12, where=where, look=CONTRACT)
    where = "dispersion, events on the borders of 100 windows"
    want = [0.0, -math.sqrt(49.5)]
    check.close(borders, want, rtol=1e-12, atol=1e-12, where=where, look=CONTRACT)


@pytest.mark.task("dispersion", weight=1)
def test_scales(student):
    counts = [4, 0, 3, 9]
    for width in (1e-9, 1e9):
        got = student.dispersion(record(counts, width), 4 * width, 4)
        where = f"dispersion, windows of {width:g}"
        check.close(got, want_of(counts), rtol=1e-9, where=where, look=CONTRACT)


@pytest.mark.task("dispersion", weight=1)
def test_dispersion_refuses(student):
    times = np.array([1.0, 2.0, 3.0])
    for kind, what, horizon, windows in (
        ("a time after the horizon", times, 2.5, 5),
        ("a time before 0", times - 1.5, 5.0, 5),
        ("a time of NaN", np.array([1.0, math.nan]), 5.0, 5),
        ("an infinite time", np.array([1.0, math.inf]), 5.0, 5),
        ("a first time of NaN", np.array([math.nan, 1.0]), 5.0, 5),
        ("a time between others after the horizon", times[[0, 2, 1]], 2.5, 5),
        ("a time between others before 0", times[[1, 0, 2]] - 1.5, 5.0, 5),
        ("a time just after the horizon", np.array([math.nextafter(4.0, 5.0)]), 4.0, 5),
        ("a time just before 0", np.array([-1e-300]), 4.0, 5),
        ("no event and an infinite horizon", np.zeros(0), math.inf, 5),
        ("a horizon of 0", np.zeros(1), 0.0, 5),
        ("a negative horizon", np.zeros(0), -1.0, 5),
        ("an infinite horizon", times, math.inf, 5),
        ("a horizon of NaN", times, math.nan, 5),
        ("one window", times, 5.0, 1),
        ("no window", times, 5.0, 0),
        ("one window and no event", np.zeros(0), 5.0, 1),
    ):
        refuses(student, "dispersion", kind, what, horizon, windows)


@pytest.mark.task("dispersion", weight=1)
def test_times_stay(student):
    kept(student, "dispersion", [np.array([3.0, 1.0, 2.0])], 4.0, 2)
