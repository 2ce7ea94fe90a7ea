"""Hidden tests of `underflow_report`: single gradients, and many in several arrays.

Core are gradients well inside the five places, under several scales. Where the places
meet, infinities and NaNs among the gradients, and empty arrays are not.
"""

import numpy as np
import pytest
from hidden.answers import CONTRACT, INF, NAN, STEP_4

from autograder.student.testing import check

# Factors that make 65520 of 1.6369616985321045 and of 0.3, but for a rounding: the
# exact product is a little less, and the scale is a little more, than in float32.
UP, DOWN = 40025.37109375, 218399.99132156407
PLACES = ("zero", "zeroed", "subnormal", "normal", "inf")


def counts(report, where):
    """Read the five counts."""
    found = [getattr(report, name, None) for name in PLACES]
    for name, count in zip(PLACES, found, strict=True):
        good = isinstance(count, (int, np.integer))
        check.equal(good, True, where=f"{where}: is {name} a whole number")
    return found


def one_by_one(student, cases):
    """Report on single gradients; cases: kind -> (value, scale, place)."""
    answers = {
        kind: student.underflow_report([np.array([value], dtype=np.float32)], scale)
        for kind, (value, scale, _) in cases.items()
    }
    for kind, (_, _, place) in cases.items():
        where = f"underflow_report, one gradient: {kind}"
        want = [int(name == place) for name in PLACES]
        found = counts(answers[kind], where)
        got = [n for n, c in zip(PLACES, found, strict=True) for _ in range(min(c, 2))]
        evidence = f"counted as {' and '.join(got) or 'nothing'}, expected {place}"
        check.true(found == want, where=where, evidence=evidence, look=STEP_4)


@pytest.mark.task("underflow_report", weight=2, core=True)
def test_each_place(student):
    small = 1.5 * 2.0**-26
    one_by_one(
        student,
        {
            "zero": (0.0, 1.0, "zero"),
            "zero under a scale": (0.0, 2.0**16, "zero"),
            "far too small": (1e-12, 1.0, "zeroed"),
            "far too small, negative": (-1e-12, 1.0, "zeroed"),
            "1e-6": (1e-6, 1.0, "subnormal"),
            "-1e-6": (-1e-6, 1.0, "subnormal"),
            "0.1": (0.1, 1.0, "normal"),
            "-1.5": (-1.5, 1.0, "normal"),
            "1e6": (1e6, 1.0, "inf"),
            "-1e6": (-1e6, 1.0, "inf"),
            "small, saved by a scale": (small, 8.0, "subnormal"),
            "small, saved entirely": (small, 2.0**13, "normal"),
            "small, not saved by so small a scale": (small / 8, 2.0, "zeroed"),
            "ordinary, lost to a scale": (1.5, 2.0**16, "inf"),
            "ordinary, just not lost": (1.5, 2.0**15, "normal"),
            "ordinary, under a scale below 1": (1.5, 2.0**-16, "subnormal"),
        },
    )


@pytest.mark.task("underflow_report", weight=2, core=True)
def test_many_gradients(student, rng):
    scales = (None, 8.0, 2.0**16, 2.0**-6)
    # Away from powers of two, and not between 2**-25 and 2**-24 under any scale.
    exponents = np.setdiff1d(np.arange(-32, 20), [-25, -28, -41, -19])
    values = rng.uniform(1.1, 1.9, size=(40, 50)) * 2.0 ** rng.choice(exponents, 50)
    values *= rng.choice([-1.0, 1.0], size=(40, 50))
    values[:3] = 0.0
    values = values.astype(np.float32)
    grads = [values[:10], values[11:, ::2].T, values[10].copy()]
    answers = [
        student.underflow_report(grads, *([] if scale is None else [scale]))
        for scale in scales
    ]

    flat = np.concatenate([g.ravel() for g in grads])
    for scale, report in zip(scales, answers, strict=True):
        where = f"underflow_report, {len(grads)} arrays, scale {scale or 'by default'}"
        want = counted_by_hand(flat, scale or 1.0)
        check.equal(counts(report, where), want, where=where, look=STEP_4)


