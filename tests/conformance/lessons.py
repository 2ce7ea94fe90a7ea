"""The lessons' own kernels, recorded from their references, to try on Triton.

A lesson that grows a kernel lists calls of its host functions in
`solutions/NN-name/conformance.py`: `CALLS`, a dictionary of `HostCall`'s fields each.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
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


def reference(lesson: str) -> ModuleType:
    """Import a lesson's reference from its file."""
    return _imported(SOLUTIONS / lesson / "reference.py")


def _imported(path: Path) -> ModuleType:
    name = f"{path.stem}_{path.parent.name[:2]}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CALLS = [
    HostCall(lesson=path.parent.name, **call)
    for path in sorted(SOLUTIONS.glob("*/conformance.py"))
    for call in _imported(path).CALLS
]
