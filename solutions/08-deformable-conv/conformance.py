"""Calls of this lesson's host functions that are tried on Triton as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def layer(
    channels: int, outputs: int, groups: int, out: tuple[int, int], *, dy: bool
) -> Callable[..., list[np.ndarray]]:
    """Return what makes the arrays of two images of 7 x 6 and a kernel of 3 x 2."""

    def make(rng: np.random.Generator) -> list[np.ndarray]:
        shapes = [
            (2, channels, 7, 6),
            (2, 12 * groups, *out),
            (outputs, channels, 3, 2),
        ]
        arrays = [rng.standard_normal(shape).astype("float32") for shape in shapes]
        arrays[1][:, 0, 0] = 1e10  # beyond every int
        arrays[1][:, 1, 1] = -1.0
        before = rng.standard_normal((2, outputs, *out)).astype("float32")
        return [before, *arrays] if dy else arrays

    return make


MOVES = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}
CALLS = [
    {
        "function": "deform_forward",
        "inputs": layer(3, 5, 1, (5, 5), dy=False),
        "options": {},
        "tolerance": 1e-4,
    },
    {
        "function": "deform_forward",
        "inputs": layer(36, 18, 2, (4, 8), dy=False),
        "options": {**MOVES, "block_p": 32},
        "tolerance": 1e-4,
    },
    {
        "function": "deform_backward",
        "inputs": layer(3, 5, 1, (5, 5), dy=True),
        "options": {},
        "tolerance": 1e-4,
    },
    {
        "function": "deform_backward",
        "inputs": layer(36, 18, 2, (4, 8), dy=True),
        "options": {**MOVES, "block_c": 32},
        "tolerance": 1e-4,
    },
]

LARGE = (4, 64, 64, 64), (4, 18, 64, 64), (64, 64, 3, 3)  # x, offset, weight


def large(rng: np.random.Generator) -> list[np.ndarray]:
    """Return an image, offsets of a pixel or two, and weights."""
    arrays = [rng.standard_normal(shape, "float32") for shape in LARGE]
    arrays[1] *= 2
    return arrays


def large_with_gradient(rng: np.random.Generator) -> list[np.ndarray]:
    """Return a gradient by the output, and then what `large` returns."""
    return [rng.standard_normal((4, 64, 64, 64), "float32"), *large(rng)]


def forward(torch: Any, x: Any, offset: Any, weight: Any) -> Callable[[], Any]:
    """Return torchvision's operator, ready to be timed."""
    from torchvision.ops import deform_conv2d

    return lambda: deform_conv2d(x, offset, weight, padding=1)


def backward(
    torch: Any, dy: Any, x: Any, offset: Any, weight: Any
) -> Callable[[], Any]:
    """Return the gradients of torchvision's operator, ready to be timed."""
    from torchvision.ops import deform_conv2d

    leaves = [one.detach().requires_grad_() for one in (x, offset, weight)]
    y = deform_conv2d(*leaves, padding=1)
    return lambda: torch.autograd.grad(y, leaves, dy, retain_graph=True)


BLOCKS = {"padding": 1, "block_p": 64, "block_c": 32}
TIMED = [
    {
        "function": "deform_forward",
        "inputs": large,
        "options": BLOCKS,
        "tolerance": 1e-4,
        "library": forward,
    },
    {
        "function": "deform_backward",
        "inputs": large_with_gradient,
        "options": BLOCKS,
        "tolerance": 1e-3,
        "library": backward,
    },
]
