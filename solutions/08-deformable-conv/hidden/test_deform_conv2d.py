"""Hidden tests of `deform_conv2d`; `convolutions.py` says what each asks."""

import numpy as np
import pytest
from hidden import convolutions as ask
from hidden.golden import ASKED
from hidden.truth import HALF, SINGLE, TIGHT, convolution

from autograder.student.testing import check

NAME = "deform_conv2d"


@pytest.mark.task("deform_conv2d", weight=2, core=True)
def test_conv_answers_as_torchvision_does(student):
    ask.run_golden(student, NAME, ASKED)


@pytest.mark.task("deform_conv2d", core=True)
def test_conv_of_zero_offsets(student, rng):
    ask.run_plain(student, rng, NAME)


@pytest.mark.task("deform_conv2d", core=True)
def test_conv_with_groups(student, rng):
    ask.run_groups(student, rng, NAME)


@pytest.mark.task("deform_conv2d", core=True)
def test_conv_with_one_tap_moved(student, rng):
    ask.run_places(student, rng, NAME)


@pytest.mark.task("deform_conv2d", core=True)
def test_conv_at_the_border(student, rng):
    ask.run_border(student, rng, NAME)


@pytest.mark.task("deform_conv2d")
def test_conv_of_far_offsets(student, rng):
    ask.run_far(student, rng, NAME)


@pytest.mark.task("deform_conv2d")
def test_conv_of_small_shapes(student, rng):
    ask.run_shapes(student, rng, NAME)


@pytest.mark.task("deform_conv2d")
def test_conv_in_single_precision(student, rng):
    ask.run_single(student, rng, NAME)


@pytest.mark.task("deform_conv2d")
def test_conv_in_half_precision(student, rng):
    ask.run_half(student, rng, NAME)


@pytest.mark.task("deform_conv2d")
def test_conv_of_strided_views(student, rng):
    ask.run_views(student, rng, NAME)


@pytest.mark.task("deform_conv2d")
def test_conv_refuses_offsets_that_do_not_fit(student):
    ask.run_unfit(student, NAME)


# --- the columns ---------------------------------------------------------------------

ROWS = "Chapter, step 4: row c * kh * kw + t, column ho * Wo + wo."


def judge_columns(student, cases, look=ROWS, near=TIGHT):
    for kind, (x, offset), kernel, options in cases:
        weight = np.ones((1, x.shape[1], *kernel))
        want = convolution(x, offset, weight, **options)[0]
        got = student.deform_im2col(x, offset, kernel, **options)
        check.close(
            got, want, atol=near * 10, where=f"deform_im2col, {kind}", look=look,
            axis_names=("image", "row", "column"), dtype=x.dtype,
        )  # fmt: skip


def columns_case(rng, kind, batch, channels, sides, kernel, offset_groups=1, **options):
    size = {"offset_groups": offset_groups, "bias": False, **options}
    given = ask.arrays(rng, batch, channels, sides, 1, kernel, **size)[:2]
    options.pop("dtype", None)
    return kind, given, kernel, options


@pytest.mark.task("deform_conv2d", weight=2, core=True)
def test_columns_hold_all_samples(student, rng):
    cases = [
        columns_case(rng, "2 images, 3 channels", 2, 3, (5, 6), (2, 3)),
        columns_case(rng, "2 offset groups", 1, 4, (4, 5), (3, 2), 2),
        columns_case(
            rng, "all options", 1, 2, (7, 9), (3, 2),
            stride=(2, 3), padding=(2, 1), dilation=(1, 2),
        ),
    ]  # fmt: skip
    cases.append(
        columns_case(
            rng,
            "ints for all options",
            1,
            2,
            (7, 9),
            (2, 2),
            stride=2,
            padding=1,
            dilation=2,
        )
    )
    judge_columns(student, cases)
    kept = [student.keep(ask.view(a)) for a in cases[0][1]]
    student.deform_im2col(*kept, cases[0][2])
    for handle, before in zip(kept, cases[0][1], strict=True):
        check.unchanged(
            student.fetch(handle), before, where="deform_im2col of strided views"
        )


@pytest.mark.task("deform_conv2d")
def test_columns_of_other_dtypes_and_of_an_empty_batch(student, rng):
    case = columns_case(rng, "float32", 2, 2, (5, 4), (2, 2), dtype=np.float32)
    judge_columns(student, [case], near=SINGLE)
    case = columns_case(rng, "float16", 1, 2, (3, 4), (2, 2), dtype=np.float16)
    given = ask.columns_that_half_rounds(rng)[:2]
    wide = "float16, 150 columns", given, (1, 1), {}
    x, offset = np.array([[[[3000.0, -3000.0]]]]), np.zeros((1, 2, 1, 1))
    offset[:, 1] = 0.4995
    parts = (
        "float16, parts that cancel",
        (x.astype(np.float16), offset.astype(np.float16)),
        (1, 1),
        {"stride": 2},
    )
    judge_columns(student, [case, wide], near=HALF)
    judge_columns(student, [parts], near=HALF)
    judge_columns(student, [columns_case(rng, "no images", 0, 2, (5, 4), (2, 2))])
    x, offset = np.ones((1, 6, 5, 6)), np.zeros((1, 8, 5, 6))
    check.raises(
        ValueError, student.deform_im2col, x, offset, (2, 2),
        where="deform_im2col, offsets of the image's size",
        look="The contract: ValueError where the offsets do not fit.",
    )  # fmt: skip
    for kind, shape in ask.UNFIT:
        images = ask.images_of(kind)
        check.raises(
            ValueError,
            student.deform_im2col,
            np.ones((images, 6, 5, 6)),
            np.zeros(shape),
            (2, 2),
            where=f"deform_im2col, {kind}",
        )


def summed(lesson, x, offset):
    """Return the sum over the rows of the columns."""
    return lesson.deform_im2col(x, offset, (3, 3))[0].sum(axis=0)


@pytest.mark.task("deform_conv2d")
def test_conv_of_two_million_samples(student, reference, rng):
    x = rng.normal(size=(1, 32, 84, 86)).astype(np.float32)
    offset = rng.uniform(-2, 2, (1, 18, 82, 84)).astype(np.float32)
    weight = rng.normal(size=(1, 32, 3, 3)).astype(np.float32)
    got = student.deform_conv2d(x, offset, weight)
    want = reference.deform_conv2d(*(a.astype(np.float64) for a in (x, offset, weight)))
    look = "Chapter, step 4: no loop over pixels."
    where = "deform_conv2d, two million samples"
    check.close(got, want, atol=1e-2, where=where, look=look, axis_names=ask.AXES)
    total = student.run(summed, x=x, offset=offset)
    check.shape(total, (6888,), where="deform_im2col, two million samples", look=look)
