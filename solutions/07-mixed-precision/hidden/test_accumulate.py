"""Hidden tests of `accumulate`: each way on its own, to the last bit.

Every operation is rounded once, so that each sum has one right answer. Core are the
chapter's table and, way by way, sums of ordinary numbers compared with the reference.
Sums at the ends of a format, no numbers, other sequences and refusals are not.
"""

import functools
import math

import numpy as np
import pytest
from hidden.answers import (
    CONTRACT,
    INF,
    NAN,
    STEP_3,
    number,
    python_float,
    refusals,
)

from autograder.student.testing import check

DTYPES = ("float16", "bfloat16", "float32")
WAYS = ("naive", "pairwise", "kahan", "fp32")


def sums(student, xs, ways=WAYS):
    """Add the same numbers in every dtype and in some ways."""
    return {(d, w): student.accumulate(xs, d, w) for d in DTYPES for w in ways}


def judge_sums(got, want, kind):
    """Compare sums bit by bit: each operation has one right answer."""
    for (dtype, way), value in got.items():
        where = f"accumulate, {kind}, {dtype}, {way}"
        number(value, want[dtype, way], where, STEP_3)


@pytest.mark.task("accumulate", weight=2, core=True)
def test_sums_that_stop(student):
    # bfloat16 stops after fewer than 500, and is slow.
    hundredths = {
        dtype: student.accumulate([0.01] * count, dtype, "naive")
        for dtype, count in zip(DTYPES, (1000, 500, 1000), strict=True)
    }
    ones = sums(student, [1.0] * 260, ("naive",))
    many = student.accumulate([2000.0] + [1.0] * 100, "float16", "naive")

    table = (9.953125, 4.0, 10.000133514404297)
    for (dtype, got), right in zip(hundredths.items(), table, strict=True):
        where = f"accumulate, many times 0.01, {dtype}, naive"
        number(got, right, where, STEP_3)
    want = {key: 256 if key == ("bfloat16", "naive") else 260 for key in ones}
    judge_sums(ones, want, "260 ones")
    where = "accumulate, 2000 and 100 ones, float16, naive"
    number(many, 2048, where, STEP_3)


def ordinary(rng):
    """Return groups of numbers whose sums differ with every order and rounding."""
    groups = {
        f"{n} numbers of mixed size": (
            rng.normal(size=n) * 2.0 ** rng.integers(-6, 7, size=n)
        ).astype(np.float32)
        for n in (2, 3, 5, 6, 7, 13, 40)
    }
    groups["positive numbers, 77 of them"] = rng.uniform(1, 2, size=77).astype("f4")
    falling = (4096.0 / np.arange(1, 40)).astype("f4")
    groups["descending numbers"] = falling
    groups["ascending numbers"] = falling[::-1].copy()
    groups["numbers that cancel"] = np.concatenate([falling, -falling[:-3]])
    return groups


@functools.lru_cache(maxsize=64)
def right_sums(reference, xs, ways):
    """Add with the reference."""
    return sums(reference, xs, ways)


def to_the_last_bit(student, reference, rng, ways):
    """Compare ordinary sums with the reference."""
    groups = {kind: xs.tolist() for kind, xs in ordinary(rng).items()}
    if "pairwise" in ways:  # more than a block of NumPy's pairwise sum
        groups["150 numbers"] = rng.normal(size=150).astype("f4").tolist()
    answers = {kind: sums(student, xs, ways) for kind, xs in groups.items()}
    for kind, xs in groups.items():
        judge_sums(answers[kind], right_sums(reference, tuple(xs), ways), kind)


@pytest.mark.task("accumulate", weight=2, core=True)
def test_sums_from_left_to_right(student, reference, rng):
    to_the_last_bit(student, reference, rng, ("naive", "fp32"))


@pytest.mark.task("accumulate", weight=2, core=True)
def test_sums_of_halves(student, reference, rng):
    to_the_last_bit(student, reference, rng, ("pairwise",))


@pytest.mark.task("accumulate", weight=2, core=True)
def test_sums_with_a_correction(student, reference, rng):
    to_the_last_bit(student, reference, rng, ("kahan",))


BIG, LARGE = 1.75 * 2.0**127, 255.5 * 2.0**120

