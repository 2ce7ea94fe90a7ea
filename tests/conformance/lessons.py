"""The lessons' own kernels, recorded from their references, to try on Triton.

A lesson that grows a kernel adds its host function here.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
Arrays = list[np.ndarray]


@dataclass(frozen=True)
class HostCall:
    """A call of a host function of a lesson's reference."""

    lesson: str
    function: str
    inputs: Callable[[np.random.Generator], Arrays]
    options: dict[str, Any]
    tolerance: float

    @property
    def name(self) -> str:
        """Name the call in a test's id."""
        return f"{self.lesson[:2]} {self.function}"


def heads(dtype: str, n: int, m: int, d: int) -> Callable[..., Arrays]:
    """Return q, k and v of two batches and three heads."""

    def make(rng: np.random.Generator) -> Arrays:
        return [rng.standard_normal((2, 3, s, d)).astype(dtype) for s in (n, m, m)]

    return make


CALLS = [
    HostCall("09-flash-attention", "flash_attention", heads("float32", 50, 37, 16),
             {"block_m": 16}, 1e-5),
    HostCall("09-flash-attention", "flash_attention", heads("float16", 40, 40, 20),
             {}, 2e-3),
    HostCall("09-flash-attention", "causal_attention", heads("float32", 40, 50, 8),
             {"block_n": 32}, 1e-5),
]  # fmt: skip


def reference(lesson: str) -> ModuleType:
    """Import a lesson's reference from its file."""
    path = ROOT / "solutions" / lesson / "reference.py"
    spec = importlib.util.spec_from_file_location(f"reference_{lesson[:2]}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
