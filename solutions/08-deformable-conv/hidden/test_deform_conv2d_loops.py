"""Hidden tests of `deform_conv2d_loops`; `convolutions.py` says what each asks."""

import pytest
from hidden import convolutions as ask
from hidden.golden import ASKED_LOOPS

NAME = "deform_conv2d_loops"


@pytest.mark.task("deform_conv2d_loops", weight=2, core=True)
def test_loops_answer_as_torchvision_does(student):
    ask.run_golden(student, NAME, ASKED_LOOPS)


@pytest.mark.task("deform_conv2d_loops", core=True)
def test_loops_of_zero_offsets(student, rng):
    ask.run_plain(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops", core=True)
def test_loops_with_groups(student, rng):
    ask.run_groups(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops", core=True)
def test_loops_with_one_tap_moved(student, rng):
    ask.run_places(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops", core=True)
def test_loops_at_the_border(student, rng):
    ask.run_border(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops")
def test_loops_of_far_offsets(student, rng):
    ask.run_far(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops")
def test_loops_of_small_shapes(student, rng):
    ask.run_shapes(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops")
def test_loops_in_single_precision(student, rng):
    ask.run_single(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops")
def test_loops_in_half_precision(student, rng):
    ask.run_half(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops")
def test_loops_of_strided_views(student, rng):
    ask.run_views(student, rng, NAME)


@pytest.mark.task("deform_conv2d_loops")
def test_loops_refuse_offsets_that_do_not_fit(student):
    ask.run_unfit(student, NAME)
