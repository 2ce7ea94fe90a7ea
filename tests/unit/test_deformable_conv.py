"""The reference of lesson 08 against torchvision's answers and against differences."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.student.lesson import find_course

TWIN = find_course(Path(__file__)).lesson("08-deformable-conv").twin_dir
REFERENCE = runpy.run_path(str(TWIN / "reference.py"))
GOLDEN = runpy.run_path(str(TWIN / "hidden/golden.py"))
Array = np.ndarray[Any, np.dtype[Any]]


def test_forward_is_torchvisions_in_every_configuration() -> None:
    outputs, _ = GOLDEN["answers"]()
    assert len(outputs) >= 200
    for number, want in enumerate(outputs):
        (*arrays, _), options = GOLDEN["configuration"](number)
        got = REFERENCE["deform_conv2d"](*arrays, **options)
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5, err_msg=str(number))


def test_gradients_are_torchvisions_in_every_configuration() -> None:
    _, products = GOLDEN["answers"]()
    for number, want in enumerate(products):
        arrays, options = GOLDEN["configuration"](number)
        got = REFERENCE["deform_conv2d_backward"](arrays[4], *arrays[:3], **options)
        probes = GOLDEN["probes"](number)
        sums = [(a * b).sum() for a, b in zip(got, probes, strict=True)]
        np.testing.assert_allclose(sums, want, rtol=0, atol=1e-10)


@pytest.mark.parametrize("number", range(0, 60, 6))
def test_gradients_are_differences(number: int) -> None:
    (*fixed, dy), options = GOLDEN["configuration"](number)
    leaves = [array.copy() for array in fixed]
    grads = REFERENCE["deform_conv2d_backward"](dy, *leaves[:3], **options)
    rng, step = np.random.default_rng(number), 1e-6

    def loss() -> float:
        return float((REFERENCE["deform_conv2d"](*leaves, **options) * dy).sum())

    for array, grad in zip(leaves, grads, strict=True):
        for place in rng.integers(0, array.size, 12):
            flat: Array = array.reshape(-1)
            kept = flat[place]
            flat[place] = kept + step
            above = loss()
            flat[place] = kept - step
            below = loss()
            flat[place] = kept
            slope = (above - below) / (2 * step)
            assert abs(slope - grad.reshape(-1)[place]) < 1e-6 * max(1.0, abs(slope))
