"""Hidden tests of lesson 07. Tolerances are derived in NOTES.md.

Each test asks all its questions first and judges the answers afterwards, so that a
known mistake shows in as many answers as it touches. The file is long because it is the
whole lesson: a lesson keeps its hidden tests in one file, in the order of its tasks.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from autograder.student.testing import check

STEP_1, STEP_2, STEP_3, STEP_4, STEP_5, STEP_6, STEP_7, STEP_8 = (
    f"Chapter, step {n}." for n in range(1, 9)
)
CONTRACT = "The contract in the docstring."
INF, NAN = math.inf, math.nan


def number(got, want, where, look=CONTRACT, atol=0.0, rtol=0.0):
    """Check that an answer is one number and no array, and its value."""
    check.plain(got, where, look)
    good = isinstance(got, (int, float, np.floating)) and not isinstance(got, bool)
    evidence = f"got {check.show(got)}, expected a float"
    check.true(good, where=where, evidence=evidence, look=look)
    check.close(float(got), want, atol=atol, rtol=rtol, where=where, look=look)


def patterns(got, want, dtype, where, look, kinds=None):
    """Check bit patterns; name the kind of number that the first wrong one is."""
    check.shape(got, want.shape, where=where, look=look)
    check.dtype(got, dtype, where=where, look=look)
    wrong = np.flatnonzero(np.asarray(got).ravel() != want.ravel())
    if wrong.size:
        first = wrong[0]
        width = np.dtype(dtype).itemsize * 2
        evidence = f"got 0x{int(got.ravel()[first]):0{width}x}, "
        evidence += f"expected 0x{int(want.ravel()[first]):0{width}x}"
        if kinds is not None:
            evidence += f" for {kinds(first)}"
        evidence += f"; {wrong.size} of {want.size} patterns are wrong"
        check.true(False, where=where, evidence=evidence, look=look)


def refusals(kind, function, cases):
    """Ask for all that must be refused, then judge; cases: where -> arguments."""
    failed = []
    for where, args in cases.items():
        try:
            check.raises(kind, function, *args, where=where, look=CONTRACT)
        except check.CheckFailed as failure:
            failed.append(failure)
    if failed:
        raise failed[0]


# --- f16_bits_to_f32 ----------------------------------------------------------------

HALVES = np.arange(2**16, dtype=np.uint16)


def widened(bits):
    """Widen with NumPy, and NaNs by the contract."""
    wide = bits.view(np.float16).astype(np.float32).view(np.uint32)
    size = bits.astype(np.uint32) & 0x7FFF
    nan = (bits.astype(np.uint32) >> 15 << 31) | (0x7FC00000 | (size & 0x3FF) << 13)
    return np.where(size > 0x7C00, nan, wide).astype(np.uint32)


def half_kind(bits):
    """Name what a float16 pattern is."""
    size = int(bits) & 0x7FFF
    sign = "negative " if int(bits) & 0x8000 else ""
    if size > 0x7C00:
        return "a quiet NaN" if size & 0x200 else "a signalling NaN"
    if size in (0, 0x7C00):
        return f"a {sign}{'infinity' if size else 'zero'}"
    return f"a {sign}{'subnormal' if size < 0x400 else 'normal'} number"


@pytest.mark.task("f16_bits_to_f32", weight=4)
def test_every_half(student, rng):
    order = rng.permutation(2**16)
    got = student.f16_bits_to_f32(HALVES)
    shuffled = student.f16_bits_to_f32(HALVES[order])

    want = widened(HALVES)
    where = "f16_bits_to_f32, all 65,536 patterns"
    patterns(got, want, np.uint32, where, STEP_1, half_kind)
    where += " in another order"
    patterns(
        shuffled, want[order], np.uint32, where, STEP_1, lambda i: half_kind(order[i])
    )


def kept_apart(lesson, name, bits):
    """Convert a read-only array, then see whether the caller's array changes."""
    convert = getattr(lesson, name)
    frozen = bits.copy()
    frozen.flags.writeable = False
    first = convert(frozen)
    mine = bits.copy()
    second = convert(mine)
    changed = bool((mine != bits).any())
    second[:] = 7
    return first.copy(), changed, bool((mine != bits).any())


def shapes_and_kinds(student, name, source, target, want, look):
    """Ask a conversion about shapes, strides, foreign dtypes and its argument."""
    convert = getattr(student, name)
    bits = np.arange(48, dtype=source) * np.array(1361, dtype=source)
    views = {
        "no elements": bits[:0],
        "no rows of three": bits[:0].reshape(0, 3),
        "one element": bits[5:6],
        "a matrix": bits.reshape(6, 8),
        "a transposed matrix": bits.reshape(6, 8).T,
        "three axes": bits.reshape(2, 3, 8),
        "every third, backwards": bits[::-3],
    }
    answers = {kind: convert(view) for kind, view in views.items()}
    frozen, before, after = student.run(kept_apart, name=name, bits=bits)

    for kind, got in answers.items():
        where = f"{name}, {kind}"
        patterns(got, want(np.array(views[kind])), target, where, look)
    patterns(frozen, want(bits), target, f"{name}, a read-only array", look)
    for when, changed in (("", before), (" once the answer is overwritten", after)):
        where = f"{name}: did the argument change{when}"
        check.equal(changed, False, where=where, look=CONTRACT)
    signed = np.int32 if source == np.uint32 else np.int16
    other = np.uint16 if source == np.uint32 else np.uint32
    floats = np.float32 if source == np.uint32 else np.float16
    odd = {
        "a list": [0, 1],
        "a number": 3,
        "None": None,
        "floats": bits.view(floats),
        "signed integers": bits.view(signed),
        "64-bit integers": bits.astype(np.int64),
        "the other width": bits.astype(other),
        "Booleans": bits > 3,
    }
    wanted = np.dtype(source)
    cases = {f"{name}, {kind} instead of {wanted}": (bad,) for kind, bad in odd.items()}
    refusals(TypeError, convert, cases)


@pytest.mark.task("f16_bits_to_f32", weight=1)
def test_halves_of_any_shape(student):
    shapes_and_kinds(
        student, "f16_bits_to_f32", np.uint16, np.uint32, widened, CONTRACT
    )


def without_casts(lesson, name, bits):
    """Convert where NumPy has no float16, and where a cast that rounds is an error."""
    import types

    import numpy as np

    function = getattr(lesson, name)
    space = getattr(function, "__globals__", {})
    guarded = types.ModuleType("numpy")
    hidden = ("float16", "half", "float16_")
    guarded.__dict__.update({k: v for k, v in vars(np).items() if k not in hidden})
    aliases = [key for key, value in space.items() if value is np]
    try:
        for key in aliases:
            space[key] = guarded
        with np.errstate(all="raise"):
            return function(bits)
    except FloatingPointError as error:
        if "cast" in str(error):
            return "cast"
        with np.errstate(all="ignore"):  # integers that wrap around are welcome
            return function(bits)
    except AttributeError as error:
        if "float16" in str(error) or "half" in str(error):
            return "float16"
        raise
    finally:
        for key in aliases:
            space[key] = np


def no_casts(student, name, bits, want, look):
    """Check that a conversion is made of integer operations."""
    got = student.run(without_casts, name=name, bits=bits)
    where = f"{name}, by integer operations"
    evidence = "np.float16 was asked for, which is not there"
    if isinstance(got, str) and got == "cast":
        evidence = "a cast of floats rounded, overflowed or underflowed"
    check.true(not isinstance(got, str), where=where, evidence=evidence, look=look)
    patterns(got, want, want.dtype, where, look)


@pytest.mark.task("f16_bits_to_f32", weight=1)
def test_widening_casts_nothing(student):
    bits = HALVES[::97]
    no_casts(student, "f16_bits_to_f32", bits, widened(bits), STEP_1)


# --- f32_to_f16_bits ----------------------------------------------------------------


def narrowed(bits):
    """Round with NumPy, and NaNs by the contract."""
    with np.errstate(all="ignore"):
        half = bits.view(np.float32).astype(np.float16).view(np.uint16)
    nan = (bits >> 16 & 0x8000) | 0x7E00 | (bits >> 13 & 0x3FF)
    return np.where(bits << 1 > 0xFF000000, nan, half).astype(np.uint16)


