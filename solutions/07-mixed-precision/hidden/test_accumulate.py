"""Hidden tests of `accumulate`."""

import numpy as np
import pytest
from hidden.common import INF, NAN, STEP_3, number, refusals

# --- accumulate ---------------------------------------------------------------------

DTYPES = ("float16", "bfloat16", "float32")


WAYS = ("naive", "pairwise", "kahan", "fp32")


def all_sums(student, xs):
    """Add the same numbers in every dtype and every way."""
    return {(d, w): student.accumulate(xs, d, w) for d in DTYPES for w in WAYS}


def judge_sums(got, want, kind):
    """Compare sums bit by bit: each operation has one right answer."""
    for (dtype, way), value in got.items():
        where = f"accumulate, {kind}, {dtype}, {way}"
        number(value, want[dtype, way], where, STEP_3)


@pytest.mark.task("accumulate", weight=3)
def test_table_of_errors(student):
    hundredths = all_sums(student, [0.01] * 1000)
    ones = {
        ("bfloat16", way): student.accumulate([1.0] * 300, "bfloat16", way)
        for way in WAYS
    }
    many = student.accumulate([1.0] * 2100, "float16", "naive")

    want = {
        "float16": (9.953125, 10.0, 10.0, 10.00213623046875),
        "bfloat16": (4.0, 10.0, 10.0, 10.009765625),
        "float32": (10.000133514404297, 10.0, 10.0, 10.000133514404297),
    }
    table = {(d, w): want[d][i] for d in DTYPES for i, w in enumerate(WAYS)}
    judge_sums(hundredths, table, "1000 times 0.01")
    table = {
        ("bfloat16", w): n for w, n in zip(WAYS, (256, 300, 300, 300), strict=True)
    }
    judge_sums(ones, table, "300 ones")
    judge_sums({("float16", "naive"): many}, {("float16", "naive"): 2048}, "2100 ones")


@pytest.mark.task("accumulate", weight=4)
def test_sums_to_the_last_bit(student, reference, rng):
    groups = {
        f"{n} numbers of mixed size": (
            rng.normal(size=n) * 2.0 ** rng.integers(-6, 7, size=n)
        ).astype(np.float32)
        for n in (2, 3, 5, 6, 7, 13, 100)
    }
    groups["positive numbers, 77 of them"] = rng.uniform(1, 2, size=77).astype("f4")
    groups["descending numbers"] = (4096.0 / np.arange(1, 40)).astype("f4")
    groups["ascending numbers"] = groups["descending numbers"][::-1].copy()
    groups["numbers that cancel"] = np.concatenate(
        [groups["descending numbers"], -groups["descending numbers"][:-3]]
    )
    answers = {kind: all_sums(student, xs) for kind, xs in groups.items()}

    for kind, xs in groups.items():
        judge_sums(answers[kind], all_sums(reference, xs), kind)


@pytest.mark.task("accumulate", weight=3)
def test_awkward_sums(student):
    # Sums as (float16, bfloat16, float32), each (naive, pairwise, kahan, fp32).
    cases = {
        "no numbers": ([], [(0, 0, 0, 0)] * 3),
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
        "the smallest numbers of float16": (
            [2.0**-24, 2.0**-24, 2.0**-24],
            [(3 * 2.0**-24,) * 4] * 3,
        ),
        "numbers too small for float16": (
            [2.0**-25, 2.0**-25, 2.0**-26],
            [(0,) * 4, (2.0**-24 + 2.0**-26,) * 4, (2.0**-24 + 2.0**-26,) * 4],
        ),
        "whole numbers": ([3, -5, 7], [(5,) * 4] * 3),
    }
    answers = {kind: all_sums(student, xs) for kind, (xs, _) in cases.items()}
    kinds = {
        "a tuple": (0.5, 0.25),
        "an array of float64": np.array([0.5, 0.25]),
        "an array of float32": np.array([0.5, 0.25], dtype=np.float32),
        "an array of integers": np.array([3, 4]),
    }
    others = {kind: all_sums(student, xs) for kind, xs in kinds.items()}

    for kind, (_, rows) in cases.items():
        want = {(d, w): rows[i][j] for i, d in enumerate(DTYPES) for j, w in W}
        judge_sums(answers[kind], want, kind)
    for kind, xs in kinds.items():
        total = float(np.sum(xs))
        judge_sums(others[kind], dict.fromkeys(others[kind], total), kind)
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


W = tuple(enumerate(WAYS))
