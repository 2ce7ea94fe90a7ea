"""Memory as kernels see it: segments that hold data, views that arguments point to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .dtypes import DTYPES, DType, Shape, dtype_of
from .errors import AccessError, TileError

Array = np.ndarray[Any, Any]


class Segment:
    """One stretch of memory: an input, or what device.empty made.

    `written` marks the elements that something wrote, where that is worth knowing
    (memory from device.empty). The maps hold, for the current launch only, which
    program wrote or read each element: 0 none, n program n - 1, -1 several.
    """

    def __init__(self, data: Array, name: str, written: Array | None = None) -> None:
        self.data = data  # one axis, contiguous
        self.name = name
        self.written = written
        self.changed = False  # some launch stored to it
        self.watch_reads = False
        self.begin()

    def begin(self) -> None:
        """Forget the previous launch."""
        if self.written is not None and self.written.all():
            self.written = None
        self.was_read = False
        self.saved: Array | None = None
        self.saved_written: Array | None = None
        self.writers: Array | None = None
        self.readers: Array | None = None
        self.atomics: Array | None = None
        self.lanes: Array | None = None
        if self.watch_reads:
            self.readers = np.zeros(self.data.size, np.int32)

    def save(self) -> None:
        """Keep the contents from before the launch, in case it must run again."""
        if self.saved is None:
            self.saved = self.data.copy()
            self.saved_written = None if self.written is None else self.written.copy()
            self.writers = np.zeros(self.data.size, np.int32)
            if self.readers is None:
                self.readers = np.zeros(self.data.size, np.int32)
            self.changed = True

    def restore(self) -> None:
        """Undo the launch."""
        if self.saved is not None:
            self.data[:] = self.saved
            self.written = self.saved_written


class View:
    """What one kernel argument points to: a strided window on a segment.

    Offsets count elements from the view's first one, as pointer arithmetic does.
    """

    def __init__(
        self, segment: Segment, base: int, shape: Shape, strides: Shape, name: str
    ) -> None:
        self.segment = segment
        self.base = base
        self.shape = shape
        self.strides = strides
        self.name = name
        dtype = dtype_of(segment.data.dtype)
        if dtype is None:
            raise TileError(refused_dtype(name, segment.data.dtype))
        self.dtype: DType = dtype
        self.itemsize = segment.data.dtype.itemsize
        self.low, self.high = span(shape, strides)
        # NumPy compares and adds scalars of the block's own dtype five times faster.
        self.bounds = np.int64(self.low), np.int64(self.high)
        self.legal: Array | None = None
        if self.high - self.low + 1 > count(shape):
            self.legal = np.zeros(self.high - self.low + 1, np.bool_)
            window = as_strided(self.legal[-self.low :], shape, strides)
            window[...] = True

    def check(self, offsets: Any, action: str) -> None:
        """Raise unless every offset is an element of this view."""
        if offsets.size == 0:
            return
        lowest, highest = self.bounds
        outside = (offsets < lowest) | (offsets > highest)
        if np.count_nonzero(outside):
            bad = int(np.asarray(offsets)[np.asarray(outside)].flat[0])
            raise AccessError(self.refusal(bad, action))
        if self.legal is not None:
            inside = self.legal.take(offsets - self.low)
            if np.count_nonzero(inside) < inside.size:
                bad = int(np.asarray(offsets)[~np.asarray(inside)].flat[0])
                raise AccessError(self.refusal(bad, action))

    def refusal(self, bad: int, action: str) -> str:
        """Say which element was asked for and what there is."""
        have = f"{self.name} has shape {self.shape}"
        if self.legal is not None:
            have += f" and strides {self.strides}: elements {self.low} to {self.high}"
            have += ", with gaps"
        elif count(self.shape):
            have += f": elements {self.low} to {self.high}"
        else:
            have += ": no elements"
        return f"{action} {self.name} is out of bounds: element {bad}, but {have}."


def count(shape: Shape) -> int:
    """Return the number of elements of a shape."""
    size = 1
    for dim in shape:
        size *= dim
    return size


def span(shape: Shape, strides: Shape) -> tuple[int, int]:
    """Return the lowest and highest offset of a strided window; (0, -1) if empty."""
    if 0 in shape:
        return 0, -1
    low = high = 0
    for dim, stride in zip(shape, strides, strict=True):
        reach = (dim - 1) * stride
        low, high = low + min(reach, 0), high + max(reach, 0)
    return low, high


def contiguous(shape: Shape) -> Shape:
    """Return the strides, in elements, of a C-ordered array."""
    strides: list[int] = []
    step = 1
    for dim in reversed(shape):
        strides.append(step)
        step *= max(dim, 1)
    return tuple(reversed(strides))


def element_strides(array: Array) -> Shape:
    """Return an array's strides in elements, as a kernel needs them."""
    if any(s % array.itemsize for s in array.strides):
        raise TileError("an array whose strides are not whole elements.")
    return tuple(int(s) // array.itemsize for s in array.strides)


def address(array: Array) -> int:
    """Return where an array's first element lies."""
    return int(array.__array_interface__["data"][0])


def refused_dtype(name: str, dtype: np.dtype[Any]) -> str:
    """Say which dtypes a kernel takes."""
    known = ", ".join(str(d.numpy) for d in DTYPES.values())
    return f"{name} has dtype {dtype}, which the simulator does not have ({known})."


def flat_storage(array: Array) -> tuple[Array, int]:
    """Return the memory under an array as one axis, and where its first element is."""
    strides = element_strides(array)
    low, high = span(array.shape, strides)
    if high < low:
        return np.empty(0, array.dtype), 0
    corner = tuple(
        slice(n - 1, n) if s < 0 else slice(0, 1)
        for n, s in zip(array.shape, strides, strict=True)
    )
    first = array[corner]
    flat = as_strided(first, (high - low + 1,), (array.itemsize,))
    return flat, -low
