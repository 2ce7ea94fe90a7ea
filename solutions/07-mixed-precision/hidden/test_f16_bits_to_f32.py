"""Hidden tests of `f16_bits_to_f32`: every float16 pattern, and no cast.

Core are the numbers and the infinities, each class of patterns in a test of its own,
and that integer operations do the work. Zeros, NaNs, shapes and dtypes are not.
"""

import numpy as np
import pytest
from hidden.answers import CONTRACT, STEP_1
from hidden.patterns import (
    HALVES,
    SIZES,
    convert_groups,
    no_casts,
    shapes_and_kinds,
    widened,
)

NORMAL = HALVES[(SIZES >= 0x400) & (SIZES < 0x7C00)]
SUBNORMAL = HALVES[(SIZES > 0) & (SIZES < 0x400)]


def half_kind(bits):
    """Name what a float16 pattern is."""
    size = int(bits) & 0x7FFF
    sign = "negative " if int(bits) & 0x8000 else ""
    if size > 0x7C00:
        return "a quiet NaN" if size & 0x200 else "a signalling NaN"
    if size in (0, 0x7C00):
        return f"a {sign}{'infinity' if size else 'zero'}"
    return f"a {sign}{'subnormal' if size < 0x400 else 'normal'} number"


def widen(student, groups, look):
    """Widen groups of patterns and judge them."""
    name = "f16_bits_to_f32"
    convert_groups(student, name, widened, groups, look, half_kind)


@pytest.mark.task("f16_bits_to_f32", weight=2, core=True)
def test_normal_halves(student, rng):
    groups = {
        "every normal number": NORMAL,
        "normal numbers in another order": rng.permutation(NORMAL)[:5000],
        "both infinities": np.array([0x7C00, 0xFC00], dtype=np.uint16),
    }
    widen(student, groups, STEP_1)


@pytest.mark.task("f16_bits_to_f32", weight=2, core=True)
def test_subnormal_halves(student, rng):
    mixed = rng.permutation(np.concatenate([SUBNORMAL, NORMAL[::40]]))
    groups = {
        "every subnormal number": SUBNORMAL,
        "subnormal and normal numbers in another order": mixed,
    }
    widen(student, groups, STEP_1)


@pytest.mark.task("f16_bits_to_f32", weight=1, core=True)
def test_widening_casts_nothing(student):
    bits = np.concatenate([NORMAL[::97], SUBNORMAL[::13]])
    no_casts(student, "f16_bits_to_f32", bits, widened(bits), STEP_1)


@pytest.mark.task("f16_bits_to_f32", weight=1)
def test_zeros_and_nans_widened(student, rng):
    groups = {
        "both zeros": np.array([0x0000, 0x8000], dtype=np.uint16),
        "every NaN": HALVES[SIZES > 0x7C00],
        "patterns of every kind in another order": rng.permutation(HALVES[::7]),
    }
    widen(student, groups, CONTRACT)


@pytest.mark.task("f16_bits_to_f32", weight=1)
def test_halves_of_any_shape(student):
    shapes_and_kinds(
        student, "f16_bits_to_f32", np.uint16, np.uint32, widened, CONTRACT
    )
