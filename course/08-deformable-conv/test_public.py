"""Public tests of lesson 08: small inputs that make a mistake show.

What is right is computed here as the chapter writes it down: every pixel q of an image
counts with the weight tent(y - q_y) * tent(x - q_x), so that nothing is floored and no
border is treated. Gradients are differences. The hidden tests ask the same of others.
"""

import numpy as np
import pytest

from autograder.student.testing import check

INF, NAN = np.inf, np.nan


# --- what is right ------------------------------------------------------------------


def tents(at, size):
    """Return the weights of pixels 0 to size - 1 for each coordinate."""
    near = np.clip(np.asarray(at, np.float64), -5, size + 5)
    return np.maximum(0, 1 - abs(near[..., None] - np.arange(size)))


def value(im, y, x):
    """Return what an image holds at (y, x)."""
    return float(tents(y, im.shape[0]) @ im.astype(float) @ tents(x, im.shape[1]))


def twice(option):
    """Return a pair."""
    return (option, option) if isinstance(option, int) else option


def all_samples(x, offset, kernel, stride=1, padding=0, dilation=1):
    """Return the samples (B, C, K, Ho, Wo), one tap of one channel after another."""
    (batch, channels, height, width), (kh, kw) = x.shape, kernel
    (sh, sw), (ph, pw), (dh, dw) = map(twice, (stride, padding, dilation))
    ho, wo = offset.shape[2:]
    rows, cols = np.arange(ho)[:, None] * sh - ph, np.arange(wo) * sw - pw
    groups = offset.shape[1] // (2 * kh * kw)
    moves = offset.astype(float).reshape(batch, groups, kh * kw, 2, ho, wo)
    down, right = np.divmod(np.arange(kh * kw)[:, None, None], kw)
    y, x_at = (
        moves[:, :, :, 0] + rows + down * dh,
        moves[:, :, :, 1] + cols + right * dw,
    )
    seen = x.astype(float).reshape(batch, groups, channels // groups, height, width)
    # o offset group, c its channel, k tap, p and q pixel of the image
    weights = tents(y, height), tents(x_at, width)
    found = np.einsum("bokhwp,bokhwq,bocpq->bockhw", *weights, seen)
    return found.reshape(batch, channels, kh * kw, ho, wo)


def convolved(x, offset, weight, bias=None, **options):
    """Return the deformable convolution."""
    samples = all_samples(x, offset, weight.shape[2:], **options)
    outputs, per = weight.shape[:2]
    groups = x.shape[1] // per
    seen = samples.reshape(len(x), groups, per, *samples.shape[2:])
    flat = weight.astype(float).reshape(
        groups, outputs // groups, per, samples.shape[2]
    )
    y = np.einsum("gock,bgckhw->bgohw", flat, seen)
    y = y.reshape(len(x), outputs, *samples.shape[3:])
    return y if bias is None else y + bias.astype(float)[:, None, None]


def slopes(loss, array, h=2.0**-20, central=False):
    """Return the derivatives of loss() by each element, to the right or central."""
    found, before = np.zeros(array.shape), loss()
    for place in np.ndindex(*array.shape):
        kept = array[place]
        array[place] = kept + h
        found[place] = loss() - before
        if central:
            array[place] = kept - h
            found[place] = (found[place] + before - loss()) / 2
        array[place] = kept
    return found / h


def image_slopes(losses, arrays, which, h=2.0**-20, central=False):
    """Return the derivatives of sum(losses(*arrays)) by arrays[which].

    The first axis of all arrays counts images, and losses() gives one number for each:
    so all elements of an image are moved in one call, each in a copy of it.
    """
    found = np.zeros(arrays[which].shape)
    for image, one in enumerate(found):
        copies = [np.repeat(a[image : image + 1], one.size, axis=0) for a in arrays]
        steps, ends = h * np.eye(one.size).reshape(-1, *one.shape), []
        for side in (1, -1 if central else 0):
            moved = list(copies)
            moved[which] = copies[which] + side * steps
            ends.append(losses(*moved))
        one[...] = (ends[0] - ends[1]).reshape(one.shape) / (2 if central else 1)
    return found / h


def made(rng, batch, channels, sides, outputs, kernel, *, groups=1, offset_groups=1,
         size=1.4, dtype=np.float64, **options):  # fmt: skip
    """Return x, offset, weight and bias of fitting shapes."""
    steps = zip(
        sides, kernel, *(twice(options.get(key, default)) for key, default in
        (("stride", 1), ("padding", 0), ("dilation", 1))), strict=True,
    )  # fmt: skip
    out = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in steps]
    x = rng.normal(2.0, 1.0, (batch, channels, *sides))
    taps = 2 * offset_groups * kernel[0] * kernel[1]
    offset = rng.uniform(-size, size, (batch, taps, *out))
    weight = rng.normal(0.4, 1.0, (outputs, channels // groups, *kernel))
    bias = rng.normal(1.0, 2.0, outputs)
    return [a.astype(dtype) for a in (x, offset, weight, bias)]


AXES = ("image", "channel", "row", "column")


def near(got, want, where, look, atol=1e-9, dtype=np.float64, axis_names=AXES):
    """Compare with a tolerance relative to the largest number."""
    size = max(1.0, float(abs(np.asarray(want)).max(initial=0.0)))
    check.close(
        got, want, atol=atol * size, where=where, look=look, dtype=dtype,
        axis_names=axis_names,
    )  # fmt: skip


def alone(student, name, arrays, want, where, **options):
    """Call with arrays in C order and with strided ones, which must not change."""
    for form, kind in ((np.copy, "in C order"), (lambda a: a.T.copy().T, "strided")):
        kept = [student.keep(form(a)) for a in arrays]
        got = getattr(student, name)(*kept, **options)
        for handle, before in zip(kept, arrays, strict=True):
            at = f"{where}, {kind}: its argument"
            check.unchanged(student.fetch(handle), before, where=at)
        pairs = [(got, want)]
        if isinstance(want, tuple):
            pairs = list(zip(got, want, strict=True))
        for mine, right in pairs:
            near(mine, right, f"{where}, {kind}", "The contract.", 1e-6)


# --- 1: bilinear --------------------------------------------------------------------

STEP_1 = "Chapter, step 1."
NINE = np.arange(1.0, 10.0).reshape(3, 3)
WIDE = np.array([[3.0, -1.0, 4.0, 1.0], [5.0, 9.0, -2.0, 6.0]])


def values(student, im, places, what, look=STEP_1):
    for y, x in places:
        got, where = student.bilinear(im, y, x), f"bilinear of {what} at ({y}, {x})"
        evidence = f"returned {check.show(got)}, not a float"
        check.true(isinstance(got, float | int), where=where, evidence=evidence)
        atol = 1e-11 * (1 + float(abs(im).max()))
        check.close(got, value(im, y, x), atol=atol, where=where, look=look)


@pytest.mark.task("bilinear")
def test_bilinear_inside(student):
    values(student, NINE, [(0.5, 0), (0.25, 1.5), (1.75, 0.5)], "1 to 9 in a square")
    values(student, WIDE, [(0.25, 2.5), (0.75, 0.1), (0.5, 1.0)], "a 2 x 4 image")


@pytest.mark.task("bilinear")
def test_bilinear_at_the_border(student):
    look = "Chapter, step 1: the image stands in a plane of zeros."
    places = [(-0.5, 0), (2.5, 0), (2.5, 2.5), (-0.5, -0.5), (1, -0.25), (0.5, 2.75)]
    values(student, NINE, places, "1 to 9 in a square", look)
    places = [(-0.5, 2.5), (1.25, 0.75), (0.5, 3.5), (0.25, -0.75), (1.5, 3.25)]
    values(student, WIDE, places, "a 2 x 4 image", look)


@pytest.mark.task("bilinear")
def test_bilinear_on_whole_numbers_and_far_away(student):
    whole = [(0, 0), (1, 2), (2, 2), (2, 0.5), (1.5, 2), (0, 0.25)]
    rim = [(-1, 0), (3, 0), (0, -1), (1, 3), (-1.5, 1), (0.5, 7)]
    far = [(1e12, 1), (1, -1e12), (INF, 0), (1, -INF)]
    values(student, NINE, whole + rim + far, "1 to 9 in a square")
    values(student, NINE[:1, :1], [(0, 0), (0.5, -0.5), (-0.25, 0)], "one pixel")
    for place in ((NAN, 0), (0, NAN), (9, NAN), (NAN, INF)):
        got, where = student.bilinear(NINE, *place), f"bilinear at {place}"
        check.close(got, NAN, where=where, look="The contract: NaN gives NaN.")


@pytest.mark.task("bilinear")
def test_bilinear_of_other_dtypes(student):
    look = "The contract: computed in float64."
    for dtype, high in (("uint8", 250), ("float16", 60000), ("float32", 16777215)):
        im = (np.array([[1, 0, 0.3], [0.2, 1, 0.7]]) * high).astype(dtype)
        values(student, im, [(0.3, 0.7), (0.9, 1.6), (-0.1, 0.1)], dtype, look)


# --- 2: bilinear_slopes -------------------------------------------------------------

STEP_2 = "Chapter, step 2: at a whole number, the slope to the right."


def both_slopes(student, im, places, what):
    h = 2.0**-20
    for y, x in places:
        got, where = (
            student.bilinear_slopes(im, y, x),
            f"slopes of {what} at ({y}, {x})",
        )
        good = isinstance(got, tuple) and len(got) == 2
        evidence = f"returned {check.show(got)}, not a tuple of two floats"
        check.true(good, where=where, evidence=evidence)
        now, far = value(im, y, x), not np.isfinite(y + x)
        by_y = 0.0 if far else (value(im, y + h, x) - now) / h
        by_x = 0.0 if far else (value(im, y, x + h) - now) / h
        atol = 1e-8 * (1 + float(abs(im).max()))
        check.close(np.array(got), np.array([by_y, by_x]), atol=atol, where=where,
                    look=STEP_2, axis_names=("by y, by x",))  # fmt: skip


@pytest.mark.task("bilinear_slopes")
def test_slopes_inside(student):
    places = [(0.5, 0.5), (0.25, 2.5), (0.75, 1.125), (0.5, 0.875)]
    both_slopes(student, WIDE, places, "a 2 x 4 image")


@pytest.mark.task("bilinear_slopes")
def test_slopes_on_whole_numbers(student):
    places = [(0, 0), (1, 1), (2, 0), (0, 0.5), (1.5, 1), (0.5, 2), (1, 0.25)]
    both_slopes(student, NINE, places, "1 to 9 in a square")


@pytest.mark.task("bilinear_slopes")
def test_slopes_at_the_border(student):
    places = [(-0.5, 0.5), (2.5, 1.25), (0.5, -0.25), (1.25, 2.5), (-0.5, 2.75)]
    both_slopes(student, NINE, places, "1 to 9 in a square")
    places = [(-1, 0), (-1, 0.5), (0.5, -1), (3, 0), (0, 3), (-1, -1), (-2, 1)]
    both_slopes(student, NINE, places, "1 to 9 in a square")
    both_slopes(student, NINE, [(INF, 0), (0, -INF)], "1 to 9 in a square")
    both_slopes(student, NINE, [(1e9, 1), (1, -1e9)], "1 to 9 in a square")
    im = np.array([[200, 10], [30, 250]], np.uint8)
    both_slopes(student, im, [(0.5, 0.25), (0.25, 0.5)], "uint8 pixels")


# --- 3 and 4: both forward passes ---------------------------------------------------

STEP = {"deform_conv2d_loops": "Chapter, step 3", "deform_conv2d": "Chapter, step 4"}


def forward(student, name, arrays, what, look=".", atol=1e-9, **options):
    got = getattr(student, name)(*arrays, **options)
    want, look = convolved(*arrays, **options), STEP[name] + look
    near(got, want, f"{name}, {what}", look, atol, arrays[0].dtype)


def check_base(student, rng, name):
    arrays = made(rng, 2, 2, (4, 5), 3, (2, 3), size=0.0)
    forward(student, name, arrays, "zero offsets", ": an ordinary convolution.")
    moves = {"stride": (2, 1), "padding": (1, 2), "dilation": (2, 1)}
    arrays = made(rng, 1, 1, (6, 4), 2, (2, 3), **moves)
    forward(student, name, arrays, "pairs for all options", ": base points.", **moves)
    forward(student, name, made(rng, 1, 2, (3, 4), 2, (2, 2)), "no options")
    arrays = made(rng, 1, 1, (7, 7), 1, (2, 2), stride=2, padding=1, dilation=3)
    forward(student, name, arrays[:3], "ints for all options, no bias", stride=2,
            padding=1, dilation=3)  # fmt: skip


def check_places(student, rng, name):
    look = ": channel 2t is dy, 2t + 1 is dx, of tap t = i * kw + j."
    for at in (1, 4, 9):
        x, offset, weight, _ = made(rng, 2, 1, (4, 5), 1, (2, 3), size=0.0)
        offset[:, at] = rng.uniform(0.1, 0.9, offset[:, at].shape)
        what = f"only offset channel {at} is not 0"
        forward(student, name, (x, offset, weight), what, look)


def check_groups(student, rng, name):
    look = ": channel c belongs to offset group c // (C / G)."
    arrays = made(rng, 1, 4, (3, 4), 4, (2, 2), groups=2)
    forward(student, name, arrays, "2 groups of weights", ": which channels?")
    arrays = made(rng, 1, 4, (3, 4), 2, (1, 2), offset_groups=2)
    forward(student, name, arrays, "2 offset groups", look)
    arrays = made(rng, 1, 6, (3, 3), 4, (2, 1), groups=2, offset_groups=3)
    forward(student, name, arrays, "2 groups of weights, 3 offset groups", look)


def check_border(student, rng, name):
    arrays = made(rng, 1, 1, (3, 3), 1, (2, 2), padding=1, size=0.8)
    arrays[0][...] = 1.0
    look = "; step 1, the border."
    forward(student, name, arrays, "a constant image", look, padding=1)
    x, offset, weight, bias = made(rng, 1, 2, (3, 4), 2, (2, 2))
    offset[0, :6] = np.resize([1.0, -2, INF, -INF, 1e12, 0, -1], offset[0, :6].shape)
    look = ": offsets may be whole, large, infinite."
    forward(student, name, (x, offset, weight, bias), "far offsets", look)


def check_rest(student, rng, name):
    for what, sizes in (
        ("an empty batch", (0, 2, (3, 3), 2, (2, 2))),
        ("a 1 x 1 kernel", (1, 3, (3, 4), 2, (1, 1))),
    ):
        forward(student, name, made(rng, *sizes), what)
    arrays = made(rng, 1, 2, (4, 3), 2, (2, 2))
    alone(student, name, arrays, convolved(*arrays), f"{name} of arrays")
    look = ": compute in accumulator(x.dtype), return x.dtype."
    single = made(rng, 1, 2, (4, 4), 2, (2, 2), dtype=np.float32)
    forward(student, name, single, "float32", look, 1e-5)
    x = np.ones((1, 30, 1, 140), np.float16)
    x[0, 0], x[0, 29], x[0, 1, 0, 1::2] = 2048, -2048, 90
    offset = np.zeros((1, 2, 1, 16), np.float16)
    offset[:, 1] = 0.34
    half = x, offset, np.ones((1, 30, 1, 1), np.float16)
    what = "float16, 2048 and -2048 among 30 channels, every ninth of 140 columns"
    forward(student, name, half, what, look, 2.0**-9, stride=(1, 9))
    for shape in (
        (1, 8, 4, 4),
        (1, 9, 3, 3),
        (1, 24, 3, 3),
        (2, 8, 3, 3),
        (1, 0, 3, 3),
    ):
        where = f"{name}, x (1, 2, 4, 4), kernel 2 x 2, offset {shape}"
        given = np.ones((1, 2, 4, 4)), np.zeros(shape), np.ones((1, 2, 2, 2))
        look = "The contract: geometry raises ValueError."
        check.raises(ValueError, getattr(student, name), *given, where=where, look=look)


@pytest.mark.task("deform_conv2d_loops")
def test_loops_base_points(student, rng):
    check_base(student, rng, "deform_conv2d_loops")


@pytest.mark.task("deform_conv2d_loops")
def test_loops_offset_channels(student, rng):
    check_places(student, rng, "deform_conv2d_loops")


@pytest.mark.task("deform_conv2d_loops")
def test_loops_groups(student, rng):
    check_groups(student, rng, "deform_conv2d_loops")


@pytest.mark.task("deform_conv2d_loops")
def test_loops_border(student, rng):
    check_border(student, rng, "deform_conv2d_loops")


@pytest.mark.task("deform_conv2d_loops")
def test_loops_other_inputs(student, rng):
    check_rest(student, rng, "deform_conv2d_loops")


@pytest.mark.task("deform_conv2d")
def test_im2col(student, rng):
    look = "Chapter, step 4: row c * kh * kw + t, column ho * Wo + wo."
    for what, batch, channels, sides, kernel, more in (
        ("2 channels", 2, 2, (4, 5), (2, 3), {}),
        ("2 offset groups", 1, 4, (3, 4), (2, 1), {"offset_groups": 2}),
        ("float32", 1, 2, (3, 4), (2, 2), {"dtype": np.float32}),
        ("float16", 1, 2, (3, 3), (2, 2), {"dtype": np.float16}),
        ("no images", 0, 2, (3, 4), (2, 2), {}),
    ):
        x, offset, _, _ = made(rng, batch, channels, sides, 1, kernel, **more)
        samples, where = all_samples(x, offset, kernel), f"deform_im2col, {what}"
        shape = (
            batch,
            samples.shape[1] * samples.shape[2],
            int(np.prod(offset.shape[2:])),
        )
        atol = {2: 1e-2, 4: 1e-5, 8: 1e-9}[x.itemsize]
        axes = ("image", "row", "column")
        near(student.deform_im2col(x, offset, kernel), samples.reshape(shape), where,
             look, atol, x.dtype, axes)  # fmt: skip


@pytest.mark.task("deform_conv2d")
def test_conv_base_points(student, rng):
    check_base(student, rng, "deform_conv2d")


@pytest.mark.task("deform_conv2d")
def test_conv_offset_channels(student, rng):
    check_places(student, rng, "deform_conv2d")


@pytest.mark.task("deform_conv2d")
def test_conv_groups(student, rng):
    check_groups(student, rng, "deform_conv2d")


@pytest.mark.task("deform_conv2d")
def test_conv_border(student, rng):
    check_border(student, rng, "deform_conv2d")


@pytest.mark.task("deform_conv2d")
def test_conv_other_inputs(student, rng):
    check_rest(student, rng, "deform_conv2d")


# --- 5: deform_conv2d_backward ------------------------------------------------------

STEP_5 = "Chapter, step 5"
GRADS = ("dx", "doffset", "dweight", "dbias")


def gradients(dy, x, offset, weight, central, **options):
    """Return the four gradients by differences, those by offsets to the right."""

    def losses(x, offset, dy):
        return (convolved(x, offset, weight, **options) * dy).sum(axis=(1, 2, 3))

    by_x, by_offset = (
        image_slopes(losses, (x, offset, dy), which, central=which == 1 and central)
        for which in (0, 1)
    )
    by_weight = slopes(lambda: float(losses(x, offset, dy).sum()), weight)
    return by_x, by_offset, by_weight, dy.sum(axis=(0, 2, 3))


def backward(student, rng, arrays, what, look=".", central=True, **options):
    x, offset, weight = arrays[:3]
    dy = rng.normal(0.5, 1.0, (len(x), len(weight), *offset.shape[2:]))
    got = student.deform_conv2d_backward(dy, x, offset, weight, **options)
    where = f"deform_conv2d_backward, {what}"
    good = isinstance(got, tuple | list) and len(got) == 4
    evidence = "the result is not a tuple: dx, doffset, dweight, dbias"
    check.true(good, where=where, evidence=evidence, look=STEP_5)
    want = gradients(dy, x, offset, weight, central, **options)
    for name, mine, right in zip(GRADS, got, want, strict=True):
        near(mine, right, f"{where}: {name}", STEP_5 + look, 1e-6)


@pytest.mark.task("deform_conv2d_backward", few_digits=False)  # kinks
def test_backward(student, rng):
    backward(student, rng, made(rng, 2, 2, (3, 3), 2, (2, 2)), "2 images, 2 channels")
    moves = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}
    arrays = made(rng, 1, 1, (4, 4), 1, (2, 2), **moves)
    backward(student, rng, arrays, "pairs for all options", **moves)


@pytest.mark.task("deform_conv2d_backward", few_digits=False)  # kinks
def test_backward_with_groups(student, rng):
    arrays = made(rng, 1, 4, (2, 3), 4, (1, 2), groups=2, offset_groups=2)
    look = ": sum over the channels that share an offset."
    backward(student, rng, arrays, "2 groups of weights, 2 offset groups", look)


@pytest.mark.task("deform_conv2d_backward")
def test_backward_on_whole_numbers(student, rng):
    look = "; step 2: at a whole number, the slope to the right."
    arrays = made(rng, 1, 1, (3, 3), 1, (2, 2), size=0.0)
    backward(student, rng, arrays, "zero offsets", look, central=False)
    arrays = made(rng, 1, 1, (2, 3), 1, (1, 2), size=0.0, padding=1)
    backward(student, rng, arrays, "zero offsets, padding 1", look, False, padding=1)


@pytest.mark.task("deform_conv2d_backward")
def test_backward_where_samples_meet(student, rng):
    x, offset, weight, _ = made(rng, 1, 1, (3, 3), 1, (1, 1))
    rows, cols = np.mgrid[0:3, 0:3]
    offset[0, 0], offset[0, 1] = 1.25 - rows, 0.5 - cols
    look = ": a pixel gets the sum of what its samples give."
    backward(student, rng, (x, offset, weight), "all samples at one place", look)


@pytest.mark.task("deform_conv2d_backward", few_digits=False)  # kinks
def test_backward_of_other_inputs(student, rng):
    x, offset, weight, _ = made(rng, 1, 2, (3, 3), 2, (2, 2))
    dy = rng.normal(0.5, 1.0, (1, 2, 2, 2))
    want = gradients(dy, x, offset, weight, True)
    name = "deform_conv2d_backward"
    alone(student, name, (dy, x, offset, weight), want, f"{name} of arrays")
    single = [a.astype(np.float32) for a in (dy, x, offset, weight)]
    look = ": compute in accumulator(x.dtype), return x.dtype."
    for part, mine, right in zip(
        GRADS, getattr(student, name)(*single), want, strict=True
    ):
        near(mine, right, f"{name}, float32: {part}", STEP_5 + look, 1e-3, np.float32)
    far = offset.copy()
    far[0, 0], far[0, 5] = [[INF, 1e12], [0.5, -INF]], [[0.5, INF], [-1e12, 0.25]]
    got = getattr(student, name)(dy, x, far, weight)
    lost = far.copy()
    lost[abs(lost) > 99] = 50.0
    want = gradients(dy, x, lost, weight, True)
    for part, mine, right in zip(GRADS, got, want, strict=True):
        near(mine, right, f"{name}, far offsets: {part}", STEP_5, 1e-6)
    for part, mine in zip(GRADS, getattr(student, name)(
        dy[:0], x[:0], offset[:0], weight), strict=True):  # fmt: skip
        shape = {
            "dx": x[:0],
            "doffset": offset[:0],
            "dweight": weight,
            "dbias": dy[0, :, 0, 0],
        }
        near(mine, 0 * shape[part], f"{name}, an empty batch: {part}", STEP_5)
    dy = np.ones((1, 1, 1, 50), np.float16)
    dy[..., 0], dy[..., 49] = 4096, -4096
    offset = np.zeros((1, 2, 1, 50), np.float16)
    offset[:, 1] = 20 - np.arange(50)
    half = (
        dy,
        np.ones((1, 1, 1, 50), np.float16),
        offset,
        np.ones((1, 1, 1, 1), np.float16),
    )
    dx, _, dweight, dbias = getattr(student, name)(*half)
    sums = [dx[0, 0, 0, 20], dweight[0, 0, 0, 0], dbias[0]]
    where = f"{name}, float16, a sum of 4096, 48 times 1, -4096: dx, dweight, dbias"
    near(np.array(sums), np.full(3, 48.0), where, STEP_5 + look, dtype=np.float16)
    where = f"{name}, offsets of the image's size"
    given = np.ones((1, 1, 3, 3)), np.ones((1, 1, 4, 4)), np.zeros((1, 8, 4, 4))
    check.raises(ValueError, getattr(student, name), *given, np.ones((1, 1, 2, 2)),
                 where=where, look="The contract: ValueError.")  # fmt: skip


# --- 6: DeformConv2d ----------------------------------------------------------------

STEP_6 = "Chapter, step 6."


def play(lesson, sizes, options, rounds):
    """Make a layer; for each (values, x, dy) set parameters, run forward, backward."""
    layer = lesson.DeformConv2d(*sizes, **options)
    first = {name: array.copy() for name, array in layer.parameters().items()}
    layer.parameters().pop("offset_bias")
    found = []
    for values, x, dy in rounds:
        for name, number in values.items():
            layer.parameters()[name][...] = number
        y = layer.forward(x)
        found.append([y, layer.backward(dy), dict(layer.grads())])
    return {"first": first, "rounds": found}


def layer_output(own, x, **options):
    """Return what a layer with these parameters answers."""
    kh, kw = own["weight"].shape[2:]
    (sh, sw), (ph, pw), (dh, dw) = (
        twice(options.get(key, default))
        for key, default in (("stride", 1), ("padding", 0), ("dilation", 1))
    )
    ho = (x.shape[2] + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    wo = (x.shape[3] + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    still = np.zeros((len(x), 2 * kh * kw, ho, wo))
    offset = convolved(x, still, own["offset_weight"], own["offset_bias"], **options)
    return convolved(x, offset, own["weight"], own.get("bias"), **options)


def layer(student, rng, what, sizes, sides, moves=None, **options):
    """Play a layer twice with parameters of our own; compare with differences."""
    found = student.run(play, sizes=sizes, options=options, rounds=[])
    rounds, moves = [], moves or {}
    for batch in (1, 2):
        own = {k: rng.normal(0.2, 0.5, a.shape) for k, a in found["first"].items()}
        x = rng.normal(0.5, 1.0, (batch, sizes[0], *sides))
        dy = rng.normal(0.3, 1.0, layer_output(own, x, **moves).shape)
        rounds.append((own, x, dy))
    found = student.run(play, sizes=sizes, options=options, rounds=rounds)
    for (own, x, dy), (y, dx, grads) in zip(rounds, found["rounds"], strict=True):
        where = f"DeformConv2d, {what}"
        near(y, layer_output(own, x, **moves), f"{where}: forward", STEP_6)

        def losses(x, dy, own=own):
            return (layer_output(own, x, **moves) * dy).sum(axis=(1, 2, 3))

        def loss(x=x, dy=dy, losses=losses):
            return float(losses(x, dy).sum())

        h = 2.0**-22
        right = image_slopes(losses, (x, dy), 0, h, True)
        near(dx, right, f"{where}: backward", STEP_6, 1e-5)
        evidence = f"the names are {', '.join(sorted(map(str, grads)))}"
        check.true(set(grads) == set(own), where=f"{where}: grads", evidence=evidence)
        for name, array in own.items():
            some = slopes(loss, array.reshape(-1)[:4], h, True)
            at, mine = f"{where}: gradient by {name}", grads[name]
            check.shape(mine, array.shape, where=at, look=STEP_6)
            near(mine.reshape(-1)[:4], some, at, STEP_6, 1e-5, axis_names=("element",))


@pytest.mark.task("DeformConv2d")
def test_new_layer(student, rng):
    look = "The contract: how parameters begin."
    sizes = 4, 6, (2, 3), 1, 0, 1, 2
    found = student.run(play, sizes=sizes, options={"seed": 5}, rounds=[])
    first, bound = found["first"], 1 / np.sqrt(12)
    shapes = {"weight": (6, 2, 2, 3), "bias": (6,), "offset_weight": (12, 4, 2, 3),
              "offset_bias": (12,)}  # fmt: skip
    where = "DeformConv2d(4, 6, (2, 3), groups=2)"
    for name, shape in shapes.items():
        check.true(name in first, where=where, evidence=f"{name} is missing", look=look)
        check.shape(first[name], shape, where=f"{where}: {name}", look=look)
        check.dtype(first[name], np.float64, where=f"{where}: {name}", look=look)
        if name.startswith("offset"):
            near(first[name], np.zeros(shape), f"{where}: {name}", look)
    for name in ("weight", "bias"):
        numbers = first[name]
        evidence = f"the largest is {abs(numbers).max():.3f}, r is {bound:.3f}"
        least = (0.8 if numbers.size > 9 else 0.2) * bound
        fine = least < abs(numbers).max() <= bound and numbers.min() < 0
        check.true(fine, where=f"{where}: {name}", evidence=evidence, look=look)
    again = student.run(play, sizes=sizes, options={"seed": 5}, rounds=[])
    zero = student.run(play, sizes=sizes, options={"seed": 0}, rounds=[])
    plain = student.run(play, sizes=sizes, options={}, rounds=[])
    same = np.array_equal(zero["first"]["weight"], plain["first"]["weight"])
    at = f"{where}, no seed and seed 0"
    check.true(same, where=at, evidence="other numbers", look=look)
    other = student.run(play, sizes=sizes, options={"seed": 6}, rounds=[])
    same = np.array_equal(again["first"]["weight"], first["weight"])
    check.true(
        same, where=f"{where}, seed 5 twice", evidence="other numbers", look=look
    )
    differ = bool((other["first"]["weight"] != first["weight"]).all())
    check.true(differ, where=f"{where}, seeds 5, 6", evidence="same numbers", look=look)
    x = rng.normal(size=(1, 4, 3, 4))
    rounds = [({}, x, np.ones((1, 6, 2, 2)))]
    found = student.run(play, sizes=sizes, options={}, rounds=rounds)
    near(found["rounds"][0][0], layer_output(found["first"], x),
         f"{where}, untouched: forward", STEP_6)  # fmt: skip


@pytest.mark.task("DeformConv2d", few_digits=False)
def test_layer(student, rng):
    layer(student, rng, "2 channels, kernel (1, 2)", (2, 2, (1, 2)), (3, 3))
    options = {"bias": False, "offset_groups": 2}
    sizes = 2, 1, 2
    found = student.run(play, sizes=sizes, options=options, rounds=[])
    shapes = {name: a.shape for name, a in found["first"].items()}
    want = {
        "weight": (1, 2, 2, 2),
        "offset_weight": (16, 2, 2, 2),
        "offset_bias": (16,),
    }
    where = "DeformConv2d(2, 1, 2, bias=False, offset_groups=2): shapes of parameters"
    check.equal(shapes, want, where=where, look="The contract.")
    layer(student, rng, "no bias, 2 offset groups", sizes, (3, 3), bias=False,
          offset_groups=2)  # fmt: skip


@pytest.mark.task("DeformConv2d", few_digits=False)
def test_layer_with_options(student, rng):
    moves = {"stride": (1, 2), "padding": (1, 0), "dilation": 2}
    sizes = (2, 2, 2, *moves.values(), 2)
    layer(student, rng, "groups and other options", sizes, (2, 4), moves)


# --- 7: deform_roi_pool -------------------------------------------------------------

STEP_7 = "Chapter, step 7"


def pooled(x, rois, offset, gamma):
    """Return the mean of each bin's samples, pixel by pixel."""
    kh, kw = offset.shape[2:]
    out = np.zeros((len(rois), len(x), kh, kw))
    for r, (top, left, h, w) in enumerate(np.asarray(rois).tolist()):
        for i, j in np.ndindex(kh, kw):
            rows = range(i * h // kh, -(-(i + 1) * h // kh))
            cols = range(j * w // kw, -(-(j + 1) * w // kw))
            dy, dx = offset[r, :, i, j].astype(float) * (gamma * h, gamma * w)
            found = [
                [value(plane, top + p + dy, left + q + dx) for plane in x]
                for p in rows
                for q in cols
            ]
            out[r, :, i, j] = np.mean(found, axis=0)
    return out


def pooling(student, x, rois, offset, what, look=".", atol=1e-9, **options):
    rois = np.array(rois, int).reshape(-1, 4)
    got = student.deform_roi_pool(x, rois, offset, **options)
    want = pooled(x, rois, offset, options.get("gamma", 0.1))
    axes = ("region", "channel", "bin row", "bin column")
    where = f"deform_roi_pool, {what}"
    near(got, want, where, STEP_7 + look, atol, x.dtype, axes)


@pytest.mark.task("deform_roi_pool")
def test_pooling(student, rng):
    x = rng.normal(3.0, 1.0, (2, 7, 8))
    look = ": from floor(i h / kh) to ceil((i + 1) h / kh) - 1."
    still = np.zeros((2, 2, 2, 3))
    pooling(student, x, [[0, 0, 4, 6], [1, 2, 2, 3]], still, "bins that divide", look)
    pooling(student, x, [[1, 0, 5, 7], [0, 3, 3, 4]], still, "ragged bins", look)


@pytest.mark.task("deform_roi_pool")
def test_pooling_of_moved_bins(student, rng):
    x, look = rng.normal(3.0, 1.0, (1, 7, 8)), ": by gamma * (dy h, dx w)."
    offset, rois = rng.uniform(-1, 1, (2, 2, 2, 3)), [[1, 1, 3, 6], [0, 2, 5, 4]]
    pooling(student, x, rois, offset, "moved bins", look)
    pooling(student, x, rois, offset, "moved bins, gamma 0.4", look, gamma=0.4)


@pytest.mark.task("deform_roi_pool")
def test_pooling_of_other_inputs(student, rng):
    x, look = rng.normal(3.0, 1.0, (1, 5, 6)), ": pixels outside are 0, and count."
    rois, offset = [[-2, 3, 5, 6], [1, 1, 1, 2]], rng.uniform(-1, 1, (2, 2, 2, 2))
    pooling(student, x, rois, offset, "beyond the image, a region of 2 pixels", look)
    offset[0, 0, 0, 0], offset[0, 1, 1, 1] = INF, -1e12
    pooling(student, x, rois, offset, "far offsets", look)
    pooling(student, x, [], np.zeros((0, 2, 2, 2)), "no regions")
    alone(student, "deform_roi_pool", (x, np.array([[1, 1, 3, 3]]), offset[1:]),
          pooled(x, [[1, 1, 3, 3]], offset[1:], 0.1), "deform_roi_pool")  # fmt: skip
    single = x.astype(np.float32), offset[1:].astype(np.float32)
    look = ": compute in accumulator(x.dtype), return x.dtype."
    pooling(student, single[0], rois[1:], single[1], "float32", look, 1e-5)
    x = np.ones((1, 12, 40), np.float16)
    x[0, 0, ::2], x[0, 11, ::2] = 2048, -2048
    still = np.zeros((1, 2, 1, 1), np.float16)
    pooling(
        student, x, [[0, 0, 12, 40]], still, "float16, parts that cancel", look, 1e-3
    )
    x = np.full((1, 1, 140), 90, np.float16) * (np.arange(140) % 2).astype(np.float16)
    still[0, 1] = 0.35
    pooling(student, x, [[0, 136, 1, 1]], still, "float16, column 136", look, 1e-3)


# --- 8 and 9: the kernels -----------------------------------------------------------


def corners(x, offset, kernel, stride=1, padding=0, dilation=1):
    """Count the corners of all samples that lie in the image, for every channel."""
    ones = np.ones((1, 1, *x.shape[2:]))
    (sh, sw), (ph, pw), (dh, dw) = map(twice, (stride, padding, dilation))
    taps, groups = kernel[0] * kernel[1], offset.shape[1] // (2 * kernel[0] * kernel[1])
    found = 0
    for b, g, t in np.ndindex(len(x), groups, taps):
        for ho, wo in np.ndindex(*offset.shape[2:]):
            dy, dx = offset[b, 2 * (g * taps + t) :][:2, ho, wo].astype(float)
            y = ho * sh - ph + t // kernel[1] * dh + dy
            x_at = wo * sw - pw + t % kernel[1] * dw + dx
            counts = [
                sum(0 <= np.floor(at) + k < n for k in (0, 1))
                for at, n in zip((y, x_at), ones.shape[2:], strict=True)
            ]
            found += counts[0] * counts[1]
    return found * x.shape[1] // groups


def launch(meter, name, what, arrays, look, dy=None, **options):
    """Run a host function on the simulator; judge its answers and its meter."""
    x, offset, weight = arrays
    moves = {k: v for k, v in options.items() if not k.startswith("block")}
    before = [] if dy is None else [dy]
    run, where = meter.run(name, *before, *arrays, **options), f"{name}, {what}"
    for kind, found in (
        ("two programs, or two of its lanes, meet at one element", run.races),
        ("reads memory that nobody wrote", run.uninitialised),
    ):
        evidence = f"{found[0]} ({len(found)} in all)" if found else ""
        check.true(not found, where=f"{where}: {kind}", evidence=evidence, look=look)
    unwritten = f"{where}: elements of the result that nobody wrote"
    check.equal(run.unwritten_outputs, 0, where=unwritten, look=look)
    if dy is None:
        results = {"y": (run.outputs, convolved(*arrays, **moves))}
    else:
        good = isinstance(run.outputs, tuple | list) and len(run.outputs) == 3
        evidence = "the result is not a tuple: dx, doffset, dweight"
        check.true(good, where=where, evidence=evidence, look=look)
        wide = [a.astype(float) for a in (dy, *arrays)]
        want = gradients(*wide, central=False, **moves)
        results = dict(zip(GRADS, zip(run.outputs, want, strict=False), strict=False))
    for part, (got, want) in results.items():
        near(got, want, f"{where}: {part}", look, 1e-4, np.float32)
    block_p, block_c = options.get("block_p", 16), options.get("block_c", 16)
    pixels, touched = offset[0, 0].size, corners(x, offset, weight.shape[2:], **moves)
    programs = len(x) * -(-pixels // block_p)
    answers = len(x) * len(weight) * pixels
    loaded, stored = offset.size + programs * weight.size + touched, answers
    if dy is not None:
        atomics = touched + programs * weight.size
        loaded, stored = loaded + answers + atomics, offset.size + atomics
    wide = max(16, 1 << (len(weight) - 1).bit_length())
    largest = max(block_p * block_c, block_c * wide, block_p * wide)
    check.equal(run.programs, programs, where=f"{where}: programs", look=look)
    for kind, got, limit, unit in (
        ("the largest block", run.largest_block, largest, "elements"),
        ("loaded from HBM", run.loaded_bytes, 4 * loaded, "bytes"),
        ("stored to HBM", run.stored_bytes, 4 * stored, "bytes"),
    ):
        check.at_most(got, limit, where=f"{where}: {kind}", unit=unit, look=look)


STEP_8, STEP_9 = "Chapter, step 8.", "Chapter, step 9."
MOVES = {"stride": (1, 2), "padding": (2, 1), "dilation": (2, 1)}


def floats(rng, *sizes, **options):
    """Return x, offset and weight in float32."""
    return made(rng, *sizes, dtype=np.float32, **options)[:3]


def far(rng):
    """Return arrays with huge and infinite offsets."""
    x, offset, weight = floats(rng, 1, 1, (3, 4), 1, (1, 2), size=0.7)
    offset[0, 0], offset[0, 3, 0] = np.resize([INF, 1e10, -INF, 0.5], (3, 3)), -3e38
    return x, offset, weight


@pytest.mark.task("deform_forward")
def test_forward_kernel_of_a_few_numbers(meter, rng):
    for shape in ((1, 1, (2, 3), 1, (1, 1)), (1, 2, (2, 3), 2, (2, 1))):
        launch(meter, "deform_forward", f"{shape}", floats(rng, *shape), STEP_8)
    arrays = floats(rng, 2, 2, (4, 3), 1, (1, 2), offset_groups=2, **MOVES)
    what = "2 small images, 2 offset groups, pairs for all options"
    launch(meter, "deform_forward", what, arrays, STEP_8, **MOVES)


@pytest.mark.task("deform_forward")
def test_forward_kernel(meter, rng):
    arrays = floats(rng, 2, 2, (5, 6), 3, (2, 2))
    launch(meter, "deform_forward", "2 images of 20 pixels", arrays, STEP_8)
    arrays = floats(rng, 2, 4, (8, 5), 2, (2, 3), offset_groups=2, **MOVES)
    what = "2 tall images, 2 offset groups, pairs for all options"
    launch(meter, "deform_forward", what, arrays, STEP_8, **MOVES)


@pytest.mark.task("deform_forward")
def test_forward_kernel_of_many_channels(meter, rng):
    arrays = floats(rng, 1, 36, (2, 4), 17, (1, 2), offset_groups=2)
    launch(meter, "deform_forward", "36 channels, 17 outputs", arrays, STEP_8)


@pytest.mark.task("deform_forward")
def test_forward_kernel_of_other_inputs(meter, rng):
    look = "Chapter, step 8: bring coordinates near before they become ints."
    launch(meter, "deform_forward", "far offsets", far(rng), look)
    arrays = floats(rng, 1, 17, (5, 7), 2, (1, 1))
    launch(
        meter, "deform_forward", "blocks of 32", arrays, STEP_8, block_p=32, block_c=32
    )
    launch(meter, "deform_forward", "block_p 32", arrays, STEP_8, block_p=32)


def with_dy(meter, rng, what, arrays, look=STEP_9, **options):
    x, offset, weight = arrays
    shape = len(x), len(weight), *offset.shape[2:]
    dy = rng.normal(0.5, 1.0, shape).astype(np.float32)
    launch(meter, "deform_backward", what, arrays, look, dy, **options)


@pytest.mark.task("deform_backward")
def test_backward_kernel(meter, rng):
    with_dy(meter, rng, "2 images", floats(rng, 2, 1, (5, 5), 2, (1, 2)))
    arrays = floats(rng, 2, 2, (6, 4), 1, (2, 1), offset_groups=2, **MOVES)
    what = "2 tall images, 2 offset groups, pairs for all options"
    with_dy(meter, rng, what, arrays, **MOVES)


@pytest.mark.task("deform_backward")
def test_backward_kernel_where_lanes_meet(meter, rng):
    x, offset, weight = floats(rng, 1, 1, (3, 3), 2, (1, 1))
    rows, cols = np.mgrid[0:3, 0:3]
    offset[0, 0], offset[0, 1] = 0.5 - rows, 1.25 - cols
    look = "Chapter, step 9: what several lanes add to is added atomically."
    with_dy(
        meter, rng, "one program, all lanes at one place", (x, offset, weight), look
    )
    x, offset, weight = floats(rng, 1, 1, (3, 3), 2, (1, 1), size=0.0, padding=1)
    arrays, kind = (x, offset, weight), "zero offsets, padding 1"
    with_dy(meter, rng, kind, arrays, "Chapter, step 2.", padding=1)


@pytest.mark.task("deform_backward")
def test_backward_kernel_of_many_channels(meter, rng):
    arrays = floats(rng, 1, 18, (1, 4), 17, (1, 2), size=0.6)
    with_dy(meter, rng, "18 channels, 17 outputs", arrays)


@pytest.mark.task("deform_backward")
def test_backward_kernel_of_other_inputs(meter, rng):
    x, offset, weight = far(rng)
    dy = np.ones((1, 1, 3, 3), np.float32)
    lost = offset.copy()
    lost[abs(lost) > 99] = 50.0
    run = meter.run("deform_backward", dy, x, offset, weight)
    want = gradients(*(a.astype(float) for a in (dy, x, lost, weight)), central=False)
    look = "Chapter, step 8: bring coordinates near before they become ints."
    for name, got, right in zip(GRADS, run.outputs, want, strict=False):
        where = f"deform_backward, far offsets: {name}"
        near(got, right, where, look, 1e-4, np.float32)
    arrays = floats(rng, 1, 1, (5, 5), 1, (1, 1))
    with_dy(meter, rng, "block_p 32", arrays, block_p=32)
    arrays = floats(rng, 1, 17, (1, 3), 1, (1, 1))
    with_dy(meter, rng, "block_c 32", arrays, block_c=32)
