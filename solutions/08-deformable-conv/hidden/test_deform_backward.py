"""Hidden tests of `deform_backward`: launches on the simulator."""

import numpy as np
import pytest
from hidden.launches import inputs, launch

NAME = "deform_backward"
LOOK = "Chapter, step 9."
ATOMIC = "Chapter, step 9: what several lanes or programs add to is added atomically."
MOVES = {"stride": (4, 3), "padding": (1, 2), "dilation": (5, 6)}


def ask(meter, rng, kind, given, look=LOOK, **options):
    x, offset, weight = given
    shape = (len(x), len(weight), *offset.shape[2:])
    dy = rng.normal(0.3, 1.0, shape).astype(np.float32)
    launch(meter, NAME, kind, given, look, dy=dy, **options)


@pytest.mark.task("deform_backward", weight=2, core=True)
def test_kernel_gradients_of_ragged_tiles(meter, rng):
    given = inputs(rng, 2, 3, (5, 6), 5, (1, 2))
    ask(meter, rng, "2 images, ragged tiles", given)


@pytest.mark.task("deform_backward", weight=2, core=True)
def test_kernel_gradients_within_one_program(meter, rng):
    x, offset, weight = inputs(rng, 1, 2, (4, 4), 3, (1, 1), size=0.0)
    rows, cols = np.mgrid[0:4, 0:4]
    offset[:, 0] = 1.25 - rows  # all lanes of the only program read four pixels
    offset[:, 1] = 2.5 - cols
    given = [x, offset, weight]
    ask(meter, rng, "one program, whose lanes all meet", given, ATOMIC)


@pytest.mark.task("deform_backward", weight=2, core=True)
def test_kernel_gradients_with_options_and_groups(meter, rng):
    given = inputs(rng, 2, 4, (14, 9), 3, (3, 2), offset_groups=2, **MOVES)
    kind = "2 tall images, 2 offset groups, pairs for all options"
    ask(meter, rng, kind, given, **MOVES)


@pytest.mark.task("deform_backward", weight=2, core=True)
def test_kernel_gradients_of_many_channels(meter, rng):
    given = inputs(rng, 1, 38, (4, 5), 18, (2, 1), offset_groups=2)
    look = "Chapter, step 9: an offset feels all channels that share it."
    ask(meter, rng, "38 channels, 18 outputs, 2 offset groups", given, look)


@pytest.mark.task("deform_backward", core=True)
def test_kernel_gradients_at_whole_offsets(meter, rng):
    look = "Chapter, step 9; step 2: at a whole number, the slope to the right."
    given = inputs(rng, 1, 2, (3, 4), 2, (2, 2), size=0.0, padding=1)
    given[1][...] = rng.integers(-1, 2, given[1].shape)
    ask(meter, rng, "whole offsets", given, look, padding=1)


@pytest.mark.task("deform_backward")
def test_kernel_gradients_of_far_offsets(meter, rng):
    look = "Chapter, step 8: bring coordinates near before they become ints."
    given = inputs(rng, 1, 2, (3, 4), 2, (2, 2), padding=2)
    far = [np.inf, -np.inf, 1e10, -1e10, 3e38, 0.4]
    given[1][:, 0] = np.resize(far, given[1][:, 0].shape)
    given[1][:, 3] = np.resize(far[::-1], given[1][:, 3].shape)
    ask(meter, rng, "far offsets", given, look, padding=2)


@pytest.mark.task("deform_backward")
def test_kernel_gradients_in_other_blocks(meter, rng):
    look = "Chapter, step 8: block_p and block_c decide grid and blocks."
    given = inputs(rng, 1, 20, (6, 7), 4, (2, 2))
    ask(meter, rng, "block_p 32", given, look, block_p=32)
    ask(meter, rng, "block_c 32", given, look, block_c=32)


@pytest.mark.task("deform_backward")
def test_kernel_gradients_of_small_shapes(meter, rng):
    for kind, sizes in (
        ("one pixel, one channel, one output", (1, 1, (1, 1), 1, (1, 1))),
        ("16 pixels fill the tile, 16 channels", (2, 16, (4, 4), 16, (1, 1))),
    ):
        ask(meter, rng, kind, inputs(rng, *sizes))
    given = inputs(rng, 1, 1, (4, 12), 1, (1, 1), stride=(2, 1))
    ask(meter, rng, "a wide image, stride (2, 1)", given, stride=(2, 1))
    ask(meter, rng, "40 channels, 67 outputs", inputs(rng, 1, 40, (3, 3), 67, (1, 1)))
    ask(
        meter,
        rng,
        "3 offset groups",
        inputs(rng, 1, 3, (3, 3), 1, (1, 1), offset_groups=3),
    )
    ask(meter, rng, "block_p 64", inputs(rng, 1, 2, (9, 9), 2, (1, 1)), block_p=64)
    ask(meter, rng, "12 taps, 4 images", inputs(rng, 4, 1, (4, 6), 1, (3, 4)))
