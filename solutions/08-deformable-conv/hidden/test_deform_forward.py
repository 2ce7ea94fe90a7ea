"""Hidden tests of `deform_forward`: launches on the simulator."""

import numpy as np
import pytest
from hidden.launches import inputs, launch

NAME = "deform_forward"
LOOK = "Chapter, step 8."
MOVES = {"stride": (4, 3), "padding": (1, 2), "dilation": (5, 6)}


@pytest.mark.task("deform_forward", weight=2, core=True)
def test_kernel_of_ragged_tiles(meter, rng):
    given = inputs(rng, 2, 3, (5, 6), 5, (1, 2))
    launch(meter, NAME, "2 images, ragged tiles", given, LOOK)


@pytest.mark.task("deform_forward", weight=2, core=True)
def test_kernel_with_options_and_groups(meter, rng):
    look = (
        "Chapter, step 8: base points as in step 3; which offsets for which channels?"
    )
    given = inputs(rng, 2, 4, (14, 9), 3, (3, 2), offset_groups=2, **MOVES)
    kind = "2 tall images, 2 offset groups, pairs for all options"
    launch(meter, NAME, kind, given, look, **MOVES)


@pytest.mark.task("deform_forward", weight=2, core=True)
def test_kernel_of_many_channels(meter, rng):
    look = (
        "Chapter, step 8: channels come in blocks, and each output needs all of them."
    )
    given = inputs(rng, 1, 38, (4, 5), 18, (2, 1), offset_groups=2)
    launch(meter, NAME, "38 channels, 18 outputs, 2 offset groups", given, look)


@pytest.mark.task("deform_forward", weight=2, core=True)
def test_kernel_at_the_border(meter, rng):
    look = "Chapter, step 8: every corner has a mask of its own."
    given = inputs(rng, 1, 2, (4, 4), 3, (3, 3), padding=1, size=1.0)
    given[0][...] += 5.0
    launch(meter, NAME, "samples at the border", given, look, padding=1)


@pytest.mark.task("deform_forward")
def test_kernel_of_far_and_whole_offsets(meter, rng):
    look = "Chapter, step 8: bring coordinates near before they become ints."
    given = inputs(rng, 1, 2, (5, 6), 2, (2, 2), padding=1)
    far = [np.inf, -np.inf, 1e10, -1e10, 3e38, 0.4]
    given[1][:, 0] = np.resize(far, given[1][:, 0].shape)
    given[1][:, 3] = np.resize(far[::-1], given[1][:, 3].shape)
    given[1][:, 4:] = rng.integers(-2, 3, given[1][:, 4:].shape)
    launch(meter, NAME, "far and whole offsets", given, look, padding=1)


@pytest.mark.task("deform_forward")
def test_kernel_in_other_blocks(meter, rng):
    look = "Chapter, step 8: block_p and block_c decide grid and blocks."
    given = inputs(rng, 1, 20, (6, 7), 4, (2, 2))
    launch(meter, NAME, "block_p 32", given, look, block_p=32)
    launch(meter, NAME, "block_c 32", given, look, block_c=32)


@pytest.mark.task("deform_forward")
def test_kernel_of_small_shapes(meter, rng):
    for kind, sizes in (
        ("one pixel, one channel, one output", (1, 1, (1, 1), 1, (1, 1))),
        ("16 pixels fill the tile, 16 channels", (2, 16, (4, 4), 16, (1, 1))),
        ("a kernel as large as the image", (3, 1, (3, 2), 2, (3, 2))),
    ):
        launch(meter, NAME, kind, inputs(rng, *sizes), LOOK)
    given = inputs(rng, 1, 1, (4, 12), 1, (1, 1), stride=(2, 1))
    launch(meter, NAME, "a wide image, stride (2, 1)", given, LOOK, stride=(2, 1))
    launch(
        meter,
        NAME,
        "40 channels, 67 outputs",
        inputs(rng, 1, 40, (3, 3), 67, (1, 1)),
        LOOK,
    )
    launch(
        meter,
        NAME,
        "3 offset groups",
        inputs(rng, 1, 3, (3, 3), 1, (1, 1), offset_groups=3),
        LOOK,
    )
    launch(
        meter,
        NAME,
        "block_p 64",
        inputs(rng, 1, 2, (9, 9), 2, (1, 1)),
        LOOK,
        block_p=64,
    )
    launch(meter, NAME, "12 taps, 4 images", inputs(rng, 4, 1, (4, 6), 1, (3, 4)), LOOK)