def single_kind(bits):
    """Name where a float32 pattern stands on the half-precision line."""
    size = int(bits) & 0x7FFFFFFF
    sign = "negative " if int(bits) & 0x80000000 else ""
    if size > 0x7F800000:
        return f"a {sign}NaN"
    value = float(np.array(size, dtype=np.uint32).view(np.float32))
    for limit, kind in (
        (0.0, "zero"),
        (2.0**-126, "subnormal of float32"),
        (2.0**-25, "number up to 2**-25"),
        (2.0**-14, "number that is subnormal in float16"),
        (65504.0, "normal number of float16"),
        (65520.0, "number around 65504"),
    ):
        if value <= limit:
            return f"a {sign}{kind}"
    return f"a {sign}number past 65520" if value < INF else f"a {sign}infinity"


def signed(rng, sizes):
    """Give magnitudes (uint32) random signs."""
    signs = rng.integers(0, 2, size=sizes.shape, dtype=np.uint32) << np.uint32(31)
    return (sizes.astype(np.uint32) | signs).astype(np.uint32)


def ask_narrow(student, name, want, groups, dtype, look, kind):
    """Convert groups of patterns, then judge them one group after the other."""
    answers = {what: getattr(student, name)(bits) for what, bits in groups.items()}
    for what, bits in groups.items():
        patterns(
            answers[what],
            want(bits),
            dtype,
            f"{name}, {what}",
            look,
            lambda i, bits=bits: kind(bits[i]),
        )


@pytest.mark.task("f32_to_f16_bits", weight=4)
def test_ties_and_their_neighbours(student, rng):
    # Between a half and the next, both exact in float32, the middle is exact too.
    low = widened(np.arange(0x7C00, dtype=np.uint16)).view(np.float32)
    high = widened(np.arange(1, 0x7C01, dtype=np.uint16)).view(np.float32).copy()
    high[-1] = 65536.0  # where infinity stands on the line
    middle = ((low.astype(np.float64) + high) / 2).astype(np.float32).view(np.uint32)
    normal, small = slice(0x400, 0x7BFF), slice(0, 0x400)
    groups = {}
    for what, part in (("normal", normal), ("subnormal", small)):
        tie = middle[part]
        groups[f"ties, {what}"] = signed(rng, tie)
        groups[f"one step above a tie, {what}"] = signed(rng, tie + np.uint32(1))
        groups[f"one step below a tie, {what}"] = signed(rng, tie - np.uint32(1))
    limit = np.float32(65520).view(np.uint32)
    around = np.arange(-4, 5, dtype=np.int64) + int(limit)
    groups["around 65520, where infinity begins"] = np.concatenate(
        [around, around + 2**31]
    ).astype(np.uint32)
    name = "f32_to_f16_bits"
    ask_narrow(student, name, narrowed, groups, np.uint16, STEP_2, single_kind)


@pytest.mark.task("f32_to_f16_bits", weight=3)
def test_halves_come_back(student, rng):
    finite = HALVES[(HALVES & np.uint16(0x7FFF)) < 0x7C00]
    wide = widened(finite)
    tiny = np.concatenate([2 ** np.arange(23), rng.integers(1, 2**23, size=200)])
    edge = np.float32(2.0**-24).view(np.uint32)
    steps = np.concatenate([np.arange(-3, 4), [-(2**23), -(2**24), -(2**25)]])
    large = np.array([65504, 65536, 1e5, 131008, 2.0**17, 1e10, 3.4e38], np.float32)
    groups = {
        "every finite half, widened": wide,
        "subnormals of float32": signed(rng, tiny),
        "zeros and infinities": np.array(
            [0, 0x80000000, 0x7F800000, 0xFF800000], dtype=np.uint32
        ),
        "around and below the smallest half": signed(rng, edge + steps),
        "numbers too large": signed(rng, large.view(np.uint32)),
        "float32 numbers, all exponents": signed(
            rng,
            (np.arange(255) << 23).repeat(64) + rng.integers(0, 2**23, size=255 * 64),
        ),
    }
    name = "f32_to_f16_bits"
    ask_narrow(student, name, narrowed, groups, np.uint16, STEP_2, single_kind)


@pytest.mark.task("f32_to_f16_bits", weight=2)
def test_nans(student, rng):
    payloads = rng.integers(1, 2**23, size=200)
    low = rng.integers(1, 2**13, size=50)
    groups = {
        "NaNs": signed(rng, 0x7F800000 + payloads),
        "NaNs whose upper payload is zero": signed(rng, 0x7F800000 + low),
        "NaNs whose payload is all ones": np.array(
            [0x7FFFFFFF, 0xFFFFFFFF, 0x7FBFFFFF, 0xFFBFFFFF], dtype=np.uint32
        ),
        "the NaNs next to infinity": np.array(
            [0x7F800001, 0xFF800001], dtype=np.uint32
        ),
    }
    name, look = "f32_to_f16_bits", CONTRACT
    ask_narrow(student, name, narrowed, groups, np.uint16, look, single_kind)


@pytest.mark.task("f32_to_f16_bits", weight=1)
def test_singles_of_any_shape(student):
    name = "f32_to_f16_bits"
    shapes_and_kinds(student, name, np.uint32, np.uint16, narrowed, CONTRACT)


@pytest.mark.task("f32_to_f16_bits", weight=3)
def test_narrowing_casts_nothing(student, rng):
    numbers = [7e4, -1e9, 65519.0, 3e-5, 1e-7, -1e-9, 1e-39, 0.1, 2049.0, INF]
    bits = np.array(numbers, dtype=np.float32).view(np.uint32)
    no_casts(student, "f32_to_f16_bits", bits, narrowed(bits), STEP_2)


# --- f32_to_bf16_bits ---------------------------------------------------------------


def brained(bits):
    """Round to bfloat16: the nearer of two neighbours, the even one of a tie."""
    low, rest = bits >> 16, bits & 0xFFFF
    up = (rest > 0x8000) | ((rest == 0x8000) & (low % 2 == 1))
    near = np.where(up, low + 1, low)
    return np.where(bits << 1 > 0xFF000000, low | 0x40, near).astype(np.uint16)


def brain_kind(bits):
    """Name what a float32 pattern is."""
    size = int(bits) & 0x7FFFFFFF
    sign = "negative " if int(bits) & 0x80000000 else ""
    if size >= 0x7F800000:
        return f"a {sign}{'NaN' if size > 0x7F800000 else 'infinity'}"
    if size >= 0x7F7F8000:
        return f"a {sign}number that rounds to infinity"
    if size < 0x00800000:
        return f"a {sign}{'subnormal' if size else 'zero'}"
    return f"a {sign}normal number"


UPPER = np.arange(2**16, dtype=np.uint32) << np.uint32(16)
FINITE = UPPER[(UPPER & 0x7FFFFFFF) < 0x7F800000]


@pytest.mark.task("f32_to_bf16_bits", weight=4)
def test_brain_ties(student, rng):
    rest = rng.integers(0, 2**16, size=FINITE.size).astype(np.uint32)
    groups = {
        "exact numbers": FINITE,
        "ties": FINITE | np.uint32(0x8000),
        "one step above a tie": FINITE | np.uint32(0x8001),
        "one step below a tie": FINITE | np.uint32(0x7FFF),
        "numbers at random": FINITE | rest,
        "the largest numbers and the infinities": np.array(
            [
                *(0x7F7F7FFF, 0x7F7F8000, 0x7F7F8001, 0x7F7FFFFF, 0x7F800000),
                *(0xFF7F7FFF, 0xFF7F8000, 0xFF7F8001, 0xFF7FFFFF, 0xFF800000),
            ],
            dtype=np.uint32,
        ),
    }
    name = "f32_to_bf16_bits"
    ask_narrow(student, name, brained, groups, np.uint16, STEP_2, brain_kind)


@pytest.mark.task("f32_to_bf16_bits", weight=2)
def test_brain_nans(student, rng):
    low = rng.integers(1, 2**16, size=50)
    groups = {
        "NaNs": signed(rng, 0x7F800000 + rng.integers(1, 2**23, size=200)),
        "NaNs whose upper payload is zero": signed(rng, 0x7F800000 + low),
        "NaNs whose payload is all ones": np.array(
            [0x7FFFFFFF, 0xFFFFFFFF, 0x7FBFFFFF, 0xFFBFFFFF], dtype=np.uint32
        ),
        "the NaNs next to infinity": np.array(
            [0x7F800001, 0xFF800001], dtype=np.uint32
        ),
    }
    name = "f32_to_bf16_bits"
    ask_narrow(student, name, brained, groups, np.uint16, CONTRACT, brain_kind)


