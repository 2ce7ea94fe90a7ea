"""What carries a launch out: a session. By default it simulates at once.

While a host function is being recorded (`record.py`) another session is current and
launches are noted, not run.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .dtypes import Shape, dtype_of
from .errors import TileError
from .launch import Grid, run
from .memory import Array, Segment, View, address, element_strides, refused_dtype, span
from .meter import Meter
from .program import Program
from .remarks import remarks
from .signature import Parameter
from .state import poison, state

WORKSPACE_LIMIT = 1 << 28  # bytes that one host function may allocate
BYTES = 8  # of an element, whatever its dtype: the simulator's own notes count too


@dataclass(frozen=True)
class Unchecked:
    """A kernel as a recording notes it."""

    name: str
    parameters: tuple[Parameter, ...]
    bundle: list[dict[str, Any]]


class Launchable(Protocol):
    """What a session needs of a kernel."""

    def program(self) -> Program:
        """Check and link the kernel."""

    def unchecked(self) -> Unchecked:
        """Describe the kernel as Python sees it, for a recording."""


class Session(Protocol):
    """What allocates memory and carries out launches."""

    def allocate(self, shape: Shape, dtype: np.dtype[Any], fill: object) -> Array:
        """Return new memory; `fill` None means uninitialised."""

    def prepare(self, kernel: Launchable) -> Any:
        """Return the kernel as `launch` takes it: with a name and parameters."""

    def launch(self, program: Any, grid: Grid, arguments: Mapping[str, object]) -> None:
        """Carry out one launch."""


def new_array(shape: Shape, dtype: np.dtype[Any], fill: object) -> Array:
    """Allocate an array, poisoned where nothing fills it."""
    array = np.empty(shape, dtype)
    array[...] = poison(dtype) if fill is None else fill
    return array


class Eager:
    """Simulates each launch where it stands."""

    def __init__(self) -> None:
        self.last = Meter()
        self.open: list[Meter] = []
        self.told: tuple[Program | None, str] = (None, "")
        self.fresh: dict[int, weakref.ref[Array]] = {}

    def allocate(self, shape: Shape, dtype: np.dtype[Any], fill: object) -> Array:
        """Return a NumPy array, remembering the uninitialised ones."""
        array = new_array(shape, dtype, fill)
        if fill is None:
            key = id(array)
            self.fresh[key] = weakref.ref(array, lambda _: self.fresh.pop(key, None))
        return array

    def prepare(self, kernel: Launchable) -> Program:
        """Check and link the kernel."""
        return kernel.program()

    def launch(
        self, program: Program, grid: Grid, arguments: Mapping[str, object]
    ) -> None:
        """Run the launch on the arrays themselves."""
        arrays = {k: v for k, v in arguments.items() if isinstance(v, np.ndarray)}
        views, segments = views_of(arrays)
        for segment in segments:
            if self.is_fresh(segment.data):
                segment.written = ~is_poison(segment.data)
        try:
            meter = run(program, grid, {**arguments, **views}, segments)
        finally:
            state.tell_printed()
        self.last = meter
        self.remark(program, remarks(meter))
        for total in self.open:
            total.add(meter)

    def remark(self, program: Program, text: str) -> None:
        """Print what went wrong in a launch, once where launches are alike."""
        before, said = self.told
        if text and (before is not program or said != text):
            print(text)
            self.told = program, text

    def is_fresh(self, data: Array) -> bool:
        """Say whether memory came from device.empty."""
        start = address(data)
        for ref in list(self.fresh.values()):
            made = ref()
            if made is not None and 0 <= start - address(made) < max(made.nbytes, 1):
                return True
        return False


def is_poison(data: Array) -> Any:
    """Mark the elements that hold the poison of their dtype; a bool has none."""
    if data.dtype == np.bool_:
        return np.zeros(data.shape, np.bool_)
    bits = f"u{data.itemsize}"
    return data.view(bits) == np.asarray(poison(data.dtype)).view(bits)


def views_of(arrays: Mapping[str, Array]) -> tuple[dict[str, View], list[Segment]]:
    """Turn arrays into views; arrays that overlap share a segment."""
    known = []
    for name, array in arrays.items():
        if dtype_of(array.dtype) is None:
            raise TileError(refused_dtype(name, array.dtype))
        strides = element_strides(array)
        low, high = span(array.shape, strides)
        start = address(array) + low * array.itemsize
        known.append((start, start + (high - low + 1) * array.itemsize, name, strides))
    known.sort(key=lambda one: (one[0], -one[1]))
    groups: list[list[tuple[int, int, str, Shape]]] = []
    end = -1
    for one in known:
        if groups and one[0] < end:
            groups[-1].append(one)
        else:
            groups.append([one])
        end = max(end, one[1]) if len(groups[-1]) > 1 else one[1]
    views: dict[str, View] = {}
    segments = []
    for group in groups:
        first = arrays[group[0][2]]
        start, stop = group[0][0], max(one[1] for one in group)
        names = ", ".join(one[2] for one in group)
        if any(arrays[one[2]].dtype != first.dtype for one in group):
            raise TileError(f"{names} share memory but not a dtype.")
        segment = Segment(_flat(first, (stop - start) // first.itemsize), names)
        segments.append(segment)
        for low, _, name, strides in group:
            if (low - start) % first.itemsize:
                raise TileError(f"{names} share memory in parts of elements.")
            array = arrays[name]
            base = (address(array) - start) // first.itemsize
            views[name] = View(segment, base, array.shape, strides, name)
    return views, segments


def _flat(array: Array, size: int) -> Array:
    """Return the memory from an array's lowest element on, as one axis."""
    if size == 0:
        return np.empty(0, array.dtype)
    corner = tuple(
        slice(n - 1, n) if s < 0 else slice(0, 1)
        for n, s in zip(array.shape, array.strides, strict=True)
    )
    return as_strided(array[corner], (size,), (array.itemsize,))


_eager = Eager()
_stack: list[Session] = [_eager]


def current() -> Session:
    """Return the session that carries out launches now."""
    return _stack[-1]


@contextmanager
def using(session: Session) -> Iterator[None]:
    """Make another session current for a while."""
    _stack.append(session)
    try:
        yield
    finally:
        _stack.remove(session)


def last_meter() -> Meter:
    """Return the meter of the last launch that was simulated at once."""
    return _eager.last


@contextmanager
def meter() -> Iterator[Meter]:
    """Add up all launches inside the `with` block."""
    total = Meter()
    _eager.open.append(total)
    try:
        yield total
    finally:
        _eager.open.remove(total)


def check_shape(shape: object) -> Shape:
    """Read an allocation's shape and cap its size."""
    dims: Sequence[Any] = shape if isinstance(shape, tuple | list) else (shape,)
    sizes = []
    for dim in dims:
        if not isinstance(dim, int | np.integer) or isinstance(dim, bool) or dim < 0:
            raise TileError(
                f"an array's shape is a tuple of ints, got {shape!r}."[:200]
            )
        sizes.append(int(dim))
    total = BYTES
    for size in sizes:
        total *= max(size, 1)
    if len(sizes) > 8 or total > WORKSPACE_LIMIT:
        raise TileError(f"an array of shape {tuple(sizes)} is too large to simulate.")
    return tuple(sizes)
