"""Hidden tests of `copy`: launches on the simulator."""

import numpy as np
import pytest
from hidden.launches import cdiv, launch

LOOK = "Chapter, step 1."


def judge(meter, x, block, kind, look=LOOK):
    n, given, block = len(x), block, block or 64
    launch(
        meter, "copy", [x], x, kind, look, block=given,
        programs=cdiv(n, block), largest=block, loaded=n, stored=n,
    )  # fmt: skip


@pytest.mark.task("copy", weight=2, core=True)
def test_copy_of_a_ragged_vector(meter, rng):
    look = "Chapter, step 1: the mask, and the last program."
    x = rng.standard_normal(150).astype(np.float32)
    judge(meter, x, 64, "150 elements in blocks of 64", look)


@pytest.mark.task("copy", core=True)
def test_copy_of_whole_blocks(meter, rng):
    x = rng.standard_normal(192).astype(np.float32)
    judge(meter, x, 64, "192 elements in blocks of 64")


@pytest.mark.task("copy")
def test_copy_in_other_blocks(meter, rng):
    look = "Chapter, step 1: block decides both the grid and BLOCK."
    x = rng.standard_normal(77).astype(np.float32)
    for block in (4, 8, 128):
        judge(meter, x, block, f"77 elements in blocks of {block}", look)
    large = rng.standard_normal(1100).astype(np.float32)
    judge(meter, large, 1024, "1100 elements in blocks of 1024", look)
    judge(meter, x[:3], 1, "3 elements in blocks of 1", look)
    judge(meter, x, None, "77 elements, the default block of 64", look)


@pytest.mark.task("copy")
def test_copy_of_float16_and_of_one_element(meter, rng):
    look = "Chapter, step 1: the result has the dtype of x."
    x = rng.standard_normal(21).astype(np.float16)
    judge(meter, x, 64, "float16", look)
    judge(meter, x[:1], 64, "one element", look)
    unusual = np.array([np.nan, np.inf, -np.inf, 1], dtype=np.float32)
    judge(meter, unusual, 64, "NaN and infinities", look)
