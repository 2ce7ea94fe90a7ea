"""Hidden tests of `deform_roi_pool`, against averages of tents."""

import numpy as np
import pytest
from hidden.convolutions import view
from hidden.truth import HALF, SINGLE, pooled

from autograder.student.testing import check

NAME = "deform_roi_pool"
AXES = ("region", "channel", "bin row", "bin column")
STEP = "Chapter, step 7"


def judge(student, kind, x, rois, offset, look=".", near=1e-11, **options):
    """Compare the averages of all bins."""
    rois = np.array(rois).reshape(-1, 4)
    got = student.deform_roi_pool(x, rois, offset, **options)
    want = pooled(x, rois, offset, options.get("gamma", 0.1))
    size = max(1.0, float(abs(want).max(initial=0.0)))
    check.close(
        got, want, atol=near * size, where=f"{NAME}, {kind}", look=STEP + look,
        axis_names=AXES, dtype=x.dtype,
    )  # fmt: skip


def image(rng, channels=2, height=9, width=11):
    return rng.normal(2.0, 1.0, (channels, height, width))


@pytest.mark.task("deform_roi_pool", weight=2, core=True)
def test_pooling_without_offsets(student, rng):
    x, look = image(rng), ": zero offsets, ordinary pooling."
    rois = [[0, 0, 6, 9], [2, 1, 4, 6], [1, 4, 6, 3]]
    judge(
        student, "bins that divide the regions", x, rois, np.zeros((3, 2, 2, 3)), look
    )
    judge(student, "one bin", x, rois, np.zeros((3, 2, 1, 1)), look)


@pytest.mark.task("deform_roi_pool", weight=2, core=True)
def test_pooling_of_bins_that_share_pixels(student, rng):
    look = ": from floor(i h / kh) to ceil((i + 1) h / kh) - 1."
    rois = [[0, 0, 7, 8], [1, 2, 5, 7], [3, 3, 5, 5]]
    judge(student, "ragged bins", image(rng), rois, np.zeros((3, 2, 3, 3)), look)
    judge(student, "ragged bins", image(rng), rois, np.zeros((3, 2, 2, 4)), look)


@pytest.mark.task("deform_roi_pool", weight=2, core=True)
def test_pooling_of_moved_bins(student, rng):
    x, look = image(rng), ": a bin moves by gamma * (dy h, dx w)."
    rois = [[1, 1, 4, 8], [2, 0, 6, 5]]
    offset = np.zeros((2, 2, 2, 2))
    offset[:, 0] = rng.uniform(-2, 2, offset[:, 0].shape)
    judge(student, "only dy is not 0", x, rois, offset, look)
    offset[:, 1] = rng.uniform(-2, 2, offset[:, 1].shape)
    offset[0, 0] = 0
    judge(student, "dx too", x, rois, offset, look)


@pytest.mark.task("deform_roi_pool", core=True)
def test_pooling_of_other_sizes(student, rng):
    rois = [[1, 1, 5, 7], [2, 0, 6, 4], [0, 3, 3, 8]]
    offset = rng.uniform(-1, 1, (3, 2, 3, 2))
    look = ": gamma is given, 0.1 otherwise."
    judge(student, "gamma 0.35", image(rng), rois, offset, look, gamma=0.35)
    for gamma in (0, -0.2):
        judge(student, f"gamma {gamma}", image(rng), rois, offset, look, gamma=gamma)
    for kind, side, region, bins in (
        ("19 bins of 21 pixels", (23, 2), [1, 0, 21, 2], (19, 1)),
        ("bins of 58 pixels in 7", (59, 2), [0, 0, 58, 1], (7, 1)),
        ("columns of 58 pixels in 7", (2, 59), [0, 0, 1, 58], (1, 7)),
    ):
        moves = np.zeros((1, 2, *bins))
        judge(student, kind, image(rng, 1, *side), [region], moves, look)
    judge(student, "3 x 2 bins", image(rng), rois, offset, look)
    small = np.array(rois, np.uint16)
    judge(student, "regions in uint16", image(rng), small, offset, look)


