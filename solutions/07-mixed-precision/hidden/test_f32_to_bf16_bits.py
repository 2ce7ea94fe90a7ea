"""Hidden tests of `f32_to_bf16_bits`."""

import numpy as np
import pytest
from hidden.common import CONTRACT, STEP_2, ask_narrow, shapes_and_kinds, signed

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
