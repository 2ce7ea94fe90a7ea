"""Hidden tests of `f32_to_bf16_bits`: every upper half, with its tie.

Core are normal numbers: the nearer neighbour, and the even one of a tie. The largest
numbers, subnormals, infinities, NaNs and dtypes are not.
"""

import numpy as np
import pytest
from hidden.answers import CONTRACT, STEP_2
from hidden.patterns import convert_groups, nans, shapes_and_kinds, signed


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
NORMAL = UPPER[((UPPER << 1) >= 0x01000000) & ((UPPER << 1) < 0xFEFE0000)]
SUBNORMAL = UPPER[(UPPER << 1) < 0x01000000]


def narrow(student, groups, look=STEP_2):
    """Narrow groups of patterns and judge them."""
    convert_groups(student, "f32_to_bf16_bits", brained, groups, look, brain_kind)


@pytest.mark.task("f32_to_bf16_bits", weight=2, core=True)
def test_brains_are_the_nearest(student, rng):
    rest = rng.integers(0, 2**16, size=NORMAL[::3].size).astype(np.uint32)
    groups = {"exact numbers": NORMAL[::5], "numbers at random": NORMAL[::3] | rest}
    narrow(student, groups)


@pytest.mark.task("f32_to_bf16_bits", weight=3, core=True)
def test_brain_ties(student):
    groups = {
        "ties": NORMAL | np.uint32(0x8000),
        "one step above a tie": NORMAL | np.uint32(0x8001),
        "one step below a tie": NORMAL | np.uint32(0x7FFF),
    }
    narrow(student, groups)


@pytest.mark.task("f32_to_bf16_bits", weight=1)
def test_limits_of_brains(student, rng):
    top = (0x7F7F7FFF, 0x7F7F8000, 0x7F7F8001, 0x7F7FFFFF)
    infinities = (0x7F800000, 0xFF800000)
    groups = {
        "zeros and subnormals": SUBNORMAL,
        "ties of subnormals": SUBNORMAL | np.uint32(0x8000),
        "one step above a tie of subnormals": SUBNORMAL | np.uint32(0x8001),
        "the largest numbers": signed(rng, np.array([*top, *top], dtype=np.uint32)),
        "the infinities": np.array(infinities, dtype=np.uint32),
    }
    narrow(student, groups)


@pytest.mark.task("f32_to_bf16_bits", weight=1)
def test_brain_nans(student, rng):
    groups = nans(rng)
    low = rng.integers(1, 2**16, size=50)
    groups["NaNs whose upper half is an infinity's"] = signed(rng, 0x7F800000 + low)
    narrow(student, groups, CONTRACT)


@pytest.mark.task("f32_to_bf16_bits", weight=1)
def test_brains_of_any_shape(student):
    name = "f32_to_bf16_bits"
    shapes_and_kinds(student, name, np.uint32, np.uint16, brained, CONTRACT)
