"""The numbers that the chapter claims, and the data behind its figure."""

import os

os.environ.setdefault("TILES", "simulator")  # bytes are metered there alone

import contextlib
import io
import sys
from functools import cache
from pathlib import Path

import numpy as np
import reference
from hidden.golden import COUNT, answers, configuration

from autograder.lab.tiles import last_meter, meter

sys.path.insert(0, str(Path(__file__).parents[2] / "course/08-deformable-conv"))
from scatter import scatter

NINE = np.arange(1.0, 10.0).reshape(3, 3)
SIDE, CENTRE = 41, 20  # of the pictures of cones
RADII, UNSEEN = (4.0, 6.0, 8.0, 10.0), 7.0
DILATION = 3  # of the grid before training
STEPS, RATE, MOMENTUM = 400, 0.5, 0.9
CHANNELS, WIDTH, OUTPUTS = 32, 16, 32  # of the launches that are metered


def value_of_2017(im, y, x):
    """Read an image by the rule of 2017: no band before it, its last pixel repeated."""
    height, width = im.shape
    if not (0 <= y < height and 0 <= x < width):
        return 0.0
    return reference.bilinear(im, min(y, height - 1), min(x, width - 1))


# --- offsets that learn the size of an object ----------------------------------------


def cone(radius):
    """Return a picture that falls from 1 at its centre to one half at the radius."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] - CENTRE
    return np.maximum(0.0, 1.0 - np.hypot(y, x) / (2 * radius))


def taps_of(layer, pictures):
    """Return where the taps lie around the centre, (B, 3, 3, 2), and the samples."""
    samples = layer.forward(pictures)[:, :, 0, 0]
    base = DILATION * np.stack(np.mgrid[-1:2, -1:2], axis=-1)
    return base + layer.offset.reshape(-1, 3, 3, 2), samples


def dilation_of(taps):
    """Return the mean distance between neighbouring taps: the effective dilation."""
    down = np.hypot(*np.moveaxis(np.diff(taps, axis=1), 3, 0)).reshape(len(taps), -1)
    across = np.hypot(*np.moveaxis(np.diff(taps, axis=2), 3, 0)).reshape(len(taps), -1)
    return np.concatenate([down, across], axis=1).mean(axis=1)


@cache
def trained():
    """Train the offsets of one layer that looks at the middle of four cones.

    Output o is the sample of tap o, the middle one left out; each shall be one half.
    Returns the layer before and after, as (taps, samples) of all five pictures.
    """
    # One output pixel, whose middle tap lies at the centre.
    where = {"padding": DILATION - CENTRE, "dilation": DILATION}
    layer = reference.DeformConv2d(1, 8, 3, **where)
    own = layer.parameters()
    own["weight"][...] = 0.0
    own["weight"].reshape(8, 9)[range(8), [0, 1, 2, 3, 5, 6, 7, 8]] = 1.0
    own["bias"][...] = 0.0
    seen = np.array([cone(radius) for radius in RADII])[:, None]
    every = np.array([cone(radius) for radius in (*RADII, UNSEEN)])[:, None]
    before = taps_of(layer, every)
    speed = {"offset_weight": 0.0, "offset_bias": 0.0}
    for _ in range(STEPS):
        error = layer.forward(seen) - 0.5
        layer.backward(2 * error / len(seen))
        for name, grad in layer.grads().items():
            if name in speed:
                speed[name] = MOMENTUM * speed[name] - RATE * grad
                own[name] += speed[name]
    return before, taps_of(layer, every)


@cache
def learned_shift():
    """Return the offsets that the exercise's example learns: 0.6 down, 1.3 left."""
    grid = np.arange(24) * 0.7
    image = (np.sin(grid)[:, None] + np.cos(0.8 * grid))[None, None]
    layer = reference.DeformConv2d(1, 1, 1)
    own = layer.parameters()
    own["weight"][...], own["bias"][...] = 1.0, 0.0
    shift = np.zeros((1, 2, 24, 24))
    shift[:, 0], shift[:, 1] = 0.6, -1.3
    wanted = reference.deform_conv2d(image, shift, np.ones((1, 1, 1, 1)))
    for _ in range(200):
        y = layer.forward(image)
        layer.backward((y - wanted) / y.size)
        own["offset_bias"] -= layer.grads()["offset_bias"]
    return own["offset_bias"]


# --- agreement with others ------------------------------------------------------------


def torchvision_error():
    """Return the largest distance from torchvision's answers."""
    outputs, _ = answers()
    worst = 0.0
    for number, want in enumerate(outputs):
        (x, offset, weight, bias, _), options = configuration(number)
        got = reference.deform_conv2d(x, offset, weight, bias, **options)
        worst = max(worst, float(abs(got - want).max()))
    return worst


def difference_error():
    """Return the largest distance of the gradients from central differences."""
    arrays, options = configuration(1)
    *inputs, bias, dy = (a.copy() for a in arrays)
    grads = reference.deform_conv2d_backward(dy, *inputs, **options)
    step, worst = 1e-6, 0.0
    for array, grad in zip((*inputs, bias), grads, strict=True):
        for index in np.ndindex(array.shape):
            kept, sums = array[index], []
            for moved in (kept + step, kept - step):
                array[index] = moved
                y = reference.deform_conv2d(*inputs, bias, **options)
                sums.append(float((y * dy).sum()))
            array[index] = kept
            worst = max(worst, abs((sums[0] - sums[1]) / (2 * step) - grad[index]))
    return worst


