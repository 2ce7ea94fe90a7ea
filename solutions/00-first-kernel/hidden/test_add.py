"""Hidden tests of `add`: launches on the simulator."""

import numpy as np
import pytest
from hidden.launches import cdiv, launch

LOOK = "Chapter, step 2."


def judge(meter, x, y, block, kind, look=LOOK):
    n, given, block = len(x), block, block or 64
    launch(
        meter, "add", [x, y], x + y, kind, look, block=given,
        programs=cdiv(n, block), largest=block, loaded=2 * n, stored=n,
    )  # fmt: skip


def vectors(rng, n, dtype=np.float32):
    return rng.standard_normal((2, n)).astype(dtype)


@pytest.mark.task("add", weight=2, core=True)
def test_add_over_a_ragged_grid(meter, rng):
    look = "Chapter, step 2: how many blocks cover n elements?"
    judge(meter, *vectors(rng, 170), 64, "170 elements in blocks of 64", look)


@pytest.mark.task("add", core=True)
def test_add_of_whole_blocks(meter, rng):
    judge(meter, *vectors(rng, 256), 64, "256 elements in blocks of 64")


@pytest.mark.task("add")
def test_add_in_other_blocks(meter, rng):
    look = "Chapter, step 2: block decides both the grid and BLOCK."
    for block in (4, 16, 128):
        kind = f"50 elements in blocks of {block}"
        judge(meter, *vectors(rng, 50), block, kind, look)
    judge(meter, *vectors(rng, 1100), 1024, "1100 elements in blocks of 1024", look)
    judge(meter, *vectors(rng, 3), 1, "3 elements in blocks of 1", look)
    judge(meter, *vectors(rng, 150), None, "the default block of 64", look)


@pytest.mark.task("add")
def test_add_of_float16_and_of_one_element(meter, rng):
    look = "Chapter, step 2: the sum has the dtype of x and y."
    judge(meter, *vectors(rng, 33, np.float16), 64, "float16", look)
    judge(meter, *vectors(rng, 1), 64, "one element", look)