@pytest.mark.task("f32_to_bf16_bits", weight=1)
def test_brains_of_any_shape(student):
    name = "f32_to_bf16_bits"
    shapes_and_kinds(student, name, np.uint32, np.uint16, brained, CONTRACT)


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


# --- underflow_report and best_scale ------------------------------------------------

PLACES = ("zero", "zeroed", "subnormal", "normal", "inf")


def counts(report, where):
    """Read the five counts."""
    found = [getattr(report, name, None) for name in PLACES]
    for name, count in zip(PLACES, found, strict=True):
        check.equal(isinstance(count, int), True, where=f"{where}: is {name} an int")
    return found


@pytest.mark.task("underflow_report", weight=3)
def test_each_place(student):
    tiny, edge, least = 2.0**-25, 2.0**-14, float(np.float32(1e-45))
    one = {
        "+0": (0.0, 1.0, "zero"),
        "-0": (-0.0, 1.0, "zero"),
        "0 under a huge scale": (0.0, 2.0**127, "zero"),
        "2**-25, a tie that goes to zero": (tiny, 1.0, "zeroed"),
        "just above 2**-25": (tiny * (1 + 2.0**-23), 1.0, "subnormal"),
        "minus just above 2**-25": (-tiny * (1 + 2.0**-23), 1.0, "subnormal"),
        "far below": (1e-30, 1.0, "zeroed"),
        "a subnormal of float32": (-least, 1.0, "zeroed"),
        "zero already in float32, by the scale": (least, 0.25, "zeroed"),
        "the largest subnormal": (edge - 2.0**-24, 1.0, "subnormal"),
        "just below 2**-14, rounded up to it": (edge - 2.0**-26, 1.0, "normal"),
        "a tie below 2**-14, rounded up to it": (edge - 2.0**-25, 1.0, "normal"),
        "2**-14": (edge, 1.0, "normal"),
        "-2**-14": (-edge, 1.0, "normal"),
        "ordinary": (-1.5, 1.0, "normal"),
        "65504": (65504.0, 1.0, "normal"),
        "just below 65520, rounded down": (65519.996, 1.0, "normal"),
        "65520": (65520.0, 1.0, "inf"),
        "-65520": (-65520.0, 1.0, "inf"),
        "large": (1e30, 1.0, "inf"),
        "infinite by the scale, in float32 already": (1e30, 2.0**60, "inf"),
        "inf": (INF, 1.0, "inf"),
        "-inf": (-INF, 1.0, "inf"),
        "NaN": (NAN, 1.0, "inf"),
        "inf under a small scale": (INF, 2.0**-100, "inf"),
        "small, saved by a scale": (tiny, 8.0, "subnormal"),
        "small, saved entirely": (tiny, 2.0**11, "normal"),
        "small, not saved by so small a scale": (tiny / 4, 2.0, "zeroed"),
        "ordinary, lost to a scale": (1.0, 2.0**16, "inf"),
        "ordinary, just not lost": (1.999, 2.0**15, "normal"),
        "ordinary, under a scale below 1": (1.0, 2.0**-15, "subnormal"),
        "ordinary, lost to a scale below 1": (1.0, 2.0**-25, "zeroed"),
    }
    answers = {
        kind: student.underflow_report([np.array([value], dtype=np.float32)], scale)
        for kind, (value, scale, _) in one.items()
    }

    for kind, (_, _, place) in one.items():
        where = f"underflow_report, one gradient: {kind}"
        want = [int(name == place) for name in PLACES]
        found = counts(answers[kind], where)
        got = [n for n, c in zip(PLACES, found, strict=True) for _ in range(c)]
        evidence = f"counted as {' and '.join(got) or 'nothing'}, expected {place}"
        check.true(found == want, where=where, evidence=evidence, look=STEP_4)


def keeps_gradients(lesson, grads):
    """Report on arrays that may not change, and see whether they did."""
    mine = [g.copy() for g in grads]
    report = lesson.underflow_report(mine, 4.0)
    scale = lesson.best_scale(mine)
    changed = any(
        a.dtype != b.dtype or (a != b).any() for a, b in zip(mine, grads, strict=True)
    )
    return list(report), float(scale), bool(changed)


@pytest.mark.task("underflow_report", weight=2)
def test_many_gradients(student, rng):
    exponents = rng.uniform(-32, 20, size=(40, 50))
    values = rng.choice([-1.0, 1.0], size=(40, 50)) * 2.0**exponents
    values[:3] = 0.0
    values = values.astype(np.float32)
    grads = [values[:10], values[10:11, :0], values[11:, ::2].T, values[10].copy()]
    scales = (None, 8.0, 2.0**16, 2.0**-6)
    answers = [
        student.underflow_report(grads, *([] if scale is None else [scale]))
        for scale in scales
    ]
    nothing = student.underflow_report([])
    empty = student.underflow_report([np.zeros((0, 3), dtype=np.float32)], 2.0)
    kept, _, changed = student.run(keeps_gradients, grads=[values[:4], values[20]])
    shapeless = student.underflow_report([np.array(3.0, dtype=np.float32)])

    flat = np.concatenate([g.ravel() for g in grads])
    for scale, report in zip(scales, answers, strict=True):
        where = f"underflow_report, {len(grads)} arrays, scale {scale or 'by default'}"
        want = counted_by_hand(flat, scale or 1.0)
        check.equal(counts(report, where), want, where=where, look=STEP_4)
    for kind, report in (("no arrays", nothing), ("an empty array", empty)):
        where = f"underflow_report, {kind}"
        check.equal(counts(report, where), [0] * 5, where=where, look=CONTRACT)
    flat = np.concatenate([values[:4].ravel(), values[20]])
    where = "underflow_report, two arrays, scale 4"
    check.equal(kept, counted_by_hand(flat, 4.0), where=where, look=STEP_4)
    where = "underflow_report: did the gradients change"
    check.equal(changed, False, where=where, look=CONTRACT)
    where = "underflow_report, an array without axes"
    check.equal(counts(shapeless, where), [0, 0, 0, 1, 0], where=where, look=CONTRACT)


def counted_by_hand(values, scale):
    """Count by magnitudes of the exact products: every scale is a power of two."""
    size = np.abs(values.astype(np.float64)) * scale
    zero = size == 0
    zeroed = ~zero & (size <= 2.0**-25)
    small = (size > 2.0**-25) & (size < 2.0**-14 - 2.0**-25)
    large = size >= 65520
    parts = zero, zeroed, small, ~(zero | zeroed | small | large), large
    return [int(part.sum()) for part in parts]


@pytest.mark.task("best_scale", weight=1)
def test_best_scales(student, rng):
    top = 65504.0
    cases = {
        "1": ([1.0], 2.0**15),
        "-1, and smaller ones": ([0.5, -1.0, 0.0], 2.0**15),
        "exactly 65504": ([top], 1.0),
        "just above 65504": ([65504.004], 0.5),
        "just below 65504": ([65503.996], 1.0),
        "65504 times a power of two": ([top * 2.0**-30], 2.0**30),
        "just above 65504 times a power of two": ([65504.004 * 2.0**-30], 2.0**29),
        "a power of two": ([2.0**-20], 2.0**35),
        "larger than 65504": ([-1e6], 2.0**-4),
        "near the largest float32": ([3.4e38], 2.0**-112),
        "the largest float32": ([3.4028235e38], 2.0**-113),
        "so small that the scale is capped": ([1e-37], 2.0**127),
        "the smallest float32": ([1e-45], 2.0**127),
        "just too large for the cap": ([2.0**-111], 2.0**126),
        "just small enough for the cap": ([top * 2.0**-127], 2.0**127),
        "small beside zeros": ([0.0, 3e-6, -0.0], 2.0**34),
        "all zero": ([0.0, -0.0], 1.0),
    }
    answers = {
        kind: student.best_scale([np.array(values, dtype=np.float32)])
        for kind, (values, _) in cases.items()
    }
    shapes = {
        "no arrays": ([], 1.0),
        "an empty array": ([np.zeros(0, dtype=np.float32)], 1.0),
        "the largest in the last of three arrays": (
            [
                np.full((2, 3), 1e-3, dtype=np.float32),
                np.zeros((0, 2), dtype=np.float32),
                np.array([[1e-4], [-0.7]], dtype=np.float32),
            ],
            2.0**16,
        ),
        "the largest in the first of two arrays": (
            [np.array([-3.0], dtype=np.float32), np.array([1e-3], dtype=np.float32)],
            2.0**14,
        ),
    }
    others = {kind: student.best_scale(grads) for kind, (grads, _) in shapes.items()}
    some = [rng.normal(size=(4, 5)).astype(np.float32) * np.float32(1e-4)]
    _, scale, changed = student.run(keeps_gradients, grads=some)

    for kind, (_, want) in cases.items():
        where = f"best_scale, the largest gradient is {kind}"
        number(answers[kind], want, where, STEP_4)
    for kind, (_, want) in shapes.items():
        number(others[kind], want, f"best_scale, {kind}", CONTRACT)
    largest = float(np.abs(some[0]).max())
    where = "best_scale, gradients at random"
    number(scale, 2.0 ** math.floor(math.log2(top / largest)), where, STEP_4)
    check.equal(changed, False, where=f"{where}: did they change", look=CONTRACT)
    cases = {
        f"best_scale, {kind} among the gradients": (
            [np.ones(2, dtype=np.float32), np.array([0, value], dtype=np.float32)],
        )
        for kind, value in (("inf", INF), ("-inf", -INF), ("NaN", NAN))
    }
    refusals(ValueError, student.best_scale, cases)