@pytest.mark.task("underflow_report", weight=1)
def test_where_places_meet(student):
    tiny, edge, least = 2.0**-25, 2.0**-14, float(np.float32(1e-45))
    one_by_one(
        student,
        {
            "-0": (-0.0, 1.0, "zero"),
            "0 under a huge scale": (0.0, 2.0**127, "zero"),
            "2**-25, a tie that goes to zero": (tiny, 1.0, "zeroed"),
            "just above 2**-25": (tiny * (1 + 2.0**-23), 1.0, "subnormal"),
            "minus just above 2**-25": (-tiny * (1 + 2.0**-23), 1.0, "subnormal"),
            "a subnormal of float32": (-least, 1.0, "zeroed"),
            "zero already in float32, by the scale": (least, 0.25, "zeroed"),
            "2**-25, saved by a scale": (tiny, 8.0, "subnormal"),
            "2**-25, saved entirely": (tiny, 2.0**11, "normal"),
            "the largest subnormal": (edge - 2.0**-24, 1.0, "subnormal"),
            "just below 2**-14, rounded up to it": (edge - 2.0**-26, 1.0, "normal"),
            "a tie below 2**-14, rounded up to it": (edge - 2.0**-25, 1.0, "normal"),
            "2**-14": (edge, 1.0, "normal"),
            "-2**-14": (-edge, 1.0, "normal"),
            "65504": (65504.0, 1.0, "normal"),
            "just below 65520, rounded down": (65519.996, 1.0, "normal"),
            "65520": (65520.0, 1.0, "inf"),
            "-65520": (-65520.0, 1.0, "inf"),
            "infinite by the scale, in float32 already": (1e30, 2.0**60, "inf"),
            "ordinary, lost to a scale below 1": (1.0, 2.0**-25, "zeroed"),
            "a scale that is infinite in float32": (1e-38, 2.0**130, "inf"),
            "0 under a scale that is infinite in float32": (0.0, 2.0**130, "zero"),
            "under an infinite scale": (1.0, INF, "inf"),
            "under a scale of zero": (1.0, 0.0, "zeroed"),
            "inf under a scale of zero": (INF, 0.0, "inf"),
            "large, under a scale that is zero in float32": (1e38, 1e-50, "zeroed"),
            "a product that float32 rounds up": (1.6369616985321045, UP, "inf"),
            "a scale that float32 rounds down": (0.3, DOWN, "normal"),
        },
    )


@pytest.mark.task("underflow_report", weight=1)
def test_nans_and_empty_arrays(student, rng):
    odd = np.array([INF, -INF, NAN, 1.0, 0.0, -1e-30], dtype=np.float32)
    hidden = student.underflow_report([odd], 2.0**-100)
    cases = {
        "no arrays": [],
        "no arrays, in a tuple": (),
        "an empty array": [np.zeros((0, 3), dtype=np.float32)],
        "an array without axes": [np.array(3.0, dtype=np.float32)],
        "an inf": [odd[:1]],
        "-inf": [odd[1:2]],
        "a NaN": [odd[2:3]],
    }
    answers = {kind: student.underflow_report(grads) for kind, grads in cases.items()}
    some = [rng.normal(size=(4, 5)).astype("f4"), np.zeros((0, 2), "f4"), odd[3:]]
    given = student.keep(some)
    kept = list(student.underflow_report(given, 4.0))
    after = student.fetch(given)
    alone = student.keep(some[:1])
    student.underflow_report(alone, 4.0)
    same = student.fetch(alone)

    for kind, report in answers.items():
        where = f"underflow_report, {kind}"
        inf, normal = int(kind in ("an inf", "-inf", "a NaN")), int("axes" in kind)
        want = [0, 0, 0, normal, inf]
        check.equal(counts(report, where), want, where=where, look=CONTRACT)
        for name in PLACES:
            whole = isinstance(getattr(report, name), int)
            got = f"{where}: is {name} a Python int"
            check.equal(whole, True, where=got, look=CONTRACT)
    where = "underflow_report, infinities and a NaN under a small scale"
    check.equal(counts(hidden, where), [1, 2, 0, 0, 3], where=where, look=CONTRACT)
    flat = np.concatenate([g.ravel() for g in some])
    where = "underflow_report, three arrays, one of them empty, scale 4"
    check.equal(kept, counted_by_hand(flat, 4.0), where=where, look=STEP_4)
    check.equal(after, some, where="underflow_report, its gradients", look=CONTRACT)
    where = "underflow_report, its only gradient"
    check.equal(same, some[:1], where=where, look=CONTRACT)


def counted_by_hand(values, scale):
    """Count by magnitudes of the exact products: every scale is a power of two."""
    size = np.abs(values.astype(np.float64)) * scale
    zero = size == 0
    zeroed = ~zero & (size <= 2.0**-25)
    small = (size > 2.0**-25) & (size < 2.0**-14 - 2.0**-25)
    large = size >= 65520
    parts = zero, zeroed, small, ~(zero | zeroed | small | large), large
    return [int(part.sum()) for part in parts]
