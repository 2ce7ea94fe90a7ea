"""Phase one of grading: note what a host function launches, run nothing.

The host function is a student's Python; this runs in the sandbox, unchecked. What it
returns is *evidence*, plain values only: the kernels' text, the grids, the arguments,
and which memory each array is. `replay.py` checks all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .arguments import with_arrays
from .dtypes import DType, Shape, dtype_of
from .errors import TileError
from .launch import Grid
from .memory import (
    Array,
    address,
    contiguous,
    count,
    element_strides,
    flat_storage,
    refused_dtype,
    span,
)
from .session import BYTES, WORKSPACE_LIMIT, Launchable, Unchecked, new_array, using
from .state import poison

LAUNCH_LIMIT = 64
SCALAR_LIMIT = 64  # plain arguments of one launch
WORKSPACES = 64
FORMAT = 1
LAYOUTS = ("given", "padded", "transposed")


class Known:
    """An array that kernels may use: an input, or memory that device made."""

    def __init__(self, kind: str, index: int, storage: Array, view: Array) -> None:
        self.kind = kind
        self.index = index
        self.storage = storage
        self.view = view
        self.start = address(storage)
        self.before = storage.copy()

    def reference(self, array: Array, start: int) -> dict[str, Any] | None:
        """Say where in this memory an array lies, given its address, or None."""
        offset, rest = divmod(start - self.start, array.itemsize)
        if rest or not 0 <= offset < self.storage.size:
            return None
        if array.dtype != self.storage.dtype:
            return None
        strides = element_strides(array)
        low, high = span(array.shape, strides)
        if offset + low < 0 or offset + high >= self.storage.size:
            return None
        return {
            "buffer": self.kind,
            "index": self.index,
            "offset": offset,
            "shape": list(array.shape),
            "strides": list(strides),
        }

    def changed(self) -> bool:
        """Say whether the host function wrote here itself."""
        return self.before.tobytes() != self.storage.tobytes()


class Recorder:
    """The session while a host function is recorded."""

    def __init__(self, inputs: Sequence[Array]) -> None:
        self.known: list[Known] = []
        self.workspaces: list[dict[str, Any]] = []
        self.kernels: list[list[dict[str, Any]]] = []
        self.launches: list[dict[str, Any]] = []
        self.allocated = 0
        for index, array in enumerate(inputs):
            storage, _ = flat_storage(array)
            self.known.append(Known("input", index, storage, array))

    def allocate(self, shape: Shape, dtype: np.dtype[Any], fill: object) -> Array:
        """Make a workspace and remember it."""
        self.allocated += BYTES * max(count(shape), 1)
        index = len(self.workspaces)
        if index >= WORKSPACES or self.allocated > WORKSPACE_LIMIT:
            raise TileError("the host function allocates too many or too large arrays.")
        array = new_array(shape, dtype, fill)
        self.workspaces.append(
            {"shape": list(shape), "dtype": dtype.name, "fill": fill}
        )
        self.known.append(Known("workspace", index, array.reshape(-1), array))
        return array

    def prepare(self, kernel: Launchable) -> Unchecked:
        """Describe the kernel; it is checked before it runs."""
        return kernel.unchecked()

    def launch(
        self, program: Unchecked, grid: Grid, arguments: Mapping[str, object]
    ) -> None:
        """Note a launch."""
        if len(self.launches) >= LAUNCH_LIMIT:
            raise TileError(f"more than {LAUNCH_LIMIT} launches.")
        plain = {
            "kernel": self.place([encode_function(f) for f in program.bundle]),
            "grid": list(grid),
            "arguments": {
                name: self.encode_argument(f"{program.name}: {name}", value)
                for name, value in arguments.items()
            },
        }
        if sum("value" in a for a in plain["arguments"].values()) > SCALAR_LIMIT:  # type: ignore[attr-defined]
            raise TileError(f"{program.name}: more than {SCALAR_LIMIT} numbers.")
        self.launches.append(plain)

    def place(self, bundle: list[dict[str, Any]]) -> int:
        """Return a bundle's place in the list, adding it once."""
        if bundle not in self.kernels:
            self.kernels.append(bundle)
        return self.kernels.index(bundle)

    def encode_argument(self, what: str, value: object) -> dict[str, Any]:
        """Encode an argument: a view of known memory, a dtype or a plain value."""
        if isinstance(value, np.ndarray):
            return {"view": self.reference(value, what)}
        return encode_plain(value)

    def reference(self, array: Array, what: str) -> dict[str, Any]:
        """Find the memory that an array lies in."""
        if dtype_of(array.dtype) is None:
            raise TileError(refused_dtype(what, array.dtype))
        if type(array) is np.ndarray:
            if array.size == 0:
                return {
                    "buffer": "empty",
                    "index": 0,
                    "offset": 0,
                    "shape": list(array.shape),
                    "strides": list(contiguous(array.shape)),
                    "dtype": array.dtype.name,
                }
            start = address(array)
            for known in self.known:
                found = known.reference(array, start)
                if found is not None:
                    return found
        raise TileError(
            f"{what} is an array that your host function computed; pass the inputs "
            "themselves or what device.empty, device.zeros or device.full made."
        )

    def encode_result(self, value: object, depth: int = 0) -> dict[str, Any]:
        """Encode what the host function returned."""
        if isinstance(value, np.generic):
            value = value.item()
        if type(value) is np.ndarray:
            return {"view": self.reference(value, "the result")}
        if value is None or type(value) in (bool, int, float):
            return {"value": value}
        if type(value) is str and len(value) <= 1000:
            return {"value": value}
        if depth < 4 and type(value) in (tuple, list) and len(value) <= 64:  # type: ignore[arg-type]
            items = [self.encode_result(v, depth + 1) for v in value]  # type: ignore[attr-defined]
            return {type(value).__name__: items}
        texts = type(value) is dict and all(type(key) is str for key in value)
        if isinstance(value, dict) and texts and depth < 4 and len(value) <= 64:
            pairs = [[k, self.encode_result(v, depth + 1)] for k, v in value.items()]
            return {"dict": pairs}
        raise TileError(
            f"the result is of type {type(value).__name__}; return arrays, numbers, "
            "and tuples, lists or dicts of them."
        )

    def refuse_changes(self) -> None:
        """Refuse a host function that wrote to memory itself."""
        for known in self.known:
            if known.changed():
                raise TileError(
                    f"your host function changed the array of {known.kind} "
                    f"{known.index + 1} itself; only kernels may write to memory."
                )


