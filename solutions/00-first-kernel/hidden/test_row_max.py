"""Hidden tests of `row_max`: launches on the simulator."""

import numpy as np
import pytest
from hidden.launches import launch

LOOK = "Chapter, step 3."


def judge(meter, x, kind, look=LOOK):
    rows = len(x)
    launch(
        meter, "row_max", [x], x.max(1), kind, look,
        programs=rows, largest=None, loaded=x.size, stored=rows,
    )  # fmt: skip


def matrix(rng, rows, cols):
    return rng.standard_normal((rows, cols)).astype(np.float32)


@pytest.mark.task("row_max", weight=2, core=True)
def test_row_max_of_negative_rows(meter, rng):
    look = "Chapter, step 3: what may the padding hold?"
    x = -1 - abs(matrix(rng, 5, 37))
    judge(meter, x, "5 rows of 37 negative numbers", look)


@pytest.mark.task("row_max", core=True)
def test_row_max_sees_no_other_row(meter, rng):
    # Each row is larger than the one before: a neighbour's element would win.
    x = matrix(rng, 6, 100) + 10 * np.arange(6, dtype=np.float32)[:, None]
    judge(meter, x, "6 rows of 100, each larger than the one before")


@pytest.mark.task("row_max")
def test_row_max_of_long_rows(meter, rng):
    look = "Chapter, step 3: how long a row decides how long a block."
    for cols in (300, 70_000):
        x = np.sort(matrix(rng, 2, cols))  # the largest is the last
        judge(meter, x, f"2 rows of {cols}", look)


@pytest.mark.task("row_max")
def test_row_max_of_rows_of_minus_infinity(meter, rng):
    x = matrix(rng, 3, 20)
    x[1] = -np.inf
    x[2, :-1] = -np.inf
    judge(meter, x, "a row of -inf", "Chapter, step 3: the smallest of all numbers.")


@pytest.mark.task("row_max")
def test_row_max_of_single_rows_and_columns(meter, rng):
    judge(meter, matrix(rng, 1, 9), "one row")
    judge(meter, matrix(rng, 40, 1), "40 rows of one column")
    judge(meter, matrix(rng, 3, 64), "rows that fill their block")
