"""Reductions along an axis: `tl.sum`, `tl.max`, `tl.min` and where the extremes are."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import BOOLEAN, FLOATING, float32, int32
from .errors import TileError
from .language import as_dtype
from .values import Tensor, as_constant_int, as_tensor, cast, describe, make


def _along(input: object, axis: object, name: str) -> tuple[Tensor, int | None]:
    block = as_tensor(input, "a block")
    rank = len(block.data.shape)
    if rank == 0:
        raise TileError(f"tl.{name} takes a block, got {describe(input)}.")
    if axis is None:
        return block, None
    place = as_constant_int(axis, "the axis")
    if not -rank <= place < rank:
        raise TileError(f"tl.{name}: no axis {place} in {describe(input)}.")
    return block, place


def _reduce(ufunc: Any, block: Tensor, axis: int | None, keep_dims: object) -> Tensor:
    keep = keep_dims is True
    data = ufunc.reduce(block.data, axis=axis, keepdims=keep, dtype=block.dtype.numpy)
    return make(data, block.dtype)


def _widened(block: Tensor) -> Tensor:
    if block.dtype.bits >= 32:
        return block
    return cast(block, float32 if block.dtype.kind == FLOATING else int32)


def _summable(block: Tensor) -> Tensor:
    if block.dtype.kind == BOOLEAN:  # Triton's sum would be unsigned
        raise TileError("to count a mask, write tl.sum(mask.to(tl.int32), axis).")
    if block.dtype.kind != FLOATING and block.dtype.bits < 32:
        return cast(block, int32)
    return block


def sum_(
    input: object, axis: object = None, keep_dims: object = False, dtype: object = None
) -> Tensor:
    """Add up along an axis, or all elements; small ints add up in int32."""
    block, place = _along(input, axis, "sum")
    block = _summable(block) if dtype is None else cast(block, as_dtype(dtype))
    return _reduce(np.add, block, place, keep_dims)


def max_(
    input: object,
    axis: object = None,
    return_indices: object = False,
    return_indices_tie_break_left: object = True,
    keep_dims: object = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the largest along an axis; float16 gives float32, NaN is passed over."""
    block, place = _along(input, axis, "max")
    if return_indices is True:
        return _extreme(block, place, "max", keep_dims)
    block = _widened(block)
    ufunc = np.fmax if block.dtype.kind == FLOATING else np.maximum
    return _reduce(ufunc, block, place, keep_dims)


def min_(
    input: object,
    axis: object = None,
    return_indices: object = False,
    return_indices_tie_break_left: object = True,
    keep_dims: object = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the smallest along an axis; float16 gives float32, NaN is passed over."""
    block, place = _along(input, axis, "min")
    if return_indices is True:
        return _extreme(block, place, "min", keep_dims)
    block = _widened(block)
    ufunc = np.fmin if block.dtype.kind == FLOATING else np.minimum
    return _reduce(ufunc, block, place, keep_dims)


def _extreme(
    block: Tensor, axis: int | None, name: str, keep_dims: object
) -> tuple[Tensor, Tensor]:
    """Return the extreme and its first index."""
    if axis is None:
        raise TileError(f"tl.{name} with return_indices needs an axis.")
    find: Any = np.argmax if name == "max" else np.argmin
    where = np.expand_dims(find(block.data, axis=axis), axis)
    best = np.take_along_axis(block.data, where, axis)
    if keep_dims is not True:
        where, best = np.squeeze(where, axis), np.squeeze(best, axis)
    return make(best[()], block.dtype), make(where.astype(np.int32)[()], int32)


def argmax(
    input: object,
    axis: object,
    tie_break_left: object = True,
    keep_dims: object = False,
) -> Tensor:
    """Return the index of the first largest element along an axis."""
    block, place = _along(input, axis, "argmax")
    return _extreme(block, place, "max", keep_dims)[1]


def argmin(
    input: object,
    axis: object,
    tie_break_left: object = True,
    keep_dims: object = False,
) -> Tensor:
    """Return the index of the first smallest element along an axis."""
    block, place = _along(input, axis, "argmin")
    return _extreme(block, place, "min", keep_dims)[1]


def cumsum(input: object, axis: object = 0) -> Tensor:
    """Return running sums along an axis."""
    block, place = _along(input, axis, "cumsum")
    block = _summable(block)
    data = np.cumsum(block.data, axis=place, dtype=block.dtype.numpy)
    return make(data, block.dtype)
