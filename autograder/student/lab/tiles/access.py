"""`tl.load`, `tl.store` and `tl.atomic_add`: bounds, bytes, poison and races."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import int1
from .errors import TileError
from .memory import Array
from .races import (
    Port,
    note_atomic,
    note_initialised,
    note_read,
    note_write,
    prepare,
)
from .state import OPERATION, poison, state
from .values import (
    Pointer,
    Tensor,
    Undefined,
    as_tensor,
    broadcast_shape,
    cast,
    describe,
    make,
)


def load(
    pointer: object,
    mask: object = None,
    other: object = None,
    *,
    cache_modifier: object = "",
    eviction_policy: object = "",
    volatile: object = False,
) -> Tensor:
    """Copy elements on chip; masked-off lanes hold `other`, or NaN without it."""
    target = _pointer(pointer, "tl.load")
    if other is not None and mask is None:
        raise TileError("tl.load: `other` needs a `mask`.")
    view, segment, meter = target.view, target.view.segment, Port.meter
    offsets, keep = _lanes(target, mask, "tl.load")
    meter.load_count += 1
    if other is None:
        fill: Any = poison(segment.data.dtype)
    else:
        fill = cast(as_tensor(other, "`other`"), view.dtype).data
        if fill.shape:
            if not offsets.shape:
                raise TileError("tl.load: `other` is a block, the pointer is not.")
            shape = broadcast_shape(offsets.shape, fill.shape)
            offsets = np.broadcast_to(offsets, shape)
            keep = None if keep is None else np.broadcast_to(keep, shape)
    if keep is None:
        taken, data = offsets, None
    else:
        taken = offsets[keep]
        data = np.empty(offsets.shape, segment.data.dtype)
        data[...] = fill
    view.check(taken, "tl.load from")
    places = taken + view.base if view.base else taken
    note_read(segment, places, view.name)
    loaded = segment.data.take(places)
    size = int(loaded.size) * view.itemsize
    meter.loads[view.name] = meter.loads.get(view.name, 0) + size
    if data is None:
        return make(loaded, view.dtype)
    data[keep] = loaded
    return make(data if data.shape else data[()], view.dtype)


def store(
    pointer: object,
    value: object,
    mask: object = None,
    *,
    cache_modifier: object = "",
    eviction_policy: object = "",
) -> None:
    """Copy a block to memory, where the mask is true."""
    target = _pointer(pointer, "tl.store")
    view, segment, meter = target.view, target.view.segment, Port.meter
    places, values, _ = _outgoing(target, value, mask, "tl.store")
    state.spend(int(places.size))
    meter.store_count += 1
    size = int(places.size) * view.itemsize
    meter.stores[view.name] = meter.stores.get(view.name, 0) + size
    if places.size == 0:
        return
    prepare(segment)
    note_write(segment, places, values, view.name)
    segment.data[places] = values
    if segment.written is not None:
        segment.written[places] = True


def atomic_add(
    pointer: object,
    value: object,
    mask: object = None,
    sem: object = None,
    scope: object = None,
) -> Tensor:
    """Add to memory, one lane after another; return what was there before."""
    target, places, values, keep = _adding(pointer, value, mask)
    data = target.view.segment.data
    old = np.empty(target.data.shape, data.dtype)
    old[...] = poison(data.dtype)
    if places.size:
        before = _add(data, places, values)
        if keep is None:
            old = before.reshape(old.shape)
        else:
            old[keep] = before
    return make(old if old.shape else old[()], target.view.dtype)


def add_alone(
    pointer: object,
    value: object,
    mask: object = None,
    sem: object = None,
    scope: object = None,
) -> None:
    """Do what `tl.atomic_add` does where nothing uses what it returns: much faster."""
    target, places, values, _ = _adding(pointer, value, mask)
    np.add.at(target.view.segment.data, places, values)


def _adding(
    pointer: object, value: object, mask: object
) -> tuple[Pointer, Array, Array, Any]:
    """Check and count an atomic addition; return where, what and the mask."""
    target = _pointer(pointer, "tl.atomic_add")
    view, segment, meter = target.view, target.view.segment, Port.meter
    if view.dtype.name in ("int1", "int8", "int16"):
        raise TileError(f"tl.atomic_add does not take {view.dtype.name}.")
    places, values, keep = _outgoing(target, value, mask, "tl.atomic_add")
    state.spend(OPERATION * int(places.size))  # those of one place add one by one
    meter.load_count += 1
    meter.store_count += 1
    size = int(places.size) * view.itemsize
    for table in (meter.loads, meter.stores):
        table[view.name] = table.get(view.name, 0) + size
    if places.size:
        prepare(segment)
        note_initialised(segment, places, view.name)
        note_atomic(segment, places, view.name)
    return target, places, values, keep


def _add(data: Array, places: Array, values: Array) -> Array:
    """Add in lane order, so that equal places see each other's sums."""
    before = data[places]
    lanes = places.tolist()
    now = dict(zip(lanes, before, strict=True))
    if len(now) == len(lanes):
        data[places] = before + values
        return before
    seen = []
    for place, value in zip(lanes, values, strict=True):
        held = now[place]
        seen.append(held)
        now[place] = held + value
    data[list(now)] = list(now.values())
    before[:] = seen
    return before


def _pointer(pointer: object, what: str) -> Pointer:
    if isinstance(pointer, Pointer):
        return pointer
    if isinstance(pointer, Undefined):
        raise TileError(pointer.why)
    raise TileError(
        f"{what} takes a pointer, such as x_ptr + offsets, got {describe(pointer)}."
    )


def _lanes(pointer: Pointer, mask: object, what: str) -> tuple[Any, Any]:
    """Broadcast pointer and mask to one shape; a mask that is all true is None."""
    offsets = pointer.data
    if mask is None or mask is True:
        return offsets, None
    given = as_tensor(mask, "`mask`")
    if given.dtype is not int1:
        raise TileError(
            f"{what}: the mask must come from comparisons (int1), got "
            f"{describe(given)}."
        )
    keep = given.data
    if keep.shape != offsets.shape:
        if keep.shape and not offsets.shape:
            raise TileError(f"{what}: the mask is a block, the pointer is not.")
        shape = broadcast_shape(offsets.shape, keep.shape)
        offsets = np.broadcast_to(offsets, shape)
        keep = np.broadcast_to(keep, shape)
    if np.count_nonzero(keep) == keep.size:
        return offsets, None
    return np.asarray(offsets), np.asarray(keep)


def _outgoing(
    pointer: Pointer, value: object, mask: object, what: str
) -> tuple[Array, Array, Any]:
    """Return the places that are written, on one axis, the value of each, the mask."""
    view = pointer.view
    offsets, keep = _lanes(pointer, mask, what)
    data = cast(as_tensor(value, "a value to store"), view.dtype).data
    shape = offsets.shape
    if data.shape != shape:
        if data.shape and not shape:
            raise TileError(f"{what}: the value is a block, the pointer is not.")
        shape = broadcast_shape(shape, data.shape)
        if data.shape:
            data = np.broadcast_to(data, shape)
    if shape != pointer.data.shape:
        raise TileError(
            f"{what}: the value or the mask is wider than the pointers, "
            f"{list(shape)} against {list(pointer.data.shape)}."
        )
    taken = offsets.ravel() if keep is None else offsets[keep]
    if data.shape != shape:  # one value for all
        values = np.empty(taken.size, data.dtype)
        values[...] = data
    else:
        values = data.ravel() if keep is None else np.asarray(data)[keep]
    view.check(taken, f"{what} to")
    return taken + view.base if view.base else taken, values, keep
