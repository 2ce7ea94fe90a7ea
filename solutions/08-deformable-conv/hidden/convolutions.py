"""What both forward passes are asked, `deform_conv2d_loops` and `deform_conv2d`."""

import numpy as np
from hidden.golden import answers, configuration
from hidden.truth import HALF, SINGLE, TIGHT, convolution

from autograder.student.testing import check

AXES = ("image", "channel", "row", "column")
STEP = {"deform_conv2d_loops": "Chapter, step 3", "deform_conv2d": "Chapter, step 4"}


def arrays(rng, batch, channels, sides, outputs, kernel, *, groups=1, offset_groups=1,
           size=1.5, bias=True, dtype=np.float64, **options):  # fmt: skip
    """Return (x, offset, weight, bias) of random numbers, and the options."""
    out = out_size(sides, kernel, **options)
    taps = kernel[0] * kernel[1]
    made = (
        rng.normal(1.0, 1.0, (batch, channels, *sides)),
        rng.uniform(-size, size, (batch, 2 * offset_groups * taps, *out)),
        rng.normal(0.3, 1.0, (outputs, channels // groups, *kernel)),
        rng.normal(0.0, 3.0, outputs),
    )
    made = tuple(a.astype(dtype) for a in made)
    return made if bias else made[:3]


def out_size(sides, kernel, stride=1, padding=0, dilation=1):
    """Return (Ho, Wo)."""
    pairs = [(a, a) if isinstance(a, int) else a for a in (stride, padding, dilation)]
    steps = zip(sides, kernel, *pairs, strict=True)
    return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in steps)


def judge(student, name, cases, look, near=TIGHT):
    """Ask for every (kind, arrays, options) in one message, then judge the answers."""
    with student.together() as batch:
        asked = [getattr(batch, name)(*given, **options) for _, given, options in cases]
    for handle, (kind, given, options) in zip(asked, cases, strict=True):
        want = convolution(*given, **options)[1]
        size = max(1.0, float(abs(want).max(initial=0.0)))
        check.close(
            batch.result(handle), want, atol=near * size, where=f"{name}, {kind}",
            look=f"{STEP[name]}{look}", axis_names=AXES, dtype=given[0].dtype,
        )  # fmt: skip


def run_golden(student, name, numbers):
    """Compare with torchvision's answers to 1e-5."""
    outputs, _ = answers()
    made = [configuration(k) for k in numbers]
    with student.together() as batch:
        asked = [getattr(batch, name)(*a[:4], **options) for a, options in made]
    for k, handle, (given, options) in zip(numbers, asked, made, strict=True):
        x, weight = given[0], given[2]
        kind = (
            f"{x.shape[1]} channels of {x.shape[2]} x {x.shape[3]}, kernel "
            f"{weight.shape[2]} x {weight.shape[3]}, "
            + ", ".join(f"{key} {value}" for key, value in options.items())
        )
        check.close(
            batch.result(handle), outputs[k], atol=1e-5, where=f"{name}, {kind}",
            look=f"{STEP[name]}.", axis_names=AXES,
        )  # fmt: skip


def run_plain(student, rng, name):
    """Zero offsets: an ordinary convolution."""
    for kind, batch, sides, options in (
        ("zero offsets", 2, (5, 4), {}),
        ("zero offsets, padded", 1, (5, 4), {"padding": (1, 2), "stride": (2, 1)}),
        ("zero offsets, dilated", 1, (6, 7), {"dilation": (2, 3)}),
    ):
        given = arrays(rng, batch, 2, sides, 3, (3, 2), size=0.0, **options)
        judge(student, name, [(kind, given, options)], ": the base points.")


def run_groups(student, rng, name):
    """Groups of weights, of offsets, of both."""
    for kind, groups, offset_groups in (
        ("2 groups of weights", 2, 1),
        ("3 offset groups", 1, 3),
        ("2 groups of weights, 3 offset groups", 2, 3),
    ):
        given = arrays(
            rng, 1, 6, (3, 4), 4, (2, 2), groups=groups, offset_groups=offset_groups
        )
        judge(student, name, [(kind, given, {})], ": which channels, which offsets?")


def run_places(student, rng, name):
    """One tap moved alone: order of (y, x), of taps, of pixels, of images."""
    cases = []
    for at in (0, 3, 6, 11):
        given = arrays(rng, 1, 1, (5, 6), 1, (2, 3), size=0.0)
        given[1][:, at] = rng.uniform(0.2, 0.8, given[1].shape[2:])
        cases.append((f"only offset channel {at} is not 0", given, {}))
    given = arrays(rng, 3, 1, (4, 6), 1, (2, 2), size=0.0)
    given[1][1:] = rng.uniform(-0.8, 0.8, given[1][1:].shape)
    cases.append(("offsets of the first image 0", given, {}))
    given = arrays(rng, 1, 1, (9, 8), 1, (2, 2), size=0.7, stride=2, dilation=3)
    cases.append(("stride 2, dilation 3", given, {"stride": 2, "dilation": 3}))
    judge(student, name, cases, ": channel 2t is dy, 2t + 1 is dx, of tap t.")


def run_border(student, rng, name):
    """Samples just outside: nothing is clamped."""
    given = arrays(rng, 1, 2, (4, 5), 1, (3, 3), padding=1, size=0.9)
    given[0][...] = 5.0
    judge(student, name, [("a constant image", given, {"padding": 1})],
          "; step 1, the border.")  # fmt: skip


def run_far(student, rng, name):
    """Whole, large and infinite offsets."""
    given = arrays(rng, 1, 2, (4, 5), 2, (2, 2))
    offset = given[1]
    offset[:, 0] = rng.integers(-3, 4, offset[:, 0].shape)
    offset[:, 1] = rng.integers(-3, 4, offset[:, 1].shape)
    far = np.resize([np.inf, -np.inf, 1e10, -1e10, 1e300, 0.4], offset[:, 2].shape)
    offset[:, 2] = far
    offset[:, 5] = far.swapaxes(1, 2).reshape(offset[:, 5].shape)
    judge(student, name, [("whole, large and infinite offsets", given, {})],
          ": beyond the image a sample is 0.")  # fmt: skip


def run_shapes(student, rng, name):
    """Kernels of one tap, single pixels, no bias, empty batches, forms of options."""
    cases = []
    for kind, size, options in (
        ("a 1 x 1 kernel", (2, 3, (4, 5), 2, (1, 1)), {}),
        ("one output pixel", (1, 2, (3, 3), 2, (3, 3)), {}),
        ("one row", (1, 1, (1, 6), 1, (1, 3)), {}),
        ("an empty batch", (0, 2, (4, 4), 3, (2, 2)), {}),
        ("ints for all options", (1, 2, (7, 8), 2, (2, 2)),
         {"stride": 2, "padding": 1, "dilation": 2}),
        ("a last column that no output uses", (1, 1, (6, 8), 2, (3, 3)),
         {"stride": (2, 3)}),
        ("the same shapes, another stride", (1, 1, (6, 8), 2, (3, 3)),
         {"stride": (3, 5)}),
    ):  # fmt: skip
        cases.append((kind, arrays(rng, *size, **options), options))
        given = arrays(rng, *size, bias=False, **options)
        cases.append((f"{kind}, no bias", given, options))
    judge(student, name, cases, ".")


def run_single(student, rng, name):
    given = arrays(rng, 1, 4, (4, 5), 2, (3, 3), dtype=np.float32)
    look = ": compute in accumulator(x.dtype), return x.dtype."
    none = arrays(rng, 0, 2, (4, 4), 3, (2, 2), dtype=np.float32)
    cases = [("float32", given, {}), ("float32, an empty batch", none, {})]
    judge(student, name, cases, look, SINGLE)


def close_samples(rng):
    """Return float16 arrays whose samples differ by less than float16 can tell."""
    x, offset, weight = arrays(
        rng, 1, 2, (2, 30), 1, (1, 1), bias=False, dtype=np.float16
    )
    offset[:, 0], offset[:, 1] = 0.0, 0.41
    x[:, 0], x[:, 1] = 3000.0 + 2.0 * (np.arange(30) % 2), 3000.0
    weight[0, :, 0, 0] = 1.0, -1.0
    return x, offset, weight


def run_half(student, rng, name):
    """Large parts that cancel, and coordinates that float16 rounds."""
    look = ": compute in accumulator(x.dtype), return x.dtype."
    x, offset, weight, bias = arrays(
        rng, 1, 40, (3, 3), 1, (1, 1), size=0.0, dtype=np.float16
    )
    offset[...] = 0.25
    x[:, 0], x[:, 39], weight[...] = 3000.0, -3000.0, 1.0
    cases = [("float16, large parts that cancel", (x, offset, weight, bias), {})]
    x, offset, weight, bias = arrays(
        rng, 1, 2, (2, 2), 1, (1, 1), size=0.0, dtype=np.float16
    )
    x[:, 0], x[:, 1], weight[...], bias[...] = 1000.0, 0.3, 1.0, -1000.0
    given = x, offset, weight, bias
    cases.append(("float16, a bias that cancels the sum", given, {}))
    cases.append(("float16, 150 columns", columns_that_half_rounds(rng), {}))
    wide = columns_that_half_rounds(rng)
    tall = tuple(
        a.swapaxes(2, 3)[:, ::-1] if a.shape[1] == 2 else a.swapaxes(2, 3) for a in wide
    )
    cases.append(("float16, 150 rows", tall, {}))
    cases.append(("float16, samples that cancel", close_samples(rng), {}))
    judge(student, name, cases, look, 2 * HALF)


def columns_that_half_rounds(rng):
    """Return x, offset and weight for coordinates that float16 cannot tell apart."""
    x, offset, weight = arrays(
        rng, 1, 1, (2, 150), 1, (1, 1), bias=False, dtype=np.float16
    )
    offset[:, 0], offset[:, 1], weight[...] = 0.0, 0.41, 1.0
    x[...] = 100.0 * (np.arange(150) % 2)
    return x, offset, weight


def run_views(student, rng, name):
    """Arrays in C order and strided views, which stay as they were."""
    given = arrays(rng, 2, 2, (3, 4), 3, (2, 2))
    want = convolution(*given)[1]
    for form, kind in ((np.copy, "arrays in C order"), (view, "strided views")):
        kept = [student.keep(form(a)) for a in given]
        got, where = getattr(student, name)(*kept), f"{name} of {kind}"
        for handle, before in zip(kept, given, strict=True):
            check.unchanged(student.fetch(handle), before, where=where)
        check.close(got, want, atol=1e-10, where=where, look=f"{STEP[name]}.")


def view(a):
    """Return equal values that lie in memory in another order, with gaps."""
    wide = np.empty((*a.shape[::-1], 2), a.dtype)
    wide[..., 0], wide[..., 1] = a.T, 77.0
    return wide[..., 0].T


#: Shapes of offsets that fit neither: for 6 channels of 5 x 6, kernel 2 x 2.
UNFIT = (
    ("two rows of offsets too many", (1, 8, 6, 5)),
    ("offsets of the image's size", (1, 8, 5, 6)),
    ("7 offset channels", (1, 7, 4, 5)),
    ("no offset channels", (1, 0, 4, 5)),
    ("5 offset groups, 6 channels", (1, 40, 4, 5)),
    ("offsets of two images, one image", (2, 8, 4, 5)),
    ("offsets of one image, two images", (1, 8, 4, 5)),
    ("no images", (0, 8, 5, 6)),
    ("a column too many", (1, 8, 4, 6)),
    ("12 offset channels", (1, 12, 4, 5)),
    ("12 offset groups, 6 channels", (1, 96, 4, 5)),
)


def images_of(kind):
    """Return how many images a case of `UNFIT` has."""
    return {"offsets of one image, two images": 2, "no images": 0}.get(kind, 1)


def run_unfit(student, name, before=0):
    """Offsets that do not fit are refused; `before` arguments stand in front."""
    for kind, shape in UNFIT:
        images = images_of(kind)
        first = [np.ones((images, 1, 4, 5))] * before
        check.raises(
            ValueError, getattr(student, name), *first, np.ones((images, 6, 5, 6)),
            np.zeros(shape), np.ones((1, 6, 2, 2)), where=f"{name}, {kind}",
            look="The contract: ValueError where the offsets do not fit.",
        )  # fmt: skip
