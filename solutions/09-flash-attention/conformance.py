"""Calls of this lesson's host functions that are tried on Triton as well."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def heads(dtype: str, n: int, m: int, d: int) -> Callable[..., list[np.ndarray]]:
    """Return what makes q, k and v of two batches and three heads."""

    def make(rng: np.random.Generator) -> list[np.ndarray]:
        return [rng.standard_normal((2, 3, s, d)).astype(dtype) for s in (n, m, m)]

    return make


CALLS = [
    {
        "function": "flash_attention",
        "inputs": heads("float32", 50, 37, 16),
        "options": {"block_m": 16},
        "tolerance": 1e-5,
    },
    {
        "function": "flash_attention",
        "inputs": heads("float16", 40, 40, 20),
        "options": {},
        "tolerance": 2e-3,
    },
    {
        "function": "causal_attention",
        "inputs": heads("float32", 40, 50, 8),
        "options": {"block_n": 32},
        "tolerance": 1e-5,
    },
]
