"""Hidden tests of `deform_conv2d_backward`: torchvision, and the slopes of tents."""

import numpy as np
import pytest
from hidden import convolutions as ask
from hidden.golden import ASKED, answers, configuration, probes
from hidden.truth import HALF, SINGLE, TIGHT, convolution

from autograder.student.testing import check

NAME = "deform_conv2d_backward"
LOOK = "Chapter, step 5"
GRADS = ("dx", "doffset", "dweight", "dbias")
SUM = ": a pixel that several samples read gets the sum of their parts."
RIGHT = "; step 2: at a whole number, the slope to the right."


def four(got, where):
    """Check that an answer is four arrays."""
    good = isinstance(got, tuple | list) and len(got) == 4
    evidence = "the result is not a tuple: dx, doffset, dweight, dbias"
    check.true(good, where=where, evidence=evidence, look=f"{LOOK}.")


def judge(student, rng, cases, look=".", near=TIGHT, only=GRADS, dy=None):
    """Ask for every (kind, arrays, options), then judge the gradients one by one."""
    made = []
    for kind, (x, offset, weight, *_), options in cases:
        shape = (len(x), len(weight), *offset.shape[2:])
        given = rng.normal(0.3, 1.0, shape).astype(x.dtype) if dy is None else dy
        made.append((kind, given, (x, offset, weight), options))
    with student.together() as batch:
        asked = [
            batch.deform_conv2d_backward(dy, *arrays, **options)
            for _, dy, arrays, options in made
        ]
    for handle, (kind, dy, arrays, options) in zip(asked, made, strict=True):
        got, where = batch.result(handle), f"{NAME}, {kind}"
        four(got, where)
        want = convolution(*arrays, dy=dy, **options)[2]
        for name, mine, right in zip(GRADS, got, want, strict=True):
            size = max(1.0, float(abs(right).max(initial=0.0)))
            if name in only:
                axes = ask.AXES if right.ndim == 4 else ("channel",)
                check.close(
                    mine, right, atol=near * size, where=f"{where}: {name}",
                    look=LOOK + look, axis_names=axes, dtype=arrays[0].dtype,
                )  # fmt: skip


@pytest.mark.task("deform_conv2d_backward", weight=2, core=True)
def test_gradients_are_torchvisions(student):
    _, products = answers()
    made = [configuration(k) for k in ASKED]
    with student.together() as batch:
        asked = [
            batch.deform_conv2d_backward(a[4], *a[:3], **options) for a, options in made
        ]
    for k, handle in enumerate(asked):
        got, (given, options) = batch.result(handle), made[k]
        kind = ", ".join(f"{key} {value}" for key, value in options.items())
        where = f"{NAME}, {kind}"
        four(got, where)
        pairs = zip(got, probes(k), strict=True)
        for name, (mine, probe), right in zip(GRADS, pairs, products[k], strict=True):
            check.shape(mine, probe.shape, where=f"{where}: {name}", look=f"{LOOK}.")
            check.close(
                float((mine * probe).sum()), float(right), atol=1e-10,
                where=f"{where}: the product of {name} with a fixed array",
                look=f"{LOOK}.",
            )  # fmt: skip


@pytest.mark.task("deform_conv2d_backward", core=True)
def test_gradients_by_weight_and_bias(student, rng):
    given = ask.arrays(rng, 3, 4, (5, 6), 6, (3, 2), groups=2)
    cases = [("3 images, 2 groups", given, {})]
    judge(student, rng, cases, ": the columns once more.", only=GRADS[2:])


@pytest.mark.task("deform_conv2d_backward", weight=2, core=True)
def test_gradient_by_the_image(student, rng):
    cases = [
        ("ordinary offsets", ask.arrays(rng, 2, 3, (5, 6), 2, (3, 3)), {}),
        ("2 offset groups", ask.arrays(rng, 1, 4, (4, 5), 2, (2, 2), offset_groups=2),
         {}),
    ]  # fmt: skip
    options = {"padding": 1, "stride": (1, 2)}
    given = ask.arrays(rng, 1, 2, (5, 6), 2, (3, 3), **options)
    cases.append(("padded, stride (1, 2)", given, options))
    x, offset, weight, _ = ask.arrays(rng, 2, 2, (6, 6), 3, (2, 2), size=0.0)
    rows, cols = np.mgrid[0:5, 0:5]
    for t in range(4):  # all taps of all outputs meet near one pixel
        offset[:, 2 * t] = 2.3 - rows - t // 2 + 0.05 * t
        offset[:, 2 * t + 1] = 3.6 - cols - t % 2
    cases.append(("all samples near one pixel", (x, offset, weight), {}))
    judge(student, rng, cases, SUM, only=("dx",))


