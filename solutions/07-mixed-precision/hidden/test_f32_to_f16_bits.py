"""Hidden tests of `f32_to_f16_bits`."""

import numpy as np
import pytest
from hidden.common import (
    CONTRACT,
    HALVES,
    INF,
    STEP_2,
    ask_narrow,
    no_casts,
    shapes_and_kinds,
    signed,
    widened,
)

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
