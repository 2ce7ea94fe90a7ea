"""Hidden tests of `f32_to_f16_bits`: every rounding, with NumPy's cast as the truth.

Between neighbouring halves all ties are asked, with the patterns one step above and
below. Core are normal numbers, subnormals, what overflows or underflows, and that
integer operations do the work. Zeros, infinities, the first number that overflows, NaNs
and dtypes are not.
"""

import numpy as np
import pytest
from hidden.answers import CONTRACT, INF, STEP_2
from hidden.patterns import (
    HALVES,
    SIZES,
    convert_groups,
    nans,
    no_casts,
    shapes_and_kinds,
    signed,
    widened,
)


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


def narrow(student, groups, look=STEP_2):
    """Narrow groups of patterns and judge them."""
    convert_groups(student, "f32_to_f16_bits", narrowed, groups, look, single_kind)


def bits_of(numbers):
    """Return the patterns of numbers."""
    return np.array(numbers, dtype=np.float32).view(np.uint32)


# Between a half and the next, both exact in float32, the middle is exact too.
LOW = widened(np.arange(0x7BFF, dtype=np.uint16))
HIGH = widened(np.arange(1, 0x7C00, dtype=np.uint16))
WIDE = LOW.view(np.float32).astype(np.float64) + HIGH.view(np.float32)
TIES = (WIDE / 2).astype(np.float32).view(np.uint32)


def roundings(rng, part, between):
    """Return exact halves, ties and their neighbours, and numbers at random."""
    tie = TIES[part]
    return {
        "exact halves": signed(rng, LOW[part]),
        "ties": signed(rng, tie),
        "one step above a tie": signed(rng, tie + np.uint32(1)),
        "one step below a tie": signed(rng, tie - np.uint32(1)),
        "numbers at random": signed(rng, rng.integers(*between, size=4000)),
    }


@pytest.mark.task("f32_to_f16_bits", weight=3, core=True)
def test_normal_numbers_rounded(student, rng):
    between = 113 << 23, 142 << 23
    groups = roundings(rng, slice(0x400, 0x7BFF), between)
    groups["between 65504 and 65520"] = signed(rng, bits_of([65504.1, 65512, 65519.9]))
    narrow(student, groups)


@pytest.mark.task("f32_to_f16_bits", weight=3, core=True)
def test_subnormal_numbers_rounded(student, rng):
    # From the smallest half on: what becomes zero is asked below.
    groups = roundings(rng, slice(1, 0x400), (103 << 23, 113 << 23))
    half_a_step = bits_of([0.51, 0.6, 0.75, 0.99]) - np.uint32(24 << 23)
    groups["between half of the smallest half and all of it"] = signed(rng, half_a_step)
    narrow(student, groups)


@pytest.mark.task("f32_to_f16_bits", weight=2, core=True)
def test_numbers_past_the_range(student, rng):
    large = [65536, 1e5, 131008, 2.0**17, 1e10, 3.4e38, *rng.uniform(7e4, 1e9, size=20)]
    small = [2.0**-26, 2.0**-30, 1e-20, 1e-37, *rng.uniform(1e-12, 2e-8, size=20)]
    groups = {
        "numbers too large": signed(rng, bits_of(large)),
        "numbers too small": bits_of(small),
    }
    narrow(student, groups)


@pytest.mark.task("f32_to_f16_bits", weight=2, core=True)
def test_narrowing_casts_nothing(student):
    bits = bits_of([7e4, -1e9, 65519.0, 3e-5, 1e-7, 1e-9, 1e-20, 0.1, -2049.0, 5.5])
    no_casts(student, "f32_to_f16_bits", bits, narrowed(bits), STEP_2)


@pytest.mark.task("f32_to_f16_bits", weight=2)
def test_limits_of_halves(student, rng):
    tiny = np.concatenate([2 ** np.arange(23), rng.integers(1, 2**23, size=200)])
    smallest, infinite = int(bits_of(2.0**-24)), int(bits_of(65520))
    near = np.concatenate([np.arange(-3, 4), [-(2**23), -(2**24), -(2**25)]])
    half = smallest - 2**23
    around = np.arange(-4, 5) + infinite
    exponents = (np.arange(255) << 23).repeat(16)
    groups = {
        "zeros and infinities": bits_of([0.0, -0.0, INF, -INF]),
        "around 65520, where infinity begins": signed(rng, around),
        "65520 and a little more": signed(rng, bits_of([65520, 65524, 65535.9])),
        "subnormals of float32": signed(rng, tiny),
        "around the smallest half": signed(rng, smallest + near),
        "around half of the smallest half": signed(rng, half + np.arange(-3, 4)),
        "numbers that underflow": signed(rng, bits_of([2.0**-25, 1e-9, 1e-30])),
        "float32 numbers, all exponents": signed(
            rng, exponents + rng.integers(0, 2**23, size=exponents.size)
        ),
        "every finite half, widened": widened(HALVES[SIZES < 0x7C00]),
    }
    narrow(student, groups)


@pytest.mark.task("f32_to_f16_bits", weight=1)
def test_nans_narrowed(student, rng):
    narrow(student, nans(rng), CONTRACT)


@pytest.mark.task("f32_to_f16_bits", weight=1)
def test_singles_of_any_shape(student):
    name = "f32_to_f16_bits"
    shapes_and_kinds(student, name, np.uint32, np.uint16, narrowed, CONTRACT)
