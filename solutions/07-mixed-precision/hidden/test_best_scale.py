"""Hidden tests of `best_scale`."""

import math

import numpy as np
import pytest
from hidden.common import CONTRACT, INF, NAN, STEP_4, keeps_gradients, number, refusals

from autograder.student.testing import check


@pytest.mark.task("best_scale", weight=1)
def test_best_scales(student, rng):
    top = 65504.0
    cases = {
        "1": ([1.0], 2.0**15),
        "-1, and smaller ones": ([0.5, -1.0, 0.0], 2.0**15),
        "exactly 65504": ([top], 1.0),
        "just above 65504": ([65504.004], 0.5),
        "just below 65504": ([65503.996], 1.0),
        "65504 times a power of two": ([top * 2.0**-30], 2.0**30),
        "just above 65504 times a power of two": ([65504.004 * 2.0**-30], 2.0**29),
        "a power of two": ([2.0**-20], 2.0**35),
        "larger than 65504": ([-1e6], 2.0**-4),
        "near the largest float32": ([3.4e38], 2.0**-112),
        "the largest float32": ([3.4028235e38], 2.0**-113),
        "so small that the scale is capped": ([1e-37], 2.0**127),
        "the smallest float32": ([1e-45], 2.0**127),
        "just too large for the cap": ([2.0**-111], 2.0**126),
        "just small enough for the cap": ([top * 2.0**-127], 2.0**127),
        "small beside zeros": ([0.0, 3e-6, -0.0], 2.0**34),
        "all zero": ([0.0, -0.0], 1.0),
    }
    answers = {
        kind: student.best_scale([np.array(values, dtype=np.float32)])
        for kind, (values, _) in cases.items()
    }
    shapes = {
        "no arrays": ([], 1.0),
        "an empty array": ([np.zeros(0, dtype=np.float32)], 1.0),
        "the largest in the last of three arrays": (
            [
                np.full((2, 3), 1e-3, dtype=np.float32),
                np.zeros((0, 2), dtype=np.float32),
                np.array([[1e-4], [-0.7]], dtype=np.float32),
            ],
            2.0**16,
        ),
        "the largest in the first of two arrays": (
            [np.array([-3.0], dtype=np.float32), np.array([1e-3], dtype=np.float32)],
            2.0**14,
        ),
    }
    others = {kind: student.best_scale(grads) for kind, (grads, _) in shapes.items()}
    some = [rng.normal(size=(4, 5)).astype(np.float32) * np.float32(1e-4)]
    _, scale, changed = student.run(keeps_gradients, grads=some)

    for kind, (_, want) in cases.items():
        where = f"best_scale, the largest gradient is {kind}"
        number(answers[kind], want, where, STEP_4)
    for kind, (_, want) in shapes.items():
        number(others[kind], want, f"best_scale, {kind}", CONTRACT)
    largest = float(np.abs(some[0]).max())
    where = "best_scale, gradients at random"
    number(scale, 2.0 ** math.floor(math.log2(top / largest)), where, STEP_4)
    check.equal(changed, False, where=f"{where}: did they change", look=CONTRACT)
    cases = {
        f"best_scale, {kind} among the gradients": (
            [np.ones(2, dtype=np.float32), np.array([0, value], dtype=np.float32)],
        )
        for kind, value in (("inf", INF), ("-inf", -INF), ("NaN", NAN))
    }
    refusals(ValueError, student.best_scale, cases)
