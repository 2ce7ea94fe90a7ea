"""The tests that you see: small launches on the simulator, under its meter.

The hidden ones ask for the same things of other inputs. `judge` below is all that is
asked of a launch: what it answers, how many programs run, and what they move.
"""

import numpy as np
import pytest

from autograder.student.testing import check


def judge(
    meter, name, args, want, kind, look, programs, largest=None, moved=None,
    near=0.0, **options,
):  # fmt: skip
    """Run a host function on the simulator; judge its answer and its meter.

    Args:
        meter: the simulator.
        name: the host function.
        args: its arguments.
        want: the right answer, of the right dtype.
        kind: what is special about this launch.
        look: where to read on.
        programs: how many there must be.
        largest: elements that a block may have.
        moved: elements that may be loaded, and that may be stored.
        near: how far an answer may be away.
        options: keyword arguments of the host function.
    """
    run = meter.run(name, *args, **options)
    where = f"{name}, {kind}"
    for what, found in (
        ("two programs, or two of its lanes, meet at one element", run.races),
        ("reads memory that nobody wrote", run.uninitialised),
    ):
        evidence = f"{found[0]} ({len(found)} in all)" if found else ""
        check.true(not found, where=f"{where}: {what}", evidence=evidence, look=look)
    unwritten = f"{where}: elements of the result that nobody wrote"
    check.equal(run.unwritten_outputs, 0, where=unwritten, look=look)
    check.dtype(run.outputs, want.dtype, where=where, look=look)
    axes = ("row", "column") if want.ndim == 2 else ("element",)
    wide = want.astype(np.float64)
    check.close(
        run.outputs, wide, atol=near, where=where, look=look, axis_names=axes
    )  # fmt: skip
    check.equal(run.programs, programs, where=f"{where}: programs", look=look)
    if largest is not None:
        at = f"{where}: the largest block"
        check.at_most(run.largest_block, largest, where=at, unit="elements", look=look)
    if moved is not None:
        loaded, stored = (elements * args[0].itemsize for elements in moved)
        at = f"{where}: loaded from HBM"
        check.at_most(run.loaded_bytes, loaded, where=at, unit="bytes", look=look)
        at = f"{where}: stored to HBM"
        check.at_most(run.stored_bytes, stored, where=at, unit="bytes", look=look)


COUNT = "the contract: block decides both the grid and BLOCK."


@pytest.mark.task("copy")
def test_copy_of_ten_numbers(meter):
    x = np.arange(10, dtype=np.float32)
    kind = "10 elements in blocks of 4"
    judge(meter, "copy", [x], x, kind, "Chapter, step 1.", 3, 4, (10, 10), block=4)


@pytest.mark.task("copy")
def test_copy_of_whole_blocks_and_in_another_block(meter):
    x = np.arange(128, dtype=np.float32)
    kind = "128 elements in blocks of 64"
    judge(meter, "copy", [x], x, kind, "Chapter, step 1.", 2, 64, (128, 128))
    kind, look = "128 elements in blocks of 32", f"Chapter, step 1; {COUNT}"
    judge(meter, "copy", [x], x, kind, look, 4, 32, (128, 128), block=32)


@pytest.mark.task("copy")
def test_copy_of_float16(meter):
    x = np.array([0.5, -2, 7], dtype=np.float16)
    look = "Chapter, step 1: the result has the dtype of x."
    judge(meter, "copy", [x], x, "float16", look, 1, 64, (3, 3))
    judge(meter, "copy", [x[:1]], x[:1], "one element", look, 1, 64, (1, 1))


@pytest.mark.task("add")
def test_add_of_ten_numbers(meter):
    x, y = np.arange(10, dtype=np.float32), np.full(10, 100, np.float32)
    kind = "10 elements in blocks of 4"
    judge(
        meter, "add", [x, y], x + y, kind, "Chapter, step 2.", 3, 4, (20, 10), block=4
    )


@pytest.mark.task("add")
def test_add_of_whole_blocks(meter, rng):
    x, y = rng.standard_normal((2, 128)).astype(np.float32)
    kind = "128 elements in blocks of 64"
    judge(meter, "add", [x, y], x + y, kind, "Chapter, step 2.", 2, 64, (256, 128))
    kind, look = "128 elements in blocks of 32", f"Chapter, step 2; {COUNT}"
    judge(meter, "add", [x, y], x + y, kind, look, 4, 32, (256, 128), block=32)


