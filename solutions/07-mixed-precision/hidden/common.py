"""What the hidden tests of lesson 07 share."""

import math

import numpy as np

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


def keeps_gradients(lesson, grads):
    """Report on arrays that may not change, and see whether they did."""
    mine = [g.copy() for g in grads]
    report = lesson.underflow_report(mine, 4.0)
    scale = lesson.best_scale(mine)
    changed = any(
        a.dtype != b.dtype or (a != b).any() for a, b in zip(mine, grads, strict=True)
    )
    return list(report), float(scale), bool(changed)