# --- LossScaler ---------------------------------------------------------------------

TRACES = json.loads(
    Path(__file__).with_name("scaler_traces.json").read_text(encoding="utf-8")
)


def drive(lesson, options, script, alike=True):
    """Play a script of commands with the submission's scaler; note every answer."""
    import numpy as np

    class Weight:
        def __init__(self):
            self.value, self.grad = np.zeros(1, dtype=np.float32), None

    class Optimizer:
        def __init__(self):
            self.params, self.steps = [Weight(), Weight()], 0

        def __eq__(self, other):
            return alike or self is other  # known by identity alone

        def __hash__(self):
            return 1 if alike else id(self)

        def step(self, closure=None):
            self.steps += 1
            return self.steps

    scaler = lesson.LossScaler(**options)
    optimizers = [Optimizer(), Optimizer()]

    def fill(name, k, grads):
        factor = np.float32(scaler.get_scale() if name == "backward" else 1)
        for i, (p, grad) in enumerate(zip(optimizers[k].params, grads, strict=True)):
            kind = np.float16 if name == "half" and i == 1 else np.float32
            p.grad = None if grad is None else np.array(grad, dtype=kind) * kind(factor)

    def perform(name, *rest):
        if name == "scale":
            return float(scaler.scale(float(rest[0])))
        if name in ("grads", "backward", "half"):
            return fill(name, *rest)
        if name == "unscale":
            return scaler.unscale(optimizers[rest[0]])
        if name == "step":
            return scaler.step(optimizers[rest[0]])
        if name == "closure":
            return scaler.step(optimizers[rest[0]], closure=None)
        return scaler.update(*rest)

    answers = []
    for command in script:
        try:
            result = perform(*command)
        except NotImplementedError:
            raise
        except Exception as error:
            kinds = (AssertionError, RuntimeError, ValueError)
            known = [k.__name__ for k in kinds if isinstance(error, k)]
            result = (known or [type(error).__name__])[0]
        if result is not None and not isinstance(result, (str, int, float)):
            result = f"a {type(result).__name__}"
        grads = [
            [
                None if p.grad is None else p.grad.astype(float).tolist()
                for p in o.params
            ]
            for o in optimizers
        ]
        state = [float(scaler.get_scale()), int(scaler.get_tracker())]
        answers.append([result, *state, [o.steps for o in optimizers], grads])
    return answers


PARTS = ("what it returned or raised", "the scale", "the tracker", "steps", "gradients")


def judge_trace(got, want, kind, script):
    """Compare two traces, command by command."""
    check.equal(len(got), len(want), where=f"LossScaler, {kind}: answers")
    for n, (mine, right, (name, *_)) in enumerate(zip(got, want, script, strict=True)):
        for part, a, b in zip(PARTS, mine, right, strict=True):
            where = f"LossScaler, {kind}: {part} after command {n + 1}, {name}"
            check.equal(a, b, where=where, look=STEP_5)


def traces(student, *, random, errors):
    """Play the recorded scripts of one sort, then judge them."""
    wanted = [
        trace
        for trace in TRACES
        if trace["kind"].startswith("commands") == random
        and (random or errors == names_errors(trace))
    ]
    answers = [
        student.run(
            drive, options=trace["options"], script=trace["script"], alike=not random
        )
        for trace in wanted
    ]
    for trace, got in zip(wanted, answers, strict=True):
        judge_trace(got, trace["answers"], trace["kind"], trace["script"])


def names_errors(trace):
    """Tell whether something was raised in a trace."""
    return any(isinstance(answer[0], str) for answer in trace["answers"])


@pytest.mark.task("LossScaler", weight=4)
def test_scale_over_iterations(student):
    traces(student, random=False, errors=False)


@pytest.mark.task("LossScaler", weight=4)
def test_commands_out_of_order(student):
    traces(student, random=False, errors=True)


@pytest.mark.task("LossScaler", weight=2)
def test_commands_at_random(student):
    traces(student, random=True, errors=True)


@pytest.mark.task("LossScaler", weight=2)
def test_long_runs(student, reference, rng):
    runs = []
    for interval in (1, 4, 7):
        script = [["scale", 1.0]]
        for bad in rng.random(60) < 0.2:
            grad = rng.choice([INF, -INF, NAN]) if bad else rng.normal()
            k = int(rng.integers(2))
            pair = [[float(grad), 1.0], [0.5]] if rng.random() < 0.5 else [None, [grad]]
            script += [["backward", k, [g and [*map(float, g)] for g in pair]]]
            script += [["unscale", k]] * int(rng.integers(2)) + [["step", k]]
            script += [["update"]]
        options = {"init": 2.0 ** int(rng.integers(-3, 20)), "interval": interval}
        if interval == 4:
            options |= {"growth": 1.5, "backoff": 0.75}
        runs.append((options, script))
    answers = [student.run(drive, options=o, script=s) for o, s in runs]

    for (options, script), got in zip(runs, answers, strict=True):
        want = drive(reference, options, script)
        kind = f"60 iterations, interval {options['interval']}"
        judge_trace(got, want, kind, script)


def scaled_things(lesson):
    """Scale outputs of every kind."""
    import numpy as np

    def kind(value):
        if isinstance(value, (list, tuple)):
            return type(value).__name__, [kind(item) for item in value]
        if isinstance(value, np.ndarray):
            return f"array of {value.dtype}", value.tolist()
        if isinstance(value, float):
            return "float", float(value)
        return type(value).__name__, None

    scaler = lesson.LossScaler(init=3.0)
    before = [scaler.get_scale(), scaler.get_tracker()]
    array = np.array([[1.0, -2.0], [np.inf, 0.5]], dtype=np.float32)
    kept = array.copy()
    things = {
        "a float": 0.5,
        "an int": 2,
        "a NumPy float32": np.float32(0.25),
        "a NumPy float64": np.float64(0.1),
        "a float that float32 rounds": 0.1,
        "a product past float32": 3e38,
        "an infinity": -np.inf,
        "an array": array,
        "an empty array": array[:0],
        "a list": [1.0, array],
        "a tuple": (1.0, 2.0),
        "a nested list": [1.0, (2.0, [array[0]])],
        "an empty list": [],
    }
    answers = {what: kind(scaler.scale(thing)) for what, thing in things.items()}
    answers["an array, changed in place"] = bool((array != kept).any())
    fresh = scaler.scale(array)
    fresh[:] = 0
    answers["an array, shared"] = bool((array != kept).any())
    for what, thing in {
        "a str": "loss",
        "None": None,
        "None in a list": [1.0, None],
        "a str in a tuple": ("1.0",),
    }.items():
        try:
            answers[what] = kind(scaler.scale(thing))
        except ValueError:
            answers[what] = "ValueError"
    return before, answers


