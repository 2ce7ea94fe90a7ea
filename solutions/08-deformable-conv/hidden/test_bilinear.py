"""Hidden tests of `bilinear`, against tents over the whole image."""

import numpy as np
import pytest
from hidden.truth import value_at

from autograder.student.testing import check

BORDER = "Chapter, step 1: the image stands in a plane of zeros."
CORE = 1e-5  # float64 is asked for elsewhere


def ask(student, im, places, what, look, near=1e-11):
    """Compare the values at several places."""
    with student.together() as batch:
        asked = [batch.bilinear(im, y, x) for y, x in places]
    got = [batch.result(handle) for handle in asked]
    where = f"bilinear, {what}"
    for one in got:
        evidence = f"returned {check.show(one)}, not a float"
        plain = isinstance(one, float | int)
        check.true(plain, where=where, evidence=evidence, look=look)
    want = np.array([value_at(im, y, x) for y, x in places])
    check.close(
        np.array(got), want, atol=near * float(abs(im).max() + 1.0),
        where=where, look=look, axis_names=("place",),
    )  # fmt: skip


def image(rng, height, width):
    return rng.normal(3.0, 2.0, (height, width))


@pytest.mark.task("bilinear", weight=2, core=True)
def test_bilinear_between_pixels(student, rng):
    places = [(rng.uniform(0, 4), rng.uniform(0, 7)) for _ in range(30)]
    look = "Chapter, step 1: four pixels, four areas."
    ask(student, image(rng, 5, 8), places, "between the pixels of a 5 x 8 image", look,
        near=CORE)  # fmt: skip


@pytest.mark.task("bilinear", weight=2, core=True)
def test_bilinear_beyond_the_border(student, rng):
    im = image(rng, 4, 6)
    bands = {"y": ((-1, 0), (3, 4)), "x": ((-1, 0), (5, 6))}
    for axis, ends in bands.items():
        places = []
        for low, high in ends:
            for _ in range(5):
                along = rng.uniform(0.2, 2.8)
                across = rng.uniform(low + 0.05, high - 0.05)
                places.append((across, along) if axis == "y" else (along, across))
        ask(student, im, places, f"{axis} less than a pixel outside", BORDER, CORE)
    places = [(y, x) for y in (-0.3, 3.8) for x in (-0.6, 5.1)]
    ask(student, im, places, "near the four corners", BORDER, CORE)


@pytest.mark.task("bilinear")
def test_bilinear_on_pixels_and_on_the_rim(student, rng):
    im = image(rng, 3, 4)
    places = [(float(y), float(x)) for y in range(-2, 5) for x in range(-2, 6)]
    places += [(1, 2), (0, 0), (2, 3)]  # ints
    places += [(2.9998, 1.5), (-0.9998, 1.5), (1.5, 3.9998), (1.5, -0.9998)]
    ask(student, im, places, "whole coordinates, inside and outside", BORDER)
    places = [(1.5, x) for x in range(-2, 6)] + [(y, 0.25) for y in range(-2, 5)]
    ask(student, im, places, "one coordinate whole", BORDER)


@pytest.mark.task("bilinear")
def test_bilinear_far_away(student, rng):
    im = image(rng, 3, 4)
    far = (-1.5, -7.25, 4.5, 99.5, 1e10, -1e10, 1e300, np.inf, -np.inf)
    places = [(y, 1.5) for y in far] + [(1.5, x) for x in far] + [(np.inf, -np.inf)]
    places += [(np.inf, np.inf), (np.inf, 0.0), (0.0, -np.inf)]
    ask(student, im, places, "far away", "The contract: 0 for coordinates far away.")


@pytest.mark.task("bilinear")
def test_bilinear_at_nan(student, rng):
    im, look = image(rng, 3, 4), "The contract: NaN where y or x is NaN."
    for place in (
        (np.nan, 1.0),
        (1.0, np.nan),
        (np.nan, np.inf),
        (-7.0, np.nan),
        (np.inf, np.nan),
        (np.nan, -7.0),
    ):
        got = student.bilinear(im, *place)
        where = f"bilinear at {place}"
        check.true(isinstance(got, float), where=where, evidence="not a float")
        check.close(got, np.nan, where=where, look=look)


@pytest.mark.task("bilinear")
def test_bilinear_of_narrow_images(student, rng):
    for shape in ((1, 1), (1, 5), (6, 1)):
        places = [(rng.uniform(-1, n), rng.uniform(-1, m)) for n, m in [shape] * 6]
        places += [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (-0.5, 0.0)]
        ask(student, image(rng, *shape), places, f"an image of {shape}", BORDER)


@pytest.mark.task("bilinear")
def test_bilinear_of_other_dtypes(student, rng):
    look = "The contract: any float or integer dtype, computed in float64."
    places = [(rng.uniform(-1, 3), rng.uniform(-1, 4)) for _ in range(12)]
    for dtype, low, high in (
        ("uint8", 0, 256), ("int8", -128, 128), ("int64", -(2**40), 2**40),
        ("uint64", 2**63, 2**63 + 2**60), ("float16", -60000, 60000),
        ("float32", -1e6, 1e6),
    ):  # fmt: skip
        im = rng.uniform(low, high, (3, 4)).astype(dtype)
        ask(student, im, places, f"an image of {dtype}", look)
    near = [(1 - 2.0**-21, 1.5), (0.75, 2 + 2.0**-21)]
    single = [(np.float32(y), np.float32(x)) for y, x in places]
    ask(student, image(rng, 3, 4), near, "close to a whole coordinate", BORDER)
    ask(student, image(rng, 3, 4), single, "coordinates in float32", look)


@pytest.mark.task("bilinear")
def test_bilinear_leaves_the_image_alone(student, rng):
    im = image(rng, 4, 3)
    given = student.keep(np.ascontiguousarray(im.T).T)
    got = [student.bilinear(given, y, x) for y, x in ((0.5, 0.25), (-0.5, 2.5))]
    where = "bilinear of a transposed view"
    check.unchanged(student.fetch(given), im, where=where)
    want = [value_at(im, 0.5, 0.25), value_at(im, -0.5, 2.5)]
    check.close(np.array(got), np.array(want), atol=1e-11, where=where, look=BORDER)
