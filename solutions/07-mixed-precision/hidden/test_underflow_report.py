"""Hidden tests of `underflow_report`."""

import numpy as np
import pytest
from hidden.common import CONTRACT, INF, NAN, STEP_4, keeps_gradients

from autograder.student.testing import check

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
