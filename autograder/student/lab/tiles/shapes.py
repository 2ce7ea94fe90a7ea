"""Blocks in another shape: transposed, broadcast, reshaped. Pointers too."""

from __future__ import annotations

import numpy as np

from .dtypes import Shape
from .errors import TileError
from .forms import attribute
from .state import state
from .values import (
    Data,
    Pointer,
    Tensor,
    as_constant_int,
    as_tensor,
    broadcast_shape,
    check_shape,
    describe,
)


def trans(input: object, *dims: object) -> Tensor | Pointer:
    """Swap the two axes of a block, or permute its axes."""
    if not dims:
        return attribute(input, "T")  # type: ignore[return-value]
    return permute(input, *dims)


def permute(input: object, *dims: object) -> Tensor | Pointer:
    """Reorder the axes of a block."""
    order = _dims(dims)
    block = _block(input)
    if sorted(order) != list(range(len(block.data.shape))):
        raise TileError(f"tl.permute: {list(order)} is no order of the block's axes.")
    return _like(block, np.transpose(block.data, order))


def reshape(
    input: object, *shape: object, can_reorder: object = False
) -> Tensor | Pointer:
    """Give a block another shape with as many elements."""
    block = _block(input)
    dims = check_shape(_dims(shape))
    if int(np.prod(dims)) != block.data.size:
        raise TileError(f"tl.reshape: {describe(input)} does not fit {list(dims)}.")
    return _like(block, np.reshape(block.data, dims))


def broadcast_to(input: object, *shape: object) -> Tensor | Pointer:
    """Repeat axes of length one until a block has the shape."""
    block = input if isinstance(input, Pointer) else as_tensor(input)
    dims = check_shape(_dims(shape))
    own = block.data.shape
    if own and (len(own) != len(dims) or broadcast_shape(own, dims) != dims):
        raise TileError(
            f"tl.broadcast_to: {describe(input)} does not fit {list(dims)}."
        )
    return _like(block, np.broadcast_to(block.data, dims))


def expand_dims(input: object, axis: object) -> Tensor | Pointer:
    """Add an axis of length one."""
    block = _block(input)
    place = as_constant_int(axis, "the axis")
    rank = len(block.data.shape)
    if not -rank - 1 <= place <= rank:
        raise TileError(f"tl.expand_dims: no axis {place} in {describe(input)}.")
    return _like(block, np.expand_dims(block.data, place))


def _dims(items: tuple[object, ...]) -> Shape:
    inner = items[0] if len(items) == 1 and isinstance(items[0], tuple) else items
    return tuple(as_constant_int(n, "a shape") for n in inner)


def _block(value: object) -> Tensor | Pointer:
    return value if isinstance(value, Pointer) else as_tensor(value, "a block")


def _like(block: Tensor | Pointer, data: Data) -> Tensor | Pointer:
    state.note_block(int(data.size))
    if isinstance(block, Pointer):
        return Pointer(data, block.view)
    return Tensor(data, block.dtype)
