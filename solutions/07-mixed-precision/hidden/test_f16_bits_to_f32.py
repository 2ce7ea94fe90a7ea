"""Hidden tests of `f16_bits_to_f32`."""

import numpy as np
import pytest
from hidden.common import (
    CONTRACT,
    HALVES,
    STEP_1,
    no_casts,
    patterns,
    shapes_and_kinds,
    widened,
)


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


@pytest.mark.task("f16_bits_to_f32", weight=1)
def test_halves_of_any_shape(student):
    shapes_and_kinds(
        student, "f16_bits_to_f32", np.uint16, np.uint32, widened, CONTRACT
    )


@pytest.mark.task("f16_bits_to_f32", weight=1)
def test_widening_casts_nothing(student):
    bits = HALVES[::97]
    no_casts(student, "f16_bits_to_f32", bits, widened(bits), STEP_1)