@pytest.mark.task("LossScaler", weight=2)
def test_what_can_be_scaled(student):
    before, answers = student.run(scaled_things)

    array = [[3.0, -6.0], [INF, 1.5]]
    tenth = float(np.float32(0.1) * np.float32(3))
    want = {
        "a float": ("float", 1.5),
        "an int": ("float", 6.0),
        "a NumPy float32": ("float", 0.75),
        "a NumPy float64": ("float", tenth),
        "a float that float32 rounds": ("float", tenth),
        "a product past float32": ("float", INF),
        "an infinity": ("float", -INF),
        "an array": ("array of float32", array),
        "an empty array": ("array of float32", []),
        "a list": ("list", [("float", 3.0), ("array of float32", array)]),
        "a tuple": ("tuple", [("float", 3.0), ("float", 6.0)]),
        "a nested list": (
            "list",
            [
                ("float", 3.0),
                (
                    "tuple",
                    [("float", 6.0), ("list", [("array of float32", array[0])])],
                ),
            ],
        ),
        "an empty list": ("list", []),
        "an array, changed in place": False,
        "an array, shared": False,
        "a str": "ValueError",
        "None": "ValueError",
        "None in a list": "ValueError",
        "a str in a tuple": "ValueError",
    }
    where = "LossScaler(init=3): scale and tracker before anything was scaled"
    check.equal(before, [3.0, 0], where=where, look=CONTRACT)
    for what, right in want.items():
        where = f"LossScaler(init=3).scale, {what}"
        check.equal(answers[what], right, where=where, look=CONTRACT)


def defaults_and_details(lesson):
    """Read the defaults, refuse odd factors, pass arguments on, unscale in place."""
    import numpy as np

    class Weight:
        def __init__(self, grad):
            self.value, self.grad = np.zeros(1, dtype=np.float32), grad

    class Optimizer:
        def __init__(self, *grads):
            self.params, self.given = [Weight(g) for g in grads], []

        def step(self, *args, **kwargs):
            seen = [None if p.grad is None else p.grad.tolist() for p in self.params]
            self.given.append((list(args), dict(kwargs), seen))
            return "done"

    found = {}
    for what, options in {
        "growth=1": {"growth": 1.0},
        "growth=0.5": {"growth": 0.5},
        "backoff=1": {"backoff": 1.0},
        "backoff=2": {"backoff": 2.0},
        "growth=1.001, backoff=0.999": {"growth": 1.001, "backoff": 0.999},
        "backoff=0": {"backoff": 0.0},
    }.items():
        try:
            lesson.LossScaler(**options)
            found[what] = "accepted"
        except AssertionError:
            found[what] = "AssertionError"
    scaler = lesson.LossScaler()
    found["default scale"] = scaler.scale(1.0)
    grad = np.array([[65536.0, 3.0]], dtype=np.float32)
    view = grad[:, 1:]
    sgd = Optimizer(view, grad[:, :1])
    found["result"] = scaler.step(sgd, 1, "two", three=3)
    found["given"] = list(sgd.given)
    found["in place"] = grad.tolist(), sgd.params[0].grad is view
    scaler.update()
    sgd.params[0].grad = np.array([np.nan], dtype=np.float32)
    found["skipped"] = scaler.step(sgd, 1), len(sgd.given)
    scaler.update()
    found["default backoff"] = scaler.get_scale()
    sgd.params[0].grad = None
    trackers = []
    for _ in range(2000):
        sgd.params[1].grad = np.ones(1, dtype=np.float32)
        scaler.step(sgd)
        scaler.update()
        trackers.append((scaler.get_scale(), scaler.get_tracker()))
    found["default interval"] = trackers[-2:]
    positional = lesson.LossScaler(2.0, 8.0, 0.25, 1)
    positional.scale([np.zeros(2, dtype=np.float32)])
    for value in (1.0, np.inf):
        sgd.params[1].grad = np.full(1, value, dtype=np.float32)
        positional.step(sgd)
        positional.update()
        found[f"positional, {value}"] = positional.get_scale()
    early = lesson.LossScaler(init=2.0)
    early.scale([])
    try:
        early.update(4.0)
        found["only an empty list was scaled"] = "accepted"
    except AssertionError:
        found["only an empty list was scaled"] = "AssertionError"
    found["types"] = (
        type(early.get_scale()).__name__,
        type(early.get_tracker()).__name__,
    )
    nothing = Optimizer()
    early.scale(1.0)
    try:
        early.step(nothing)
        found["no parameters"] = "accepted"
    except AssertionError:
        found["no parameters"] = "AssertionError"
    return found


@pytest.mark.task("LossScaler", weight=2)
def test_details_of_the_scaler(student):
    found = student.run(defaults_and_details)

    seen = [[[3.0 / 65536]], [[1.0]]]
    want = {
        "growth=1": "AssertionError",
        "growth=0.5": "AssertionError",
        "backoff=1": "AssertionError",
        "backoff=2": "AssertionError",
        "growth=1.001, backoff=0.999": "accepted",
        "backoff=0": "accepted",
        "default scale": 65536.0,
        "result": "done",
        "given": [([1, "two"], {"three": 3}, seen)],
        "in place": ([[1.0, 3.0 / 65536]], True),
        "skipped": (None, 1),
        "default backoff": 32768.0,
        "default interval": [(32768.0, 1999), (65536.0, 0)],
        "positional, 1.0": 16.0,
        "positional, inf": 4.0,
        "only an empty list was scaled": "AssertionError",
        "types": ("float", "int"),
        "no parameters": "AssertionError",
    }
    for what, right in want.items():
        where = f"LossScaler: {what}"
        check.equal(found[what], right, where=where, look=CONTRACT)


# --- mp_train_step ------------------------------------------------------------------


def take_steps(lesson, values, steps, init=1024.0, clip=None, lr=1.0, left=None):
    """Take steps with a backward pass that is dictated, batch by batch.

    A batch is (loss, gradients), each the true gradient of its loss, in float64: what
    backward returns is that times the number it is given, cast to float16.
    """
    import numpy as np

    log = []

    class Weight:
        def __init__(self, value):
            self.value, self.grad = np.array(value, dtype=np.float32), None

    def shown(p):
        return None if p.grad is None else (str(p.grad.dtype), p.grad.tolist())

    class Optimizer:
        def __init__(self, params):
            self.params = params

        def step(self):
            log.append(("stepped", [shown(p) for p in self.params]))
            for p in self.params:
                if p.grad is not None:
                    p.value = p.value - np.float32(lr) * p.grad

    class Scaler:
        """The rules that matter here, with a log."""

        def __init__(self):
            self.now, self.stage, self.bad = np.float32(init), "ready", False
            self.used = False

        def get_scale(self):
            return float(self.now)

        def get_tracker(self):
            return 0

        def scale(self, outputs):
            self.used = True
            if isinstance(outputs, np.ndarray):
                return outputs * self.now
            return float(np.float32(outputs) * self.now)

        def unscale(self, optimizer):
            log.append(("unscale",))
            if not self.used:
                raise AssertionError("unscale() before anything was scaled")
            if self.stage != "ready":
                raise RuntimeError("unscale() twice, or after step()")
            self.stage = "unscaled"
            for p in optimizer.params:
                if p.grad is not None:
                    if p.grad.dtype == np.float16:
                        raise ValueError("attempting to unscale float16 gradients")
                    self.bad |= not np.isfinite(p.grad).all()
                    p.grad *= np.float32(1 / np.float64(self.now))

        def step(self, optimizer):
            if self.stage == "stepped":
                raise RuntimeError("step() twice")
            if self.stage == "ready":
                self.unscale(optimizer)
            log.append(("step",))
            self.stage = "stepped"
            return None if self.bad else optimizer.step()

        def update(self):
            log.append(("update",))
            if self.stage == "ready":
                raise AssertionError("nothing was looked at")
            if self.bad:
                self.now = np.float32(self.now / 2)
            self.stage, self.bad = "ready", False

    given = []

    def backward(weights, batch, number):
        log.append(("backward",))
        kinds = [str(w.dtype) for w in weights]
        given.append((kinds, [w.tolist() for w in weights], float(number)))
        loss, grads = batch
        return loss, [
            None if g is None else (np.float64(g) * float(number)).astype(np.float16)
            for g in grads
        ]

    params = [Weight(value) for value in values]
    if left is not None:
        for p in params:
            p.grad = np.full_like(p.value, left)
    optimizer, scaler = Optimizer(params), Scaler()
    answers = []
    for batches in steps:
        del log[:], given[:]
        options = {} if clip is None else {"clip": clip}
        try:
            loss = lesson.mp_train_step(
                params, batches, backward, scaler, optimizer, **options
            )
        except ValueError as error:
            loss = "ValueError" if not len(batches) else f"ValueError: {error}"
        answers.append(
            {
                "loss": loss,
                "given": list(given),
                "log": list(log),
                "weights": [(str(p.value.dtype), p.value.tolist()) for p in params],
                "grads": [shown(p) for p in params],
                "scale": scaler.get_scale(),
            }
        )
    return answers


