"""Calls of the lessons' kernels that are tried on Triton, and timed on a GPU.

A lesson lists them in `solutions/NN-name/conformance.py`, dictionaries of `HostCall`'s
fields without `lesson`:

- `CALLS`: small, for every implementation; they run on the simulator and on Triton;
- `TIMED`: as large as they are used, with `library`; they run on a GPU alone.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograder.student.lab.tiles import record, replay
from autograder.student.lesson import Course, Lesson

Arrays = list[np.ndarray[Any, Any]]


@dataclass(frozen=True)
class HostCall:
    """A call of a host function of a lesson.

    Args:
        lesson: its folder.
        function: the host function's name.
        inputs: makes the arrays, the function's positional arguments.
        tolerance: relative and absolute, between any two right answers.
        options: the function's keyword arguments.
        library: gets the module torch and the inputs as tensors on a GPU, and returns
            what is timed: a function without arguments that returns the same arrays,
            or the first of them. An ImportError says what is not installed.
        title: what a table calls it, where the function's name is not enough.
    """

    lesson: str
    function: str
    inputs: Callable[[np.random.Generator], Arrays]
    tolerance: float
    options: dict[str, Any] = field(default_factory=dict)
    library: Callable[..., Callable[[], Any]] | None = None
    title: str = ""

    @property
    def name(self) -> str:
        """Name the call in a table."""
        return f"{self.lesson[:2]} {self.title or self.function}"


@dataclass(frozen=True)
class Recorded:
    """What a call launched, and the arrays that it was recorded with."""

    evidence: dict[str, Any]
    inputs: Arrays

    @property
    def shapes(self) -> str:
        """Write the shapes of the inputs: `37x43 43x52`."""
        return " ".join("x".join(map(str, array.shape)) for array in self.inputs)

    @property
    def programs(self) -> int:
        """Count the programs of all launches."""
        return sum(int(np.prod(one["grid"])) for one in self.evidence["launches"])

    def on_simulator(self, shuffle: int | None = None) -> dict[str, Any]:
        """Replay it; a kernel that is tried here may also write to its inputs."""
        writable = range(len(self.inputs))
        return replay(self.evidence, self.inputs, shuffle, writable)


def record_call(call: HostCall, module: ModuleType, seed: int = 0) -> Recorded:
    """Record a call of an implementation's host function; nothing runs."""
    inputs = call.inputs(np.random.default_rng(seed))
    host = getattr(module, call.function)
    return Recorded(record(host, inputs, call.options), inputs)


def kernel_lessons(course: Course) -> Iterator[tuple[Lesson, ModuleType]]:
    """Yield the lessons that list calls, each with its `conformance.py`."""
    for lesson in course.lessons:
        path = lesson.reference_path.with_name("conformance.py")
        if path.is_file():
            yield lesson, imported(path)


def calls_of(lesson: Lesson, listed: Sequence[dict[str, Any]]) -> list[HostCall]:
    """Read a lesson's `CALLS` or `TIMED`."""
    return [HostCall(lesson=lesson.id, **one) for one in listed]


def imported(path: Path) -> ModuleType:
    """Import a file of a lesson's twin: its reference, say, or an alternative."""
    name = f"{path.stem}_{path.parent.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
