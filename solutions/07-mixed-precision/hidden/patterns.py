"""Bit patterns: how answers are judged, and what all three conversions are asked.

A core test compares patterns whatever integer dtype they come in; that the dtype is the
promised one, that shapes are kept and other dtypes refused, is `shapes_and_kinds`.
"""

import numpy as np
from hidden.answers import CONTRACT, refusals
from hidden.source import float16_in

from autograder.student.testing import check

HALVES = np.arange(2**16, dtype=np.uint16)
SIZES = HALVES & np.uint16(0x7FFF)


def patterns(got, want, where, look, kinds=None, dtype=None):
    """Check bit patterns; name the kind of number that the first wrong one is.

    Args:
        got: the answer.
        want: the patterns, in the dtype that the contract promises.
        where: what was asked.
        look: where to read on.
        kinds: names the number at a place.
        dtype: what the answer's dtype must be; any integers by default.
    """
    check.shape(got, want.shape, where=where, look=look)
    if dtype is not None:
        check.dtype(got, dtype, where=where, look=look)
    found = np.asarray(got)
    integers = found.dtype.kind in "iu"
    evidence = f"got dtype {found.dtype}, expected {want.dtype}"
    check.true(integers, where=where, evidence=evidence, look=look)
    found = found.ravel().astype(want.dtype)
    wrong = np.flatnonzero(found != want.ravel())
    if wrong.size:
        first = wrong[0]
        width = want.dtype.itemsize * 2
        evidence = f"got 0x{int(found[first]):0{width}x}, "  # 32 bits of an answer
        evidence += f"expected 0x{int(want.ravel()[first]):0{width}x}"
        if kinds is not None:
            evidence += f" for {kinds(first)}"
        evidence += f"; {wrong.size} of {want.size} patterns are wrong"
        check.true(False, where=where, evidence=evidence, look=look)


def widened(bits):
    """Widen float16 patterns with NumPy, and NaNs by the contract."""
    wide = bits.view(np.float16).astype(np.float32).view(np.uint32)
    size = bits.astype(np.uint32) & 0x7FFF
    nan = (bits.astype(np.uint32) >> 15 << 31) | (0x7FC00000 | (size & 0x3FF) << 13)
    return np.where(size > 0x7C00, nan, wide).astype(np.uint32)


def signed(rng, sizes):
    """Give magnitudes (uint32) random signs."""
    signs = rng.integers(0, 2, size=sizes.shape, dtype=np.uint32) << np.uint32(31)
    return (sizes.astype(np.uint32) | signs).astype(np.uint32)


def nans(rng):
    """Return groups of float32 NaNs that a conversion can get wrong."""
    low = rng.integers(1, 2**13, size=50)
    ones = (0x7FFFFFFF, 0xFFFFFFFF, 0x7FBFFFFF, 0xFFBFFFFF)
    return {
        "NaNs": signed(rng, 0x7F800000 + rng.integers(1, 2**23, size=200)),
        "NaNs whose upper payload is zero": signed(rng, 0x7F800000 + low),
        "NaNs whose payload is all ones": np.array(ones, dtype=np.uint32),
        "the NaNs next to infinity": np.array([0x7F800001, 0xFF800001], np.uint32),
    }


def convert_groups(student, name, want, groups, look, kind):
    """Convert groups of patterns, then judge them one group after the other."""
    answers = {what: getattr(student, name)(bits) for what, bits in groups.items()}
    for what, bits in groups.items():
        patterns(
            answers[what],
            want(bits),
            f"{name}, {what}",
            look,
            lambda i, bits=bits: kind(bits[i]),
        )


def conversion_of_frozen_bits(student, name, bits):
    """Convert a read-only array, then see whether the caller's array changes."""
    frozen = student.keep(bits)
    frozen.setflags(write=False)
    first = student.held(name, frozen)
    mine = student.keep(bits)
    second = student.held(name, mine)
    before = student.fetch(mine)
    second[:] = 7
    return student.fetch(first), before, student.fetch(mine)


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
    frozen, before, after = conversion_of_frozen_bits(student, name, bits)
    signed = np.int32 if source == np.uint32 else np.int16
    other = np.uint16 if source == np.uint32 else np.uint32
    floats = np.float32 if source == np.uint32 else np.float16
    odd = {
        "a list": [0, 1],
        "a list of NumPy numbers": [source(0), source(1)],
        "an empty list": [],
        "no elements, of float64": np.zeros(0),
        "a number": 3,
        "a NumPy number": source(3),
        "None": None,
        "floats": bits.view(floats),
        "signed integers": bits.view(signed),
        "64-bit integers": bits.astype(np.int64),
        "the other width": bits.astype(other),
        "Booleans": bits > 3,
    }
    wanted = np.dtype(source)
    cases = {f"{name}, {kind} instead of {wanted}": (bad,) for kind, bad in odd.items()}
    refused = None
    try:
        refusals(TypeError, convert, cases)
    except check.CheckFailed as failure:
        refused = failure

    for kind, got in answers.items():
        where = f"{name}, {kind}"
        patterns(got, want(np.array(views[kind])), where, look, dtype=target)
    where = f"{name}, a read-only array"
    patterns(frozen, want(bits), where, look, dtype=target)
    for when, found in (("", before), (" once the answer is overwritten", after)):
        check.unchanged(found, bits, where=f"{name}, its argument{when}", look=CONTRACT)
    if refused is not None:
        raise refused


def no_casts(student, name, bits, want, look):
    """Check that a conversion is right, and that its source names no float16."""
    got = getattr(student, name)(bits)
    patterns(got, want, name, look)
    reason = float16_in(student.source(), name)
    where = f"{name}, by integer operations"
    check.true(reason is None, where=where, evidence=f"{reason}", look=look)