def weights_of(answer):
    """Return the weights after a step, flat."""
    return np.concatenate([np.ravel(value) for _, value in answer["weights"]])


def judge_order(answer, batches, where, stepped=True):
    """Check which calls a step made, in which order."""
    calls = [name for name, *_ in answer["log"]]
    want = ["backward"] * batches + ["unscale", "step"]
    want += ["stepped"] * stepped + ["update"]
    check.equal(calls, want, where=f"{where}: the calls it made", look=STEP_6)


@pytest.mark.task("mp_train_step", weight=3)
def test_master_weights(student):
    start = [[1.0, 1.0003], [[-0.1, 2048.0]]]
    small = (0.5, [[1e-4, -2e-4], [[1e-5, 0.25]]])
    answers = student.run(take_steps, values=start, steps=[[small]] * 6)
    odd = student.run(take_steps, values=[[0.1]], steps=[[(2.0, [[0.0]])]] * 2)

    master = np.array([1.0, 1.0003, -0.1, 2048.0], dtype=np.float32)
    scaled = np.array([1e-4, -2e-4, 1e-5, 0.25]) * 1024
    update = scaled.astype(np.float16).astype(np.float32) / np.float32(1024)
    for n, answer in enumerate(answers):
        where = f"mp_train_step, updates too small for float16, step {n + 1}"
        (kinds, seen, factor), *more = answer["given"]
        check.equal(len(more), 0, where=f"{where}: further calls of backward")
        got = f"{where}: dtypes of the weights that backward is given"
        check.equal(kinds, ["float16"] * 2, where=got, look=STEP_6)
        got = f"{where}: the weights that backward is given"
        flat = np.concatenate([np.ravel(w) for w in seen])
        check.close(flat, master.astype(np.float16), where=got, look=STEP_6)
        number(factor, 1024.0, f"{where}: the number backward is given", STEP_6)
        judge_order(answer, 1, where)
        master = master - update
        got = f"{where}: the master weights"
        kept = [kind for kind, _ in answer["weights"]]
        check.equal(kept, ["float32"] * 2, where=f"{got}, dtypes", look=STEP_6)
        check.close(weights_of(answer), master, where=got, look=STEP_6)
        number(answer["loss"], 0.5, f"{where}: the loss", STEP_6)
        number(answer["scale"], 1024.0, f"{where}: the scale after it", STEP_6)
    for answer in odd:
        where = "mp_train_step, a zero gradient: the master weight"
        check.equal(
            weights_of(answer).tolist(),
            [float(np.float32(0.1))],
            where=where,
            look=STEP_6,
        )


@pytest.mark.task("mp_train_step", weight=2)
def test_small_gradients_survive(student):
    tiny = (1.0, [[1e-8, -3e-8]])
    one = student.run(take_steps, values=[[0.0, 0.0]], steps=[[tiny]], init=2.0**16)
    parts = student.run(
        take_steps, values=[[0.0, 0.0]], steps=[[tiny] * 4], init=2.0**16
    )

    for kind, (answer,) in (("one batch", one), ("four batches", parts)):
        where = f"mp_train_step, gradients below 2**-25, {kind}"
        update = -weights_of(answer)
        check.close(
            update, [1e-8, -3e-8], rtol=1e-2, where=f"{where}: update", look=STEP_6
        )
        judge_order(answer, 1 if kind == "one batch" else 4, where)


@pytest.mark.task("mp_train_step", weight=3)
def test_batches_add_up(student):
    large = (3.0, [[20.0], [-20.0]])  # times 2048: two of them overflow float16
    big = student.run(
        take_steps, values=[[0.0], [0.0]], steps=[[large, large]], init=4096.0
    )
    uneven = [
        (1.0, [[2.0], None]),
        (2.0, [[2.0**-10], None]),
        (6.0, [[2.0**-10], None]),
    ]
    fine = student.run(
        take_steps, values=[[0.0], [0.0]], steps=[uneven], init=1.5, left=77.0
    )
    late = [(1.0, [None, [4.0]]), (5.0, [[8.0], [2.0]])]
    mixed = student.run(
        take_steps,
        values=[[0.0], [1.0]],
        steps=[late, late[::-1], late[:1], tuple(late)],
        init=2.0,
    )
    refused = student.run(take_steps, values=[[1.0]], steps=[[]], left=5.0)

    where = "mp_train_step, two batches whose sum overflows float16"
    check.close(weights_of(big[0]), [-20.0, 20.0], where=where, look=STEP_6)
    seen = [factor for _, _, factor in big[0]["given"]]
    got = f"{where}: the numbers backward is given"
    check.equal(seen, [2048.0, 2048.0], where=got, look=STEP_6)
    judge_order(big[0], 2, where)
    where = "mp_train_step, a large gradient and two small ones"
    third = float(np.float32(np.float32(1 / 3) * np.float32(1.5)))
    parts = np.array([2.0, 2.0**-10, 2.0**-10]) * third
    total = parts.astype(np.float16).astype(np.float32).sum(dtype=np.float32)
    want = [-float(total / np.float32(1.5)), 0.0]
    check.close(weights_of(fine[0]), want, rtol=1e-6, where=where, look=STEP_6)
    number(fine[0]["loss"], 3.0, f"{where}: the mean loss", STEP_6, rtol=1e-12)
    got = f"{where}: the gradient of a weight that no batch used"
    check.equal(fine[0]["grads"][1], None, where=got, look=CONTRACT)
    judge_order(fine[0], 3, where)
    weights = np.array([0.0, 1.0])
    updates = ([4.0, 3.0], [4.0, 3.0], [0.0, 4.0], [4.0, 3.0])
    losses = (3.0, 3.0, 1.0, 3.0)
    kinds = ("at first", "later", "at all", "at first, a tuple of batches")
    for kind, answer, update, loss in zip(kinds, mixed, updates, losses, strict=True):
        where = f"mp_train_step, a weight that is not used {kind}"
        weights = weights - np.array(update)
        check.close(weights_of(answer), weights, where=where, look=STEP_6)
        number(answer["loss"], loss, f"{where}: the mean loss", STEP_6)
    where = "mp_train_step without batches"
    check.equal(refused[0]["loss"], "ValueError", where=where, look=CONTRACT)
    got = f"{where}: the calls it made"
    check.equal(refused[0]["log"], [], where=got, look=CONTRACT)
    got = f"{where}: the gradient left over"
    check.equal(refused[0]["grads"], [("float32", [5.0])], where=got, look=CONTRACT)


@pytest.mark.task("mp_train_step", weight=3)
def test_clipping(student):
    batch = (1.0, [[2.0, -3.0], None, [[-6.0]]])
    zeros = [[0.0, 0.0], [0.0], [[0.0]]]
    cases = {
        "norm 7, clip 1": ([[batch]], 1.0, 1024.0, 1 / 7),
        "norm 7, clip 6.5": ([[batch]], 6.5, 1024.0, 6.5 / 7),
        "norm 7, clip 7": ([[batch]], 7.0, 1024.0, 1.0),
        "norm 7, clip 8": ([[batch]], 8.0, 1024.0, 1.0),
        "norm 7, clip 0": ([[batch]], 0.0, 1024.0, 0.0),
        "norm 7, clip 2**-20": ([[batch]], 2.0**-20, 1024.0, 2.0**-20 / 7),
        "norm 7 from two batches, clip 2": ([[batch, batch]], 2.0, 512.0, 2 / 7),
        "norm 7, a scale below 1, clip 1": ([[batch]], 1.0, 0.125, 1 / 7),
    }
    answers = {
        kind: student.run(take_steps, values=zeros, steps=steps, init=init, clip=clip)[
            0
        ]
        for kind, (steps, clip, init, _) in cases.items()
    }
    huge = (1.0, [[2e25, -3e25], None, [[-6e25]]])
    far = student.run(
        take_steps, values=zeros, steps=[[huge]], init=2.0**-75, clip=7e24
    )[0]
    nothing = (1.0, [[0.0, 0.0], None, [[0.0]]])
    still = student.run(take_steps, values=zeros, steps=[[nothing]], clip=1.0)[0]
    endless = (1.0, [[INF, 1.0], None, [[1.0]]])
    bad = student.run(take_steps, values=zeros, steps=[[endless], [batch]], clip=1.0)

    for kind, (steps, _, _, factor) in cases.items():
        where = f"mp_train_step, {kind}"
        want = np.array([-2.0, 3.0, 0.0, 6.0]) * factor
        got = f"{where}: update"
        check.close(weights_of(answers[kind]), want, rtol=1e-5, where=got, look=STEP_6)
        judge_order(answers[kind], len(steps[0]), where)
    where = "mp_train_step, a norm whose square overflows float32, clip a tenth of it"
    want = np.array([-2e24, 3e24, 0.0, 6e24])
    check.close(weights_of(far), want, rtol=1e-2, where=where, look=STEP_6)
    where = "mp_train_step, all gradients zero, with clip"
    check.close(weights_of(still), np.zeros(4), where=where, look=STEP_6)
    where = "mp_train_step, an infinite gradient, with clip"
    check.close(weights_of(bad[0]), np.zeros(4), where=where, look=STEP_6)
    number(bad[0]["scale"], 512.0, f"{where}: the scale after it", STEP_6)
    judge_order(bad[0], 1, where, stepped=False)
    where = "mp_train_step, the step after an infinite gradient, with clip"
    want = [-2 / 7, 3 / 7, 0.0, 6 / 7]
    check.close(weights_of(bad[1]), want, rtol=1e-5, where=where, look=STEP_6)


