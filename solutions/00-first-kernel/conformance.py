"""Calls of this lesson's host functions that are tried on Triton as well."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def normals(dtype: str, *shapes: tuple[int, ...]) -> Callable[..., list[np.ndarray]]:
    """Return what makes arrays of standard normals."""

    def make(rng: np.random.Generator) -> list[np.ndarray]:
        return [rng.standard_normal(shape).astype(dtype) for shape in shapes]

    return make


def numbers(rng: np.random.Generator) -> list[np.ndarray]:
    """Return a vector of small whole numbers."""
    return [rng.integers(0, 9, 1000).astype("int32")]


SINGLE, HALF = 1e-5, 2e-3
CALLS = [
    {
        "function": name,
        "inputs": inputs,
        "options": options,
        "tolerance": tolerance,
    }
    for name, inputs, options, tolerance in (
        ("copy", normals("float16", (300,)), {"block": 16}, 0.0),
        ("add", normals("float32", (1000,), (1000,)), {}, 0.0),
        ("row_max", normals("float32", (15, 37)), {}, 0.0),
        ("transpose", normals("float32", (37, 52)), {}, 0.0),
        ("matmul", normals("float32", (37, 43), (43, 52)), {"block": 32}, SINGLE),
        ("matmul", normals("float16", (20, 40), (40, 16)), {}, HALF),
        ("histogram", numbers, {"bins": 9}, 0.0),
    )
]

TIMED = [
    {
        "function": "copy",
        "inputs": normals("float32", (2**22,)),
        "options": {"block": 1024},
        "tolerance": 0.0,
        "library": lambda torch, x: lambda: torch.clone(x),
    },
    {
        "function": "transpose",
        "inputs": normals("float32", (2048, 2048)),
        "options": {"block": 32},
        "tolerance": 0.0,
        "library": lambda torch, x: lambda: x.T.contiguous(),
    },
    {
        "function": "matmul",
        "inputs": normals("float32", (1024, 1024), (1024, 1024)),
        "options": {"block": 64},
        "tolerance": 1e-4,  # sums of 1,024 products, in two orders
        "library": lambda torch, a, b: lambda: a @ b,
    },
]