@pytest.mark.task("add")
def test_add_of_float16(meter):
    x, y = np.array([0.5, -2, 7], np.float16), np.array([1, 2, 0.25], np.float16)
    look = "Chapter, step 2: the sum has the dtype of x and y."
    judge(meter, "add", [x, y], x + y, "float16", look, 1, 64, (6, 3))
    judge(meter, "add", [x[:1], y[:1]], x[:1] + y[:1], "one element", look, 1)


@pytest.mark.task("row_max")
def test_row_max_of_three_columns(meter):
    x = np.array([[-3, -1, -2], [4, 6, 5]], np.float32)
    look = "Chapter, step 3: what may the padding hold?"
    judge(meter, "row_max", [x], x.max(1), "2 x 3", look, 2, None, (6, 2))


@pytest.mark.task("row_max")
def test_row_max_of_rising_rows(meter):
    x = np.arange(4 * 50, dtype=np.float32).reshape(4, 50)
    kind, look = "4 x 50, each row larger than the one before", "Chapter, step 3."
    judge(meter, "row_max", [x], x.max(1), kind, look, 4, None, (200, 4))


@pytest.mark.task("row_max")
def test_row_max_of_long_rows(meter):
    x = np.arange(2 * 1500, dtype=np.float32).reshape(2, 1500)
    look = "Chapter, step 3: how long a row decides how long a block."
    judge(meter, "row_max", [x], x.max(1), "2 x 1500", look, 2, None, (3000, 2))


@pytest.mark.task("row_max")
def test_row_max_of_minus_infinity(meter):
    x = np.full((2, 5), -np.inf, np.float32)
    x[0, 3] = -1000
    look = "Chapter, step 3: the smallest of all numbers."
    judge(meter, "row_max", [x], x.max(1), "a row of -inf", look, 2, None, (10, 2))


@pytest.mark.task("row_max")
def test_row_max_of_single_rows_and_columns(meter):
    x = np.array([[1, 5, 2, 4]], np.float32)
    look = "Chapter, step 3."
    judge(meter, "row_max", [x], x.max(1), "one row", look, 1, None, (4, 1))
    judge(meter, "row_max", [x.T], x[0], "one column", look, 4, None, (4, 4))


@pytest.mark.task("transpose")
def test_transpose_of_two_rows(meter):
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    judge(meter, "transpose", [x], x.T, "2 x 3", "Chapter, step 4.", 1, 256, (6, 6))


@pytest.mark.task("transpose")
def test_transpose_of_ragged_tiles(meter, rng):
    x = rng.standard_normal((20, 40)).astype(np.float32)
    kind, look = "20 x 40 in tiles of 16", "Chapter, step 4: a mask with two axes."
    judge(meter, "transpose", [x], x.T, kind, look, 6, 256, (800, 800))
    kind, look = "20 x 40 in tiles of 8", f"Chapter, step 4; {COUNT}"
    judge(meter, "transpose", [x], x.T, kind, look, 15, 64, (800, 800), block=8)


@pytest.mark.task("transpose")
def test_transpose_of_a_view(meter, rng):
    x = rng.standard_normal((32, 16)).astype(np.float32).T
    look = "Chapter, step 4: take the strides of the array that you are given."
    kind = "a transposed view, 16 x 32"
    judge(meter, "transpose", [x], x.T, kind, look, 2, 256, (512, 512))
    x = np.arange(6 * 40, dtype=np.float32).reshape(6, 40)[1:, :20]
    kind = "5 rows and 20 columns of a larger matrix"
    judge(meter, "transpose", [x], x.T, kind, look, 2, 256, (100, 100))


@pytest.mark.task("transpose")
def test_transpose_of_float16_and_of_one_row(meter):
    x = np.arange(18, dtype=np.float16).reshape(1, 18)
    look = "Chapter, step 4: the result has the dtype of x."
    judge(meter, "transpose", [x], x.T, "one row, float16", look, 2, 256, (18, 18))