@pytest.mark.task("mp_train_step", weight=3)
def test_steps_left_out(student):
    fine = (0.5, [[1.0], [2.0]])
    cases = {
        "an infinite gradient": [(0.5, [[1.0], [INF]])],
        "a NaN gradient": [(0.5, [[NAN], [1.0]])],
        "a gradient that overflows by the scale": [(0.5, [[1.0], [-100.0]])],
        "an infinite gradient in the second batch": [fine, (0.5, [[-INF], None])],
        "infinities that cancel": [(0.5, [[INF], [1.0]]), (0.5, [[-INF], [1.0]])],
    }
    answers = {
        kind: student.run(
            take_steps, values=[[1.0], [2.0]], steps=[batches, [fine]], init=2048.0
        )
        for kind, batches in cases.items()
    }
    loud = [(loss, [[1.0], [2.0]]) for loss in (INF, NAN)]
    odd = [
        student.run(take_steps, values=[[1.0], [2.0]], steps=[[batch]])[0]
        for batch in loud
    ]

    for kind, (skipped, after) in answers.items():
        where = f"mp_train_step, {kind}"
        got = f"{where}: the weights"
        check.close(weights_of(skipped), [1.0, 2.0], where=got, look=STEP_6)
        number(skipped["scale"], 1024.0, f"{where}: the scale after it", STEP_6)
        number(skipped["loss"], 0.5, f"{where}: the mean loss", STEP_6)
        judge_order(skipped, len(cases[kind]), where, stepped=False)
        where = f"mp_train_step, the step after {kind}"
        check.close(weights_of(after), [0.0, 0.0], where=where, look=STEP_6)
        got = f"{where}: the number backward is given"
        number(after["given"][0][2], 1024.0, got, STEP_6)
    for answer, kind in zip(odd, ("infinite", "NaN"), strict=True):
        where = f"mp_train_step, the loss is {kind}, the gradients are finite"
        got = f"{where}: the weights, which do move"
        check.close(weights_of(answer), [0.0, 0.0], where=got, look=STEP_6)
        number(answer["loss"], INF if kind == "infinite" else NAN, where, STEP_6)


# --- autocast_policy and memory_model -----------------------------------------------

HALF_OPS = ("matmul", "bmm", "linear", "conv2d", "scaled_dot_product_attention")
FLOAT_OPS = (
    *("exp", "log", "pow", "rsqrt", "sum", "prod", "cumsum", "norm", "softmax"),
    *("log_softmax", "layer_norm", "mse_loss", "nll_loss"),
    "binary_cross_entropy_with_logits",
)
OTHER_OPS = ("relu", "add", "mul", "cat", "tanh", "max_pool2d", "dot")


@pytest.mark.task("autocast_policy", weight=1)
def test_policies(student):
    half, single, double = "float16", "float32", "float64"
    mixes = ((half,), (single,), (half, half), (half, single), (single, half, half))
    asked = {}
    for op in (*HALF_OPS, *FLOAT_OPS, *OTHER_OPS):
        for dtypes in mixes:
            want = half if op in HALF_OPS else single
            if op in OTHER_OPS and single not in dtypes:
                want = half
            asked[op, dtypes] = want
        asked[op, (double,)] = asked[op, (double, double)] = double
    for op in OTHER_OPS:
        asked[op, (half, double, single)] = double
    answers = {
        (op, dtypes): student.autocast_policy(op, *dtypes) for op, dtypes in asked
    }
    for (op, dtypes), want in asked.items():
        where = f"autocast_policy, {op} of {' and '.join(dtypes)}"
        check.equal(answers[op, dtypes], want, where=where, look=STEP_7)
    for dtypes in (("float16",), ("float32", "float32"), ("float64",)):
        where = f"autocast_policy, binary_cross_entropy of {dtypes[0]}"
        check.raises(
            RuntimeError,
            student.autocast_policy,
            "binary_cross_entropy",
            *dtypes,
            where=where,
            look=CONTRACT,
        )
    cases = {
        f"autocast_policy, {op}, {kind}": (op, *dtypes)
        for kind, op, dtypes in (
            ("no dtypes", "matmul", ()),
            ("no dtypes", "softmax", ()),
            ("no dtypes", "relu", ()),
            ("an unknown dtype", "matmul", ("half",)),
            ("an unknown dtype", "exp", ("float32", "int32")),
            ("an unknown dtype", "add", ("float8", "float16")),
        )
    }
    refusals(ValueError, student.autocast_policy, cases)


@pytest.mark.task("memory_model", weight=1)
def test_bytes_of_training(student, rng):
    keys = ("weights", "master", "gradients", "optimizer", "activations", "total")
    per = {"float32": (4, 0, 4, 4, 4), "float16": (2, 0, 2, 2, 2)}
    per["mixed"] = (2, 4, 2, 4, 2)
    states = {"sgd": 0, "momentum": 1, "adam": 2}
    sizes = [(0, 0), (1, 0), (0, 1), (7 * 10**10, 3 * 10**12)]
    sizes += [(int(rng.integers(1, 10**6)), int(rng.integers(1, 10**6)))]
    asked = [(n, a, r, o) for n, a in sizes for r in per for o in states]
    answers = [student.memory_model(*question) for question in asked]
    default = student.memory_model(3, 5, "mixed")
    named = student.memory_model(n_params=3, n_act=5, recipe="float32", optimizer="sgd")

    def want(n, a, recipe, optimizer):
        weight, master, gradient, state, act = per[recipe]
        k = states[optimizer]
        parts = [weight * n, master * n, gradient * n, state * k * n, act * a]
        return dict(zip(keys, [*parts, sum(parts)], strict=True))

    for (n, a, recipe, optimizer), got in zip(asked, answers, strict=True):
        where = f"memory_model, {recipe}, {optimizer}"
        where += ", nothing" if not n + a else ""
        check.equal(got, want(n, a, recipe, optimizer), where=where, look=STEP_7)
    where = "memory_model, mixed, the optimizer by default"
    check.equal(default, want(3, 5, "mixed", "adam"), where=where, look=STEP_7)
    where = "memory_model, float32, sgd, arguments by name"
    check.equal(named, want(3, 5, "float32", "sgd"), where=where, look=STEP_7)
    cases = {
        "an unknown recipe": (1, 1, "bfloat16", "adam"),
        "an unknown optimizer": (1, 1, "mixed", "lion"),
        "no optimizer": (0, 0, "float16", ""),
        "a negative number of weights": (-1, 1, "mixed", "sgd"),
        "a negative number of activations": (1, -1, "float32", "adam"),
    }
    cases = {f"memory_model, {kind}": question for kind, question in cases.items()}
    refusals(ValueError, student.memory_model, cases)


# --- train --------------------------------------------------------------------------


class Dictated:
    """A backward pass with a script: batch -> gradients, whatever the weights."""

    def __init__(self, script):
        self.script, self.given = script, []

    def __call__(self, weights, batch, number):
        self.given.append(([w.copy() for w in weights], batch, number))
        loss, grads = self.script[batch]
        dtype = weights[0].dtype
        with np.errstate(all="ignore"):
            scaled = [
                None if g is None else (np.float64(g) * number).astype(dtype)
                for g in grads
            ]
        return loss, scaled