@pytest.mark.task("deform_roi_pool")
def test_pooling_beyond_the_image(student, rng):
    look = ": pixels outside the image are 0, and count."
    x = image(rng, 2, 6, 7) + 5.0
    rois = [[-2, -3, 6, 7], [3, 4, 6, 6], [20, 20, 3, 3], [-1, 2, 8, 2]]
    judge(student, "beyond the image", x, rois, np.zeros((4, 2, 2, 2)), look)
    offset = rng.uniform(-3, 3, (4, 2, 2, 2))
    judge(student, "beyond the image, moved", x, rois, offset, look)
    away = [[7, 1, 3, 3], [0, -6, 2, 5]]
    back = np.array([-10.0, 0.0, 0.0, 10.0]).reshape(2, 2, 1, 1) + np.zeros(
        (2, 2, 2, 2)
    )
    judge(student, "outside the image, moved into it", x, away, back, look)
    offset[0, 0, 0, 0], offset[1, 1, 1, 1] = np.inf, -np.inf
    offset[3, 0, 1, 0] = 1e10
    judge(student, "offsets large and infinite", x, rois, offset, look)


@pytest.mark.task("deform_roi_pool")
def test_pooling_of_small_regions(student, rng):
    look = ": more bins than pixels share them."
    x = image(rng)
    judge(student, "regions smaller than their bins", x, [[1, 2, 1, 1], [3, 3, 2, 1]],
          rng.uniform(-1, 1, (2, 2, 3, 2)), look)  # fmt: skip
    judge(student, "no regions", x, np.zeros((0, 4), int), np.zeros((0, 2, 2, 3)))
    none, moves = np.zeros((0, 4), int), np.zeros((0, 2, 2, 2), np.float32)
    judge(student, "no regions, float32", x.astype(np.float32), none, moves)


@pytest.mark.task("deform_roi_pool")
def test_pooling_in_other_precision(student, rng):
    look = ": compute in accumulator(x.dtype), return x.dtype."
    rois, offset = [[1, 1, 5, 8]], rng.uniform(-1, 1, (1, 2, 2, 2))
    single = image(rng).astype(np.float32), offset.astype(np.float32)
    judge(student, "float32", single[0], rois, single[1], look, SINGLE)
    x = np.ones((1, 16, 90), np.float16)
    x[0, :, :2], x[0, :, 48:50] = 3000.0, -3000.0
    half = np.array([0.0, 3.41]).astype(np.float16).reshape(1, 2, 1, 1)
    x[0, :2] = x[0, -2:] = 0
    judge(student, "float16, large parts that cancel", x, [[0, 0, 16, 50]],
          np.zeros((1, 2, 1, 1), np.float16), look, 2 * HALF)  # fmt: skip
    x = (100.0 * (np.arange(90) % 2) + np.zeros((1, 2, 1))).astype(np.float16)
    judge(
        student, "float16, the last columns", x, [[0, 81, 1, 1]], half, look, 2 * HALF
    )
    judge(
        student,
        "float16, the last rows",
        x.swapaxes(1, 2),
        [[81, 0, 1, 1]],
        half[:, ::-1],
        look,
        2 * HALF,
    )
    far = np.zeros((1, 2, 1, 80), np.float16)
    far[:, 1] = -7.7 + 0.01 * np.arange(80)
    judge(
        student,
        "float16, bins that move far",
        x,
        [[0, 0, 1, 75]],
        far,
        look,
        HALF,
    )
    x = (
        np.where(np.arange(40) % 2, 3000.0, -2999.0)
        .reshape(1, 1, 40)
        .astype(np.float16)
    )
    half[:, 1] = 0.135
    judge(student, "float16, samples that cancel", x, [[0, 0, 1, 33]], half, look, HALF)
    x = np.array([[[3000.0, -3000.0]]], np.float16)
    half[:, 1] = 0.4995
    judge(
        student,
        "float16, corners that cancel",
        x,
        [[0, 0, 1, 1]],
        half,
        look,
        HALF,
        gamma=1.0,
    )


@pytest.mark.task("deform_roi_pool")
def test_pooling_leaves_its_arguments_alone(student, rng):
    x, rois = image(rng), np.array([[1, 1, 5, 8], [0, 2, 4, 4]])
    given = x, rois, rng.uniform(-1, 1, (2, 2, 2, 3))
    for form, kind in ((np.copy, "arrays in C order"), (view, "strided views")):
        kept = [student.keep(form(a)) for a in given]
        got, where = student.deform_roi_pool(*kept), f"{NAME} of {kind}"
        for handle, before in zip(kept, given, strict=True):
            check.unchanged(student.fetch(handle), before, where=where)
        check.close(got, pooled(*given, 0.1), atol=1e-10, where=where, look=f"{STEP}.")