# Sums as (float16, bfloat16, float32), each (naive, pairwise, kahan, fp32).
AWKWARD = {
    "one number that float16 and bfloat16 round": (
        [2049.0],
        [(2048,) * 4, (2048,) * 4, (2049,) * 4],
    ),
    "a large number, then small ones": (
        [2048.0, 1.0, 1.0],
        [(2048, 2050, 2050, 2050), (2048, 2048, 2048, 2050), (2050,) * 4],
    ),
    "numbers that are lost one by one": (
        [1024.0, 0.25, 0.25, 0.25, 0.25],
        [(1024, 1025, 1025, 1025), (1024, 1024, 1024, 1025), (1025,) * 4],
    ),
    "a tie whose lower neighbour is odd": (
        [2050.0, 1.0],
        [(2052, 2052, 2052, 2051), (2048, 2048, 2048, 2049), (2051,) * 4],
    ),
    "just short of overflow": (
        [65504.0, 15.0],
        [(65504, 65504, 65504, 65519), (65536,) * 3 + (65551,), (65519,) * 4],
    ),
    "overflow by rounding alone": (
        [65504.0, 16.0],
        [(INF, INF, INF, 65520), (65536,) * 3 + (65552,), (65520,) * 4],
    ),
    "overflow in the middle": (
        [60000.0, 60000.0, -60000.0],
        [(INF, 60000, NAN, 60000), (59904,) * 4, (60000,) * 4],
    ),
    "a number past float16": (
        [70000.0, 1.0],
        [(INF, INF, NAN, INF), (70144, 70144, 70144, 70145), (70001,) * 4],
    ),
    "a difference that is rounded too, by Kahan": (
        [-1.0, 3574.0, 1.0],
        [(3572, 3576, 3576, 3574), (3568,) * 4, (3574,) * 4],
    ),
    "past the largest float32": (
        [BIG, BIG, -BIG],
        [(NAN,) * 4, (INF, BIG, NAN, INF), (INF, BIG, NAN, INF)],
    ),
    "a number past bfloat16": (
        [3.4e38],
        [(INF,) * 4, (INF,) * 4, (float(np.float32(3.4e38)),) * 4],
    ),
    "overflow of bfloat16 by rounding alone": (
        [255 * 2.0**120, 2.0**119],
        [(INF, INF, NAN, INF), (INF,) * 3 + (LARGE,), (LARGE,) * 4],
    ),
    "the smallest numbers of float16": (
        [2.0**-24, 2.0**-24, 2.0**-24],
        [(3 * 2.0**-24,) * 4] * 3,
    ),
    "subnormals of bfloat16": (
        [3 * 2.0**-133, 2.0**-134, 2.0**-134],
        [(0,) * 4, (3 * 2.0**-133,) * 4, (2.0**-131,) * 4],
    ),
    "numbers too small for float16": (
        [2.0**-25, 2.0**-25, 2.0**-26],
        [(0,) * 4, (2.0**-24 + 2.0**-26,) * 4, (2.0**-24 + 2.0**-26,) * 4],
    ),
}


@pytest.mark.task("accumulate", weight=1)
def test_awkward_sums(student):
    answers = {kind: sums(student, xs) for kind, (xs, _) in AWKWARD.items()}
    # A single number is its own sum; from left to right, sums start at 0.
    minus_zero = sums(student, [-0.0], ("naive", "pairwise", "kahan"))
    two_zeros = sums(student, [-0.0, -0.0], ("naive", "pairwise"))

    for kind, (_, rows) in AWKWARD.items():
        want = {
            (d, w): right
            for d, row in zip(DTYPES, rows, strict=True)
            for w, right in zip(WAYS, row, strict=True)
        }
        judge_sums(answers[kind], want, kind)
    cases = [("minus zero alone", key, got) for key, got in minus_zero.items()]
    cases += [("two minus zeros", key, got) for key, got in two_zeros.items()]
    for what, (dtype, way), got in cases:
        where = f"accumulate, {what}, {dtype}, {way}"
        number(got, 0.0, where, CONTRACT)
        kind = "minus zero" if math.copysign(1.0, got) < 0 else "plus zero"
        want = "minus zero" if way == "pairwise" else "plus zero"
        check.equal(kind, want, where=where, look=CONTRACT)


@pytest.mark.task("accumulate", weight=1)
def test_sequences_and_refusals(student):
    kinds = {
        "no numbers": [],
        "whole numbers": [3, -5, 7],
        "a tuple": (0.5, 0.25),
        "an array of float64": np.array([0.5, 0.25]),
        "an array of float32": np.array([0.5, 0.25], dtype=np.float32),
        "an array of integers": np.array([100, 100], dtype=np.int8),
        "an empty array": np.zeros(0, dtype=np.float32),
    }
    answers = {kind: sums(student, xs) for kind, xs in kinds.items()}
    rounded = {t: sums(student, np.array([2049.0, 1.0], t), ("fp32",)) for t in "fd"}
    cases = {
        f"accumulate, {kind}, {len(xs)} numbers": (xs, dtype, way)
        for kind, dtype, way in (
            ("a dtype too wide", "float64", "naive"),
            ("an unknown dtype", "half", "fp32"),
            ("an unknown way", "float16", "sorted"),
            ("no way", "bfloat16", ""),
        )
        for xs in ([1.0, 2.0], [])
    }
    refusals(ValueError, student.accumulate, cases)

    for kind, xs in kinds.items():
        total = float(np.sum(xs))
        judge_sums(answers[kind], dict.fromkeys(answers[kind], total), kind)
        for (dtype, way), got in answers[kind].items():
            python_float(got, f"accumulate, {kind}, {dtype}, {way}")
    want = dict(zip(rounded["f"], (2049, 2049, 2050), strict=True))
    for kind, got in rounded.items():
        judge_sums(got, want, f"an array of 2049 and 1, dtype {np.dtype(kind)}")