@pytest.mark.task("matmul")
def test_matmul_of_whole_numbers(meter):
    a = np.arange(6, dtype=np.float32).reshape(2, 3)
    b = np.arange(12, dtype=np.float32).reshape(3, 4)
    kind, look = "2 x 3 by 3 x 4", "Chapter, step 5: other=0.0 on both sides."
    judge(meter, "matmul", [a, b], a @ b, kind, look, 1, 256, (18, 8))


@pytest.mark.task("matmul")
def test_matmul_of_ragged_tiles(meter, rng):
    a = rng.integers(-9, 9, (20, 40)).astype(np.float32)
    b = rng.integers(-9, 9, (40, 36)).astype(np.float32)
    kind, look = "20 x 40 by 40 x 36", "Chapter, step 5: a loop over all of K."
    judge(meter, "matmul", [a, b], a @ b, kind, look, 6, 256, (5280, 720))
    kind, look = f"{kind}, tiles of 32", f"Chapter, step 5; {COUNT}"
    judge(meter, "matmul", [a, b], a @ b, kind, look, 2, 1024, (3040, 720), block=32)


@pytest.mark.task("matmul")
def test_matmul_of_normal_numbers(meter, rng):
    a, b = rng.standard_normal((3, 17)), rng.standard_normal((17, 5))
    a, b = a.astype(np.float32), b.astype(np.float32)
    want = (a.astype(np.float64) @ b).astype(np.float32)
    kind = "3 x 17 by 17 x 5, normal numbers"
    look = "Chapter, step 5: all of K, and float32 from load to store."
    judge(meter, "matmul", [a, b], want, kind, look, 1, near=1e-4)


@pytest.mark.task("matmul")
def test_matmul_of_views(meter, rng):
    a = rng.integers(-9, 9, (32, 16)).astype(np.float32).T
    b = rng.integers(-9, 9, (16, 32)).astype(np.float32).T
    look = "Chapter, step 5: six strides, two of each array."
    kind = "two transposed views"
    judge(meter, "matmul", [a, b], a @ b, kind, look, 1, 256, (1024, 256))
    c = rng.integers(-9, 9, (40, 30)).astype(np.float32)[:32, 5:9]
    kind = "a transposed view by a part of a larger matrix"
    judge(meter, "matmul", [a, c], a @ c, kind, look, 1, 256, (640, 64))


@pytest.mark.task("matmul")
def test_matmul_of_float16(meter):
    a, b = np.full((3, 80), 0.3, np.float16), np.ones((80, 2), np.float16)
    # Large parts that cancel leave 48 * 0.3 behind. They lie across tiles differently.
    a[:, :16] = np.linspace(90, 110, 16)
    a[:, 56:72] = -a[:, :16]
    look = "Chapter, step 5: float16 in and out, float32 for the accumulator."
    want = np.full((3, 2), 48 * 0.3, np.float16)
    kind = "float16, large parts that cancel"
    judge(meter, "matmul", [a, b], want, kind, look, 1, 256, near=2.0**-6)


@pytest.mark.task("histogram")
def test_histogram_of_six_numbers(meter):
    x, want = np.array([0, 2, 2, 1, 2, 0], np.int32), np.array([2, 1, 3, 0], np.int32)
    look = "Chapter, step 6: load, add and store are three steps."
    kind = "0 2 2 1 2 0 in blocks of 4"
    judge(meter, "histogram", [x, 4], want, kind, look, 2, 4, block=4)


@pytest.mark.task("histogram")
def test_histogram_of_whole_blocks(meter, rng):
    x = rng.integers(0, 9, 128).astype(np.int32)
    want = np.bincount(x, minlength=20).astype(np.int32)
    kind, look = "128 numbers below 9, 20 bins", "Chapter, step 6."
    judge(meter, "histogram", [x, 20], want, kind, look, 2, 64)
    kind, look = f"{kind}, blocks of 32", f"Chapter, step 6; {COUNT}"
    judge(meter, "histogram", [x, 20], want, kind, look, 4, 32, block=32)


@pytest.mark.task("histogram")
def test_histogram_of_one_number(meter):
    x, want = np.zeros(1, np.int32), np.ones(1, np.int32)
    look = "Chapter, step 6: a padded lane is no number."
    judge(meter, "histogram", [x, 1], want, "one number, one bin", look, 1, 64)
