"""The arrays among a host function's arguments, and stand-ins for them.

While launches are recorded, a host function sees arrays of the right shape, dtype and
strides that hold other values; the kernels then work on the real ones, in a process of
their own. So nothing that a host function computes from its arrays can reach a kernel:
not as a number, a grid, an order of launches or a window on memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .dtypes import dtype_of
from .memory import Array, element_strides, span

_MOST_SPREAD = 4  # a view may span this many times its own elements, as on the wire


def is_array(value: object) -> bool:
    """Say whether an argument is an array that kernels can take."""
    return isinstance(value, np.ndarray) and dtype_of(value.dtype) is not None


def with_arrays(value: Any, replace: Callable[[Array], Array]) -> Any:
    """Copy an argument with its arrays replaced, in lists, tuples and dicts too."""
    if is_array(value):
        return replace(value)
    if type(value) in (tuple, list):
        return type(value)(with_arrays(v, replace) for v in value)
    if type(value) is dict:
        return {key: with_arrays(v, replace) for key, v in value.items()}
    return value


def arrays_in(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Array]:
    """Return the arrays among arguments that kernels can take, in order.

    `replay` takes the judge's own copies of these.
    """
    found: list[Array] = []

    def keep(array: Array) -> Array:
        found.append(array)
        return array

    with_arrays([*args, *kwargs.values()], keep)
    return found


def stand_ins(
    args: Sequence[Any], kwargs: Mapping[str, Any], seed: int
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments as a host function may see them while it is recorded.

    Floats become standard normals, so that checks of its own still pass; integers and
    booleans become 0. Shape, dtype and strides stay, as does all that is no array.

    Args:
        args: the arguments.
        kwargs: the keyword arguments.
        seed: of the normals.
    """
    random = np.random.default_rng(seed)

    def other(array: Array) -> Array:
        made = _laid_out_like(array)
        if made.dtype.kind == "f":
            made[...] = random.standard_normal(array.shape)
        return made

    return [with_arrays(a, other) for a in args], with_arrays(dict(kwargs), other)


def _laid_out_like(array: Array) -> Array:
    """Return zeros with an array's strides, the gaps of a part of a larger one too."""
    if any(step % array.itemsize for step in array.strides):
        return np.zeros_like(array, subok=False)
    low, high = span(array.shape, element_strides(array))
    size = high - low + 1
    if not 0 < array.size <= size <= _MOST_SPREAD * array.size:  # empty, or it overlaps
        return np.zeros_like(array, subok=False)
    storage = np.zeros(size, array.dtype)
    start = -low * array.itemsize
    return np.ndarray(array.shape, array.dtype, storage, start, array.strides)