@pytest.mark.task("deform_conv2d_backward", weight=2, core=True)
def test_gradient_by_the_offsets(student, rng):
    options = {"padding": (1, 2), "stride": (2, 1), "dilation": (1, 2)}
    cases = [
        ("5 channels share offsets", ask.arrays(rng, 2, 5, (5, 6), 3, (2, 3)), {}),
        ("2 offset groups, 2 groups of weights",
         ask.arrays(rng, 1, 4, (4, 5), 4, (2, 2), groups=2, offset_groups=2), {}),
        ("beyond the border", ask.arrays(rng, 1, 2, (5, 6), 3, (3, 3), size=2.5,
                                         **options), options),
    ]  # fmt: skip
    look = ": the slope of each sample, summed over the channels that share it."
    judge(student, rng, cases, look, only=("doffset",))


@pytest.mark.task("deform_conv2d_backward", core=True)
def test_gradient_at_whole_offsets(student, rng):
    cases = [("zero offsets", ask.arrays(rng, 1, 2, (5, 6), 3, (3, 2), size=0.0), {})]
    given = ask.arrays(rng, 1, 2, (5, 6), 3, (2, 2))
    given[1][...] = rng.integers(0, 3, given[1].shape)
    given[1][:, 3] += 0.5
    cases.append(("most offsets whole", given, {}))
    judge(student, rng, cases, RIGHT)


# --- the rim, far offsets, small shapes, precision, views, errors -------------------


@pytest.mark.task("deform_conv2d_backward")
def test_gradient_of_far_offsets(student, rng):
    given = ask.arrays(rng, 1, 2, (4, 5), 2, (2, 2))
    offset = given[1]
    far = np.resize([np.inf, -np.inf, 1e10, -1e10, 1e300, 0.4], offset[:, 2].shape)
    offset[:, 2] = far
    offset[:, 5] = far.swapaxes(1, 2).reshape(offset[:, 5].shape)
    look = ": beyond the image nothing is read and nothing is learned."
    judge(student, rng, [("large and infinite offsets", given, {})], look)


@pytest.mark.task("deform_conv2d_backward")
def test_gradient_on_the_rim(student, rng):
    given = ask.arrays(rng, 1, 2, (4, 5), 2, (3, 3), size=0.0, padding=1)
    judge(student, rng, [("zero offsets, padded", given, {"padding": 1})], RIGHT)
    given = ask.arrays(rng, 1, 2, (4, 5), 2, (2, 2), padding=3)
    given[1][...] = rng.integers(-2, 3, given[1].shape)
    judge(student, rng, [("whole offsets, padding 3", given, {"padding": 3})], RIGHT)


@pytest.mark.task("deform_conv2d_backward")
def test_gradients_of_small_shapes(student, rng):
    cases = [
        ("a 1 x 1 kernel", ask.arrays(rng, 2, 3, (4, 5), 2, (1, 1)), {}),
        ("one output pixel", ask.arrays(rng, 1, 2, (3, 3), 2, (3, 3)), {}),
        ("one row", ask.arrays(rng, 1, 1, (1, 6), 1, (1, 3)), {}),
        ("an empty batch", ask.arrays(rng, 0, 2, (4, 4), 3, (2, 2)), {}),
    ]
    for stride in ((2, 3), (3, 5)):  # of the same shapes
        given = ask.arrays(rng, 1, 1, (6, 8), 2, (3, 3), stride=stride)
        cases.append((f"stride {stride}", given, {"stride": stride}))
    judge(student, rng, cases)


@pytest.mark.task("deform_conv2d_backward")
def test_gradients_in_single_precision(student, rng):
    given = ask.arrays(rng, 2, 4, (7, 8), 3, (3, 3), dtype=np.float32)
    look = ": compute in accumulator(x.dtype), return x.dtype."
    none = ask.arrays(rng, 0, 2, (4, 4), 3, (2, 2), dtype=np.float32)
    cases = [("float32", given, {}), ("float32, an empty batch", none, {})]
    judge(student, rng, cases, look, SINGLE)