SCRIPT = {
    "big": (4.0, [[0.5, -0.25], [[0.125]]]),
    "small": (3.0, [[1e-4, 1e-4], [[-1e-4]]]),
    "tiny": (2.0, [[2e-8, 1e-8], [[-1e-8]]]),
    "unused": (1.0, [[0.5, 0.5], None]),
    "inf": (8.0, [[INF, 0.5], [[0.5]]]),
    "nan": (NAN, [[0.5, 0.5], [[NAN]]]),
}
START = (np.array([1.0, -0.1]), np.array([[0.3]]))


def ordered(script, recipe, batches, lr, init=2.0**16, interval=2000):
    """Train by hand: the losses, scales, skipped steps and weights."""
    dtype = np.float16 if recipe == "float16" else np.float32
    weights = [w.astype(np.float32).astype(dtype) for w in START]
    scale, clean, skipped, losses, scales = np.float32(init), 0, 0, [], []
    with np.errstate(all="ignore"):
        for batch in batches:
            loss, grads = script[batch]
            losses.append(loss)
            if recipe != "mixed":
                grads = [
                    None if g is None else np.array(g).astype(dtype) for g in grads
                ]
            else:
                half = [
                    None if g is None else (np.float64(g) * scale).astype(np.float16)
                    for g in grads
                ]
                bad = any(not np.isfinite(g).all() for g in half if g is not None)
                inverse = np.float32(1 / np.float64(scale))
                grads = [
                    None if g is None or bad else g.astype(np.float32) * inverse
                    for g in half
                ]
                skipped += bad
                clean = 0 if bad else clean + 1
                if bad:
                    scale = np.float32(scale * 0.5)
                elif clean == interval:
                    scale, clean = np.float32(scale * 2), 0
            weights = [
                w if g is None else w - dtype(lr) * g
                for w, g in zip(weights, grads, strict=True)
            ]
            scales.append(float(scale) if recipe == "mixed" else 1.0)
    return losses, scales, skipped, weights


def judge_run(got, want, where, given, recipe):
    """Compare a Run with one made by hand."""
    losses, scales, skipped, weights = want
    look = STEP_8
    check.equal(list(got.losses), losses, where=f"{where}: losses", look=look)
    check.equal(list(got.scales), scales, where=f"{where}: scales", look=look)
    check.equal(got.skipped, skipped, where=f"{where}: skipped", look=look)
    check.equal(len(got.weights), len(weights), where=f"{where}: number of weights")
    for mine, right in zip(got.weights, weights, strict=True):
        at = f"{where}: weights"
        check.close(mine, right, where=at, look=look, dtype=right.dtype)
    for n, (seen, _, factor) in enumerate(given):
        before = 1.0 if recipe != "mixed" else scales[n - 1] if n else None
        if before is not None:
            at = f"{where}: the number backward is given, step {n + 1}"
            number(factor, before, at, look)
        for w in seen:
            at = f"{where}: what backward is given"
            dtype = np.float32 if recipe == "float32" else np.float16
            check.dtype(w, dtype, where=at, look=look)


@pytest.mark.task("train", weight=3)
def test_three_recipes(student):
    runs = {
        "large and small updates": (["big", "small", "small", "tiny"] * 3, 1.0, {}),
        "updates too small for float16": (["small"] * 12, 1.0, {}),
        "gradients too small for float16": (["tiny"] * 8, 2.0**14, {}),
        "a weight that is not used at times": (["big", "unused", "unused"], 0.5, {}),
        "an inf and a NaN": (
            ["small", "inf", "small", "nan", "big", "inf"],
            1.0,
            {"init": 1024.0, "interval": 2},
        ),
        "a first scale that is too large": (
            ["big", "big", "tiny", "big", "big", "tiny", "big"],
            1.0,
            {"init": 2.0**20, "interval": 3},
        ),
        "nothing but NaN, down to a scale of zero": (
            ["nan"] * 5,
            1.0,
            {"init": 2.0**-147},
        ),
        "no batches": ([], 1.0, {}),
        "a scale that grows at once": (["tiny"] * 4, 8.0, {"init": 1, "interval": 1}),
    }
    weights = [w.astype(np.float32) for w in START]
    answers = {}
    for kind, (batches, lr, options) in runs.items():
        for recipe in ("float32", "float16", "mixed"):
            f = Dictated(SCRIPT)
            run = student.train(recipe, weights, f, batches, lr, **options)
            answers[kind, recipe] = f, run

    for (kind, recipe), (f, run) in answers.items():
        batches, lr, options = runs[kind]
        where = f"train, {recipe}, {kind}"
        asked = [batch for _, batch, _ in f.given]
        check.equal(asked, batches, where=f"{where}: batches", look=STEP_8)
        want = ordered(SCRIPT, recipe, batches, lr, **options)
        judge_run(run, want, where, f.given, recipe)
    for recipe in ("bfloat16", "fp16", ""):
        f = Dictated(SCRIPT)
        for batches in ([], ["big"]):
            where = "train, an unknown recipe"
            check.raises(
                ValueError,
                student.train,
                recipe,
                weights,
                f,
                batches,
                1.0,
                where=where,
                look=CONTRACT,
            )
        check.equal(f.given, [], where=f"{where}: calls of backward", look=CONTRACT)


def keeps_weights(lesson):
    """Train each way and see whether the caller's arrays change."""
    import numpy as np

    calls = []

    def backward(weights, batch, number):
        calls.append(number)
        if len(calls) > 5000:
            raise ValueError("backward was called too often")
        return 1.0, [np.full_like(weights[0], number * 2.0**-4)]

    found = {}
    for recipe in ("float32", "float16", "mixed"):
        mine = np.ones(3, dtype=np.float32)
        run = lesson.train(recipe, [mine], backward, [1, 2], 1.0)
        run.weights[0][:] = 7
        untrained = lesson.train(recipe, [mine], backward, [], 1.0)
        untrained.weights[0][:] = 7
        found[recipe] = mine.tolist()
    long = lesson.train("mixed", [np.zeros(1, "f4")], backward, range(2001), 2.0**-20)
    return found, list(long.scales[-4:]), int(long.skipped)


@pytest.mark.task("train", weight=1)
def test_weights_given_stay(student):
    found, scales, skipped = student.run(keeps_weights)
    where = "train, mixed, 2001 clean steps: the last four scales"
    check.equal(scales, [2.0**16] * 2 + [2.0**17] * 2, where=where, look=CONTRACT)
    check.equal(skipped, 0, where="train, mixed, clean steps: skipped", look=CONTRACT)
    for recipe, mine in found.items():
        where = f"train, {recipe}: the weights it was given"
        check.equal(mine, [1.0] * 3, where=where, look=CONTRACT)


COUNT = 2**25


def network(weights, batch, number):
    """Give loss and gradients of a tanh network, a sample of a mean over COUNT."""
    (x, target), (first, second) = batch, weights
    half = first.dtype
    x, target = x.astype(half), target.astype(half)
    hidden = np.tanh(x @ first)
    error = hidden @ second - target
    loss = float(np.mean(error.astype(np.float32) ** 2) / 2)
    d_out = error * half.type(number / COUNT)
    d_hidden = (d_out @ second.T) * (half.type(1) - hidden * hidden)
    return loss, [x.T @ d_hidden, hidden.T @ d_out]


@pytest.mark.task("train", weight=2)
def test_only_mixed_learns_in_half(student, rng):
    x = rng.uniform(-2, 2, size=(128, 2)).astype(np.float32)
    target = np.sin(x[:, :1]) * np.cos(x[:, 1:])
    start = [
        rng.normal(size=(2, 8)).astype(np.float32),
        (rng.normal(size=(8, 1)) * 0.1).astype(np.float32),
    ]
    runs = {
        recipe: student.train(
            recipe, start, network, [(x, target)] * 120, 2.0**15, interval=50
        )
        for recipe in ("float32", "float16", "mixed")
    }

    first = runs["float32"].losses[0]
    last = {recipe: run.losses[-1] for recipe, run in runs.items()}
    where = "train, a small network whose gradients are below 2**-24"
    for recipe, low, high in (
        ("float32", 0.0, 0.5 * first),
        ("float16", 0.95 * first, 1.05 * first),
        ("mixed", 0.9 * last["float32"], 1.1 * last["float32"]),
    ):
        evidence = f"the loss goes from {first:.4f} to {last[recipe]:.4f}"
        evidence += f", expected {low:.4f} to {high:.4f}"
        inside = bool(low <= last[recipe] <= high)
        check.true(inside, where=f"{where}, {recipe}", evidence=evidence, look=STEP_8)
