"""Calls of this lesson's host functions that are tried on Triton as well."""

from __future__ import annotations

from collections.abc import Callable

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
