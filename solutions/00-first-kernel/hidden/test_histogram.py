"""Hidden tests of `histogram`: launches on the simulator."""

import numpy as np
import pytest
from hidden.launches import cdiv, launch


def judge(meter, x, bins, block, kind, look, typed=True):
    x = x.astype(np.int32)
    given, block = block, block or 64
    want = np.bincount(x, minlength=bins).astype(np.int32)
    launch(
        meter, "histogram", [x, bins], want, kind, look, block=given, typed=typed,
        programs=cdiv(len(x), block), largest=block, loaded=None, stored=None,
    )  # fmt: skip


@pytest.mark.task("histogram", weight=2, core=True)
def test_histogram_of_few_bins(meter, rng):
    look = "Chapter, step 6: load, add and store are three steps."
    judge(meter, rng.integers(0, 5, 150), 5, 64, "150 numbers, 5 bins", look, False)


@pytest.mark.task("histogram", core=True)
def test_histogram_with_empty_bins(meter, rng):
    look = "Chapter, step 6: what do the counts hold at first?"
    x = 3 * rng.integers(1, 9, 128)
    judge(meter, x, 30, 64, "30 bins, most of them empty", look, False)


@pytest.mark.task("histogram")
def test_histogram_of_one_number(meter, rng):
    look = "Chapter, step 6: a padded lane is no number."
    judge(meter, np.full(90, 6), 7, 32, "90 times the same number", look)
    judge(meter, np.zeros(1), 1, 64, "one number, one bin", look)


@pytest.mark.task("histogram")
def test_histogram_in_other_blocks(meter, rng):
    look = "Chapter, step 6: block decides both the grid and BLOCK."
    x = rng.integers(0, 40, 70)
    for block in (4, 8, 128):
        judge(meter, x, 40, block, f"blocks of {block}", look)
    judge(meter, x, 40, None, "the default block of 64", look)
    judge(meter, rng.integers(0, 5000, 1100), 5000, 1024, "5000 bins", look)
    judge(meter, x[:3], 40, 1, "3 numbers in blocks of 1", look)