def encode_plain(value: object) -> dict[str, Any]:
    """Encode a number, None, text or a dtype."""
    if isinstance(value, DType):
        return {"dtype": value.name}
    return {"value": float(value) if isinstance(value, float) else value}


def encode_function(function: Mapping[str, Any]) -> dict[str, Any]:
    """Encode one function of a bundle."""
    constants = function["constants"].items()
    return {**function, "constants": {n: encode_plain(v) for n, v in constants}}


def record(
    function: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    layout: str = "given",
) -> dict[str, Any]:
    """Run a host function, noting its launches instead of running them.

    Args:
        function: the host function; it gets `args` and `kwargs`.
        args: plain values and NumPy arrays, also inside lists, tuples and dicts. A
            judge passes `stand_ins`: no value of an array decides what is launched.
        kwargs: likewise, by name.
        layout: how the input arrays lie in memory: as `given`; `padded`, with gaps
            between the rows; or `transposed`, with the last two axes swapped. A
            kernel that respects strides cannot tell.

    Returns:
        The evidence for `replay`, plain values only.

    Raises:
        TileError: the host function does what it may not, with the reason.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"layout is {layout!r}; it may be one of {LAYOUTS}")
    inputs: list[Array] = []

    def lay(array: Array) -> Array:
        inputs.append(relaid(array, layout))
        return inputs[-1]

    own_args = [with_arrays(a, lay) for a in args]
    own_kwargs = with_arrays(dict(kwargs or {}), lay)
    recorder = Recorder(inputs)
    with using(recorder):
        result = function(*own_args, **own_kwargs)
    recorder.refuse_changes()
    encoded = recorder.encode_result(result)
    return {
        "format": FORMAT,
        "inputs": [describe_input(array) for array in inputs],
        "workspaces": recorder.workspaces,
        "kernels": recorder.kernels,
        "launches": recorder.launches,
        "result": encoded,
    }


def describe_input(array: Array) -> dict[str, Any]:
    """Say how an input lies in memory, so that the replay lays it out alike."""
    storage, offset = flat_storage(array)
    return {
        "shape": list(array.shape),
        "dtype": array.dtype.name,
        "strides": list(element_strides(array)),
        "offset": offset,
        "size": int(storage.size),
    }


def relaid(array: Array, layout: str) -> Array:
    """Copy an array into another memory layout, gaps poisoned."""
    if layout == "given" or array.ndim < 2 or array.size == 0:
        return array
    if layout == "transposed":
        return np.ascontiguousarray(array.swapaxes(-1, -2)).swapaxes(-1, -2)
    shape = (*array.shape[:-1], array.shape[-1] + 3)
    strides = contiguous(shape)
    size = count(shape)
    storage = np.full(size, poison(array.dtype), array.dtype)
    step = array.itemsize
    view = as_strided(storage, array.shape, [s * step for s in strides])
    view[...] = array
    return view
