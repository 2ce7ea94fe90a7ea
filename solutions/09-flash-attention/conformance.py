"""Calls of this lesson's host functions that are tried on Triton as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def heads(dtype: str, n: int, m: int, d: int) -> Callable[..., list[np.ndarray]]:
    """Return what makes q, k and v of two batches and three heads."""

    def make(rng: np.random.Generator) -> list[np.ndarray]:
        return [rng.standard_normal((2, 3, s, d)).astype(dtype) for s in (n, m, m)]

    return make


def backward(dtype: str, n: int, m: int, d: int) -> Callable[..., list[np.ndarray]]:
    """Return what makes q, k, v, o, lse and do, of scores near 0."""

    def make(rng: np.random.Generator) -> list[np.ndarray]:
        q, k, v = heads(dtype, n, m, d)(rng)
        o = np.broadcast_to(v.mean(axis=2, keepdims=True), q.shape)
        lse = np.full(q.shape[:3], np.log(m), np.float32)
        do = rng.standard_normal(q.shape).astype(dtype)
        return [q, k, v, o.astype(dtype), lse, do]

    return make


def cache(dtype: str, n: int, m: int, d: int) -> Callable[..., list[np.ndarray]]:
    """Return what makes q of six heads, k and v of two, and lengths."""

    def make(rng: np.random.Generator) -> list[np.ndarray]:
        shapes = (3, 6, n, d), (3, 2, m, d), (3, 2, m, d)
        arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
        return [*arrays, np.array([m, m // 2, 0], np.int32)]

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
    {
        "function": "attention_backward",
        "inputs": backward("float32", 40, 53, 20),
        "options": {},
        "tolerance": 2e-5,
    },
    {
        "function": "attention_backward",
        "inputs": backward("float16", 32, 48, 16),
        "options": {"block_n": 16},
        "tolerance": 4e-3,
    },
    {
        "function": "decode_attention",
        "inputs": cache("float32", 3, 90, 20),
        "options": {"splits": 4},
        "tolerance": 1e-5,
    },
    {
        "function": "decode_attention",
        "inputs": cache("float16", 1, 70, 16),
        "options": {"splits": 9, "block_n": 32},
        "tolerance": 2e-3,
    },
]


def long_heads(rng: np.random.Generator) -> list[np.ndarray]:
    """Return q, k and v of eight heads, 4,096 tokens and 64 features, in float16."""
    shape = (1, 8, 4096, 64)
    return [rng.standard_normal(shape, "float32").astype("float16") for _ in range(3)]


def attention(causal: bool) -> Callable[..., Callable[[], Any]]:
    """Return PyTorch's own attention, ready to be timed."""

    def ready(torch: Any, q: Any, k: Any, v: Any) -> Callable[[], Any]:
        library = torch.nn.functional.scaled_dot_product_attention
        return lambda: library(q, k, v, is_causal=causal)

    return ready


TIMED = [
    {
        "function": function,
        "inputs": long_heads,
        "options": {"block_m": 64, "block_n": 64},
        "tolerance": 4e-3,  # PyTorch rounds the probabilities to float16, we do not
        "library": attention(causal),
    }
    for function, causal in (("flash_attention", False), ("causal_attention", True))
]
