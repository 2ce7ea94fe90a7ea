"""Hidden tests of `safe_softmax`.

Core: rows of ordinary and of large scores. Not core: rows of -inf, an empty axis,
float16, an argument that must keep its values.
"""

import numpy as np
import pytest
from hidden.calls import call_with_strided_arrays
from hidden.truth import TIGHT, softmax64

from autograder.student.testing import check


@pytest.mark.task("safe_softmax", weight=2, core=True)
def test_softmax_rows_sum_to_one_on_the_last_axis(student, rng):
    look = "Chapter, step 1."
    for shape in ((5, 7), (2, 3, 4), (9,), (2, 1, 3, 4), (2, 3, 0), (0, 5)):
        x = rng.standard_normal(shape) * 3
        where = f"safe_softmax, float64, {len(shape)} axes, last of {shape[-1]}"
        got = student.safe_softmax(x)
        check.close(got, softmax64(x), **TIGHT, where=where, look=look)


@pytest.mark.task("safe_softmax", weight=2, core=True)
def test_softmax_survives_large_scores(student, rng):
    look = "Chapter, step 1: subtract the largest score of the row."
    x = np.array(
        [
            [1e4, 1e4 - 1, 0.0, -1e4],
            [-1e4, -1e4 - 2, -1e4 - 1, -2e4],
            [7.0, 7.0, 7.0, 7.0],
            [-800.0, -801.0, -799.0, -800.5],
        ]
    )
    for dtype, rtol in ((np.float64, 1e-10), (np.float32, 1e-5)):
        where = f"safe_softmax, scores up to 1e4 in {np.dtype(dtype)}"
        got = student.safe_softmax(x.astype(dtype))
        check.close(got, softmax64(x), rtol=rtol, where=where, look=look, dtype=dtype)


@pytest.mark.task("safe_softmax", weight=1)
def test_softmax_of_masked_and_empty_rows(student):
    look = "Chapter, step 1: a maximum of -inf must not be subtracted."
    x = np.array(
        [[-np.inf, 0.0, 1.0], [-np.inf, -np.inf, -np.inf], [2.0, -np.inf, -np.inf]]
    )
    got = student.safe_softmax(x)
    empty = student.safe_softmax(np.zeros((3, 0), np.float32))
    single = student.safe_softmax(np.array([[3.0], [-2.0]]))
    where = "safe_softmax, rows with some or only -inf"
    check.close(got, softmax64(x), **TIGHT, where=where, look=look)
    check.dtype(empty, np.float32, where="safe_softmax, an empty last axis", look=look)
    check.shape(empty, (3, 0), where="safe_softmax, an empty last axis", look=look)
    check.close(single, [[1.0], [1.0]], where="safe_softmax, rows of one", look=look)


@pytest.mark.task("safe_softmax", weight=1)
def test_softmax_in_half_precision(student, rng):
    look = "Chapter, step 1: compute in accumulator(x.dtype), return x.dtype."
    x = rng.uniform(-8, 8, (6, 50)).astype(np.float16)
    x[0, :2] = [6e4, -6e4]
    x[1] = -6e4
    got = student.safe_softmax(x)
    where = "safe_softmax, float16"
    check.dtype(got, np.float16, where=where, look=look)
    check.close(got, softmax64(x), rtol=2.0**-10, atol=2.0**-24, where=where, look=look)
    # The sum of this row is beyond the largest float16.
    got = student.safe_softmax(np.zeros((1, 70_000), np.float16))
    right = np.full((1, 70_000), 1 / 70_000)
    where = "safe_softmax, float16, a row of 70,000 zeros"
    check.close(got, right, rtol=0.0, atol=2.0**-24, where=where, look=look)


@pytest.mark.task("safe_softmax", weight=1)
def test_softmax_leaves_its_input_alone(student, rng):
    look = "Chapter, step 1: in-place operators change the caller's array."
    x = rng.standard_normal((4, 6))
    got, after = call_with_strided_arrays(
        student, name="safe_softmax", args=[x], options={}
    )
    where = "safe_softmax, a transposed view"
    check.unchanged(after[0], x, where=where, look=look)
    check.close(got, softmax64(x), **TIGHT, where=where, look=look)