# --- bytes ----------------------------------------------------------------------------


@cache
def metered(block_p, backward=False):
    """Run a kernel on one image of random offsets; return its meter."""
    rng = np.random.default_rng(8)
    x = rng.standard_normal((1, CHANNELS, WIDTH, WIDTH), dtype=np.float32)
    offset = rng.uniform(-2, 2, (1, 18, WIDTH, WIDTH)).astype(np.float32)
    weight = rng.standard_normal((OUTPUTS, CHANNELS, 3, 3), dtype=np.float32)
    options = {"padding": 1, "block_p": block_p}
    with meter() as total:
        if backward:
            dy = np.ones((1, OUTPUTS, WIDTH, WIDTH), np.float32)
            reference.deform_backward(dy, x, offset, weight, **options)
        else:
            reference.deform_forward(x, offset, weight, **options)
    return total


def lossy():
    """Return what the scatter without atomics leaves, and what it prints."""
    printed = io.StringIO()
    places = np.array([0, 2, 2, 1, 2], np.int32)
    with contextlib.redirect_stderr(printed), contextlib.redirect_stdout(printed):
        out = scatter(places, np.array([1, 2, 3, 4, 5], np.float32), 3)
    return np.asarray(out), last_meter().races


# --- what the audit asks for ----------------------------------------------------------


def figure():
    """Return the data of the figure."""
    (_, _), (taps, _) = trained()
    rng = np.random.default_rng(4)
    smooth = np.hypot(*(np.mgrid[0:7, 0:7] - 2.5))
    image = np.round(9 * np.exp(-(smooth**2) / 9) + rng.uniform(0, 1, (7, 7)), 0)
    places = [(1.25, 2.5), (-0.5, 3.0), (6.4, 6.75), (3.0, 4.0), (-1.0, 2.5)]
    return {
        "image": image.tolist(),
        "radii": [*RADII, UNSEEN],
        "taps": np.round(taps, 3).tolist(),
        "samples": [
            {
                "y": y,
                "x": x,
                "value": reference.bilinear(image, y, x),
                "slopes": list(reference.bilinear_slopes(image, y, x)),
                "old": value_of_2017(image, y, x),
            }
            for y, x in places
        ],
    }


def claims():
    """Return every measured number of the chapter as text."""
    (start, before), (taps, after) = trained()
    shift = learned_shift()
    left, races = lossy()
    offset_weights = 2 * 9 * 512 * 9
    found = {
        "hand_value": f"{reference.bilinear(NINE, 0.25, 1.5):g}",
        "hand_by_y": f"{reference.bilinear_slopes(NINE, 0.25, 1.5)[0]:g}",
        "hand_by_x": f"{reference.bilinear_slopes(NINE, 0.25, 1.5)[1]:g}",
        "kink_left": f"{reference.bilinear_slopes(NINE, 1.999, 0.0)[0]:g}",
        "kink_right": f"{reference.bilinear_slopes(NINE, 2.0, 0.0)[0]:g}".replace(
            "-", "−"
        ),
        "golden_count": str(COUNT),
        "golden_error": bound(torchvision_error(), 1e-6),
        "difference_error": bound(difference_error(), 1e-6),
        "offset_weights": f"{offset_weights:,}",
        "offset_share": f"{100 * offset_weights / (512 * 512 * 9):.1f}",
        "shift_y": f"{shift[0]:.2f}",
        "shift_x": f"{shift[1]:.2f}".replace("-", "−"),
        "misfit_before": f"{abs(before[:4] - 0.5).max():.2f}",
        "misfit_after": f"{abs(after[:4] - 0.5).max():.2f}",
        "dilation_before": f"{dilation_of(start).mean():.1f}",
        "lossy": " ".join(f"{value:g}" for value in left),
        "race": " ".join(races),
    }
    for (y, x), name in (
        ((-0.5, 0.0), "first"),
        ((2.5, 0.0), "last"),
        ((2.5, 2.5), "corner"),
    ):
        found[f"new_{name}"] = f"{reference.bilinear(NINE, y, x):g}"
        found[f"old_{name}"] = f"{value_of_2017(NINE, y, x):g}"
    names = [f"{radius:g}".replace(".", "_") for radius in (*RADII, UNSEEN)]
    for name, dilation in zip(names, dilation_of(taps), strict=True):
        found[f"dilation_{name}"] = f"{dilation:.1f}"
    for block_p in (16, 32, 64):
        total = metered(block_p)
        found[f"programs_{block_p}"] = str(total.programs)
        found[f"weights_{block_p}"] = f"{total.loads['w_ptr']:,}"
        found[f"corners_{block_p}"] = f"{total.loads['x_ptr']:,}"
        found[f"loaded_{block_p}"] = f"{total.loaded_bytes:,}"
    back = metered(16, True)
    found["columns"] = f"{4 * CHANNELS * 9 * WIDTH * WIDTH:,}"
    found["image_bytes"] = f"{4 * CHANNELS * WIDTH * WIDTH:,}"
    found["corners_share"] = (
        f"{metered(16).loads['x_ptr'] / (16 * CHANNELS * 9 * WIDTH**2) * 100:.0f}"
    )
    found["added_each"] = (
        f"{back.stores['dx_ptr'] / (4 * CHANNELS * WIDTH * WIDTH):.0f}"
    )
    return found


def bound(error, limit):
    """Name the power of ten that an error stays below, with room for other machines."""
    return f"{limit:.0e}".replace("e-0", "e-") if error < limit else f"{error:.1e}"