@pytest.mark.task("deform_conv2d_backward")
def test_gradients_in_half_precision(student, rng):
    look = ": compute in accumulator(x.dtype), return x.dtype."
    x, offset, weight, _ = ask.arrays(
        rng, 1, 40, (1, 60), 1, (1, 1), size=0.0, dtype=np.float16
    )
    offset[:, 1], weight[...] = 0.41, 1.0
    x[:, 0, :, ::2], x[:, 39, :, ::2] = 3000.0, -3000.0
    dy = rng.normal(0.3, 0.1, (1, 1, 1, 60)).astype(np.float16)
    dy[..., 0], dy[..., 59] = 4096.0, -4096.0
    cases = [("float16, large parts that cancel", (x, offset, weight), {})]
    judge(student, rng, cases, look, 2 * HALF, only=("dbias",), dy=dy)
    dy = rng.normal(0.3, 0.1, (1, 1, 1, 60)).astype(np.float16)
    judge(student, rng, cases, look, 2 * HALF, dy=dy)
    offset[:, 1] = 30.0 - np.arange(60)  # all samples read one pixel
    dy[..., 0], dy[..., 59] = 4096.0, -4096.0
    cases = [("float16, all samples read one pixel", (x, offset, weight), {})]
    judge(student, rng, cases, look, 2 * HALF, only=("dx",), dy=dy)
    cases = [("float16, samples that cancel", ask.close_samples(rng), {})]
    dy = np.ones((1, 1, 2, 30), np.float16)
    dy[..., 1::2], dy[..., -2:] = -1.0, 0.0
    judge(student, rng, cases, look, 2 * HALF, only=("dweight",), dy=dy)
    x, weight = np.ones((3, 2, 1, 2), np.float16), np.ones((2, 2, 1, 1), np.float16)
    dy = np.zeros((3, 2, 1, 2), np.float16)
    dy[0], dy[1], dy[2] = 4096.0, 0.5, -4096.0
    cases = [("float16, images that cancel", (x, np.zeros_like(x), weight), {})]
    judge(student, rng, cases, look, 2 * HALF, only=("dweight", "dbias"), dy=dy)
    x, offset = np.arange(1, 4.0).reshape(1, 1, 1, 3), np.zeros((1, 2, 1, 3))
    offset[:, 1] = 1.0, 0.0, -1.0  # all three read the middle pixel
    dy = np.array([[2048.0, 2048.0, -4096.0], [1.0, 1.0, 0.0]]).reshape(1, 2, 1, 3)
    given = x, offset, np.ones((2, 1, 1, 1))
    cases = [
        ("float16, outputs that cancel", tuple(a.astype(np.float16) for a in given), {})
    ]
    judge(student, rng, cases, look, 2 * HALF, only=("dx",), dy=dy.astype(np.float16))
    x, offset = np.full((1, 1, 1, 3), 1001.0), np.zeros((1, 2, 1, 3))
    x[..., 2], offset[:, 0] = 1000.0, 0.37
    given = [a.astype(np.float16) for a in (x, offset, np.ones((1, 1, 1, 1)))]
    dy = np.full((1, 1, 1, 3), 0.3, np.float16)
    got = student.deform_conv2d_backward(dy, *given)[1][:, 1, 0, :2]
    want = convolution(*given, dy=dy)[2][1][:, 1, 0, :2]
    check.close(
        got,
        want,
        atol=2 * HALF,
        where=f"{NAME}, float16, slopes that cancel: doffset",
        look=LOOK + look,
    )
    x, offset, weight = ask.columns_that_half_rounds(rng)
    given = x.swapaxes(2, 3), offset.swapaxes(2, 3)[:, ::-1], weight
    dy = (np.arange(150) % 2 + np.zeros((1, 1, 2, 1))).swapaxes(2, 3).astype(np.float16)
    judge(
        student,
        rng,
        [("float16, 150 rows", given, {})],
        look,
        2 * HALF,
        only=("dx",),
        dy=dy,
    )


@pytest.mark.task("deform_conv2d_backward")
def test_gradients_of_strided_views(student, rng):
    x, offset, weight, _ = ask.arrays(rng, 2, 4, (5, 6), 3, (2, 2))
    given = rng.normal(size=(2, 3, 4, 5)), x, offset, weight
    want = convolution(x, offset, weight, dy=given[0])[2]
    for form, kind in ((np.copy, "arrays in C order"), (ask.view, "strided views")):
        kept = [student.keep(form(a)) for a in given]
        got, where = student.deform_conv2d_backward(*kept), f"{NAME} of {kind}"
        four(got, where)
        for handle, before in zip(kept, given, strict=True):
            check.unchanged(student.fetch(handle), before, where=where)
        for name, mine, right in zip(GRADS, got, want, strict=True):
            at = f"{where}: {name}"
            check.close(mine, right, atol=1e-10, where=at, look=f"{LOOK}.")


@pytest.mark.task("deform_conv2d_backward")
def test_gradients_refuse_offsets_that_do_not_fit(student):
    ask.run_unfit(student, NAME, before=1)
