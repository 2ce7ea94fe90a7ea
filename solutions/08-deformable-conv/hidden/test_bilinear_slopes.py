"""Hidden tests of `bilinear_slopes`, against the right slopes of tents."""

import numpy as np
import pytest
from hidden.truth import slopes_at

from autograder.student.testing import check

RIGHT = "Chapter, step 2: at a whole number, the slope to the right."


def ask(student, im, places, what, look):
    """Compare the slopes at several places."""
    with student.together() as batch:
        asked = [batch.bilinear_slopes(im, y, x) for y, x in places]
    got = [batch.result(handle) for handle in asked]
    where = f"bilinear_slopes, {what}"
    for one in got:
        good = isinstance(one, tuple) and len(one) == 2
        good = good and all(isinstance(slope, float | int) for slope in one)
        evidence = f"returned {check.show(one)}, not a tuple of two floats"
        check.true(good, where=where, evidence=evidence, look=look)
    want = np.array([slopes_at(im, y, x) for y, x in places])
    check.close(
        np.array(got), want, atol=1e-8 * float(abs(im).max() + 1.0), where=where,
        look=look, axis_names=("place", "by y, by x"),
    )  # fmt: skip


def image(rng, height, width):
    return rng.normal(3.0, 2.0, (height, width))


@pytest.mark.task("bilinear_slopes", weight=2, core=True)
def test_slopes_between_pixels(student, rng):
    places = [(rng.uniform(0, 4), rng.uniform(0, 7)) for _ in range(30)]
    look = "Chapter, step 2: differences of neighbours, weighted."
    ask(student, image(rng, 5, 8), places, "between the pixels of a 5 x 8 image", look)


@pytest.mark.task("bilinear_slopes", weight=2, core=True)
def test_slopes_on_whole_numbers(student, rng):
    im = image(rng, 4, 5)
    places = [(float(y), x + 0.3) for y in range(4) for x in range(4)]
    places += [(y + 0.6, float(x)) for y in range(3) for x in range(5)]
    ask(student, im, places, "one coordinate a whole number", RIGHT)
    places = [(y, x) for y in range(4) for x in range(5)]
    ask(student, im, places, "both coordinates whole numbers", RIGHT)


@pytest.mark.task("bilinear_slopes", core=True)
def test_slopes_beyond_the_border(student, rng):
    im = image(rng, 4, 6)
    look = "Chapter, step 2: beyond the border the neighbours are 0."
    places = [(y, rng.uniform(0.2, 4.8)) for y in (-0.7, -0.2, 3.1, 3.9)]
    places += [(rng.uniform(0.2, 2.8), x) for x in (-0.7, -0.2, 5.1, 5.9)]
    places += [(y, x) for y in (-0.3, 3.8) for x in (-0.6, 5.1)]
    ask(student, im, places, "less than a pixel outside", look)


@pytest.mark.task("bilinear_slopes")
def test_slopes_on_the_rim(student, rng):
    im = image(rng, 3, 4)
    places = [(y, x + 0.5) for y in (-1.0, 3.0) for x in range(-1, 4)]
    places += [(y + 0.5, x) for y in range(-1, 3) for x in (-1.0, 4.0)]
    ask(student, im, places, "on the line where the plane of zeros begins", RIGHT)
    places = [(y, x) for y in range(-2, 5) for x in range(-2, 6)]
    ask(student, im, places, "whole coordinates around the image", RIGHT)


@pytest.mark.task("bilinear_slopes")
def test_slopes_far_away(student, rng):
    im = image(rng, 3, 4)
    far = (-1.5, -7.25, 4.5, 99.5, 1e10, -1e10, 1e300, np.inf, -np.inf)
    places = [(y, 1.5) for y in far] + [(1.5, x) for x in far]
    places += [(np.inf, -np.inf), (np.inf, 0.0)]
    ask(student, im, places, "far away", "The contract: coordinates may be infinite.")


@pytest.mark.task("bilinear_slopes")
def test_slopes_of_narrow_images_and_other_dtypes(student, rng):
    look = "The contract: any float or integer dtype, computed in float64."
    for shape in ((1, 1), (1, 5), (6, 1)):
        places = [(rng.uniform(-1, n), rng.uniform(-1, m)) for n, m in [shape] * 6]
        places += [(0.0, 0.0), (0.0, 0.5), (0.5, 0.0)]
        ask(student, image(rng, *shape), places, f"an image of {shape}", RIGHT)
    places = [(1 - 2.0**-20, 0.5), (0.5, -(2.0**-20))]
    ask(student, image(rng, 3, 4), places, "just before a whole number", RIGHT)
    for dtype, high in (
        ("uint8", 256),
        ("int64", 2**40),
        ("float16", 60000),
        ("float32", 1e6),
    ):
        im = rng.uniform(0, high, (3, 4)).astype(dtype)
        places = [(rng.uniform(-1, 3), rng.uniform(-1, 4)) for _ in range(12)]
        ask(student, im, places, f"an image of {dtype}", look)
    single = [(np.float32(y), np.float32(x)) for y, x in places]
    ask(student, image(rng, 3, 4), single, "coordinates in float32", look)
    given = student.keep(np.ascontiguousarray(im.T).T)
    got = student.bilinear_slopes(given, 0.5, 0.25)
    check.close(
        np.array(got),
        np.array(slopes_at(im, 0.5, 0.25)),
        atol=1e-2,
        where="bilinear_slopes of a transposed view",
    )
    check.unchanged(student.fetch(given), im, where="bilinear_slopes, its argument")
