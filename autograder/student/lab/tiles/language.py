"""The functions of `tl` inside a kernel, except those that touch memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import arithmetic
from .dtypes import BOOLEAN, FLOATING, DType, float16, float32, float64, int1, int32
from .errors import TileError
from .forms import truth
from .state import state
from .values import (
    Data,
    PointerType,
    Tensor,
    Undefined,
    as_constant_int,
    as_tensor,
    block_type,
    broadcast_shape,
    cast,
    check_shape,
    describe,
    is_constant,
    make,
    pair,
    scalar,
)


def program_id(axis: object) -> Tensor:
    """Return this program's place on a grid axis, as an int32 scalar."""
    return Tensor(np.int32(state.program[_axis(axis)]), int32)


def num_programs(axis: object) -> Tensor:
    """Return the grid's size along an axis."""
    return Tensor(np.int32(state.grid[_axis(axis)]), int32)


def _axis(axis: object) -> int:
    value = as_constant_int(axis, "the grid's axis")
    if value not in (0, 1, 2):
        raise TileError(f"the grid's axis must be 0, 1 or 2, got {value}.")
    return value


def arange(start: object, end: object) -> Tensor:
    """Return start, start + 1, ... end - 1; the length is a power of two."""
    first = as_constant_int(start, "tl.arange's start")
    last = as_constant_int(end, "tl.arange's end")
    if last <= first:
        raise TileError(f"tl.arange({first}, {last}): the end must be greater.")
    if not -(2**31) <= first < last <= 2**31:
        raise TileError(f"tl.arange({first}, {last}) does not fit in int32.")
    size = last - first
    if size & (size - 1):
        raise TileError(
            f"tl.arange({first}, {last}): the length must be a power of two. Round up "
            "with triton.next_power_of_2 and mask the rest."
        )
    state.note_block(size)
    return Tensor(np.arange(first, last, dtype=np.int32), int32)


def full(shape: object, value: object, dtype: object) -> Tensor:
    """Return a block that holds one value."""
    kind = as_dtype(dtype)
    dims = check_shape(shape)
    item = cast(as_tensor(value), kind) if isinstance(value, Tensor) else None
    data = scalar(value, kind).data if item is None else item.data
    if data.shape:
        raise TileError(f"tl.full takes a scalar, got {describe(value)}.")
    return make(np.full(dims, data, kind.numpy), kind)


def zeros(shape: object, dtype: object) -> Tensor:
    """Return a block of zeros."""
    return full(shape, 0, dtype)


def zeros_like(input: object) -> Tensor:
    """Return zeros with a block's shape and dtype."""
    block = as_tensor(input)
    return make(np.zeros(block.data.shape, block.dtype.numpy), block.dtype)


def as_dtype(value: object) -> DType:
    """Return a dtype, or say which there are."""
    if isinstance(value, DType):
        return value
    if isinstance(value, PointerType):
        raise TileError("that is a pointer's dtype; write ptr.dtype.element_ty.")
    raise TileError(f"expected a dtype such as tl.float32, got {describe(value)}.")


def to(
    input: object,
    dtype: object,
    fp_downcast_rounding: object = None,
    bitcast: object = False,
) -> Tensor:
    """Convert elements to a dtype."""
    if bitcast is not False or fp_downcast_rounding not in (None, "rtne"):
        raise TileError(".to: only the plain conversion is in the simulator.")
    value = as_tensor(input)
    return make(cast(value, as_dtype(dtype)).data, as_dtype(dtype))


def dot(
    input: object,
    other: object,
    acc: object = None,
    input_precision: object = None,
    allow_tf32: object = None,
    max_num_imprecise_acc: object = None,
    out_dtype: object = None,
) -> Tensor:
    """Multiply two blocks, summing in float32 whatever they hold."""
    a, b = as_tensor(input), as_tensor(other)
    if input_precision not in (None, "ieee", "tf32", "tf32x3"):
        raise TileError('tl.dot: input_precision is "ieee", "tf32" or "tf32x3".')
    for block in (a, b):
        if len(block.data.shape) != 2:
            raise TileError(f"tl.dot takes blocks of two axes, got {describe(block)}.")
        if block.dtype not in (float16, float32, float64):
            raise TileError(f"tl.dot takes float16 or float32, got {describe(block)}.")
    if a.dtype is not b.dtype:
        raise TileError(
            f"tl.dot takes two blocks of one dtype, got {a.dtype.name} and "
            f"{b.dtype.name}. Convert one with .to(...)."
        )
    (m, k), (k2, n) = a.data.shape, b.data.shape
    if k != k2:
        raise TileError(f"tl.dot: [{m}, {k}] and [{k2}, {n}]: the inner axes differ.")
    if k < 16:
        raise TileError(
            f"tl.dot: the inner axis is {k}; GPUs need 16 or more. Use a wider tile, "
            "or tl.sum(a * b, axis)."
        )
    state.note_block(m * n)
    state.spend(m * n * k)
    wide = float64 if a.dtype is float64 else float32
    result = wide
    if out_dtype is not None:
        result = as_dtype(out_dtype)
    if result is not wide and not (result is float16 and a.dtype is float16):
        raise TileError(
            f"tl.dot of {a.dtype.name} gives {wide.name}, not {result.name}."
        )
    product = np.matmul(
        a.data.astype(wide.numpy, copy=False), b.data.astype(wide.numpy, copy=False)
    )
    if acc is not None:
        total = as_tensor(acc, "an accumulator")
        if total.data.shape != (m, n) or total.dtype is not result:
            want = block_type((m, n), result.name)
            raise TileError(f"tl.dot: acc must be {want}, got {describe(total)}.")
        product = product + total.data.astype(wide.numpy, copy=False)
    return make(product.astype(result.numpy, copy=False), result)


def where(condition: object, x: object, y: object) -> Tensor:
    """Choose per element; both sides are computed."""
    chosen = as_tensor(condition, "a condition")
    if chosen.dtype is not int1:
        raise TileError(
            f"tl.where takes a comparison (int1) first, got {describe(chosen)}."
        )
    a, b, dtype = pair(x, y)
    broadcast_shape(broadcast_shape(a.shape, b.shape), chosen.data.shape)
    data: Data = np.where(chosen.data, a, b)
    return make(data if data.shape else data[()], dtype)


def _elementwise(name: str, floats: Any, ints: Any) -> Callable[..., Tensor]:
    def apply(x: object, y: object, propagate_nan: object = None) -> Tensor:
        a, b, dtype = pair(x, y)
        ufunc = floats if dtype.kind == FLOATING else ints
        return make(ufunc(a, b), dtype)

    apply.__doc__ = f"Return the {name} of two blocks; NaN loses to a number."
    return apply


maximum = _elementwise("maximum", np.fmax, np.maximum)
minimum = _elementwise("minimum", np.fmin, np.minimum)


def clamp(x: object, min: object, max: object) -> Tensor:
    """Keep each element between two bounds."""
    block = as_tensor(x)
    if block.dtype.kind != FLOATING:
        raise TileError(f"tl.clamp takes floats, got {describe(block)}.")
    return minimum(maximum(block, min), max)


def builtin_max(x: object, y: object, *more: object) -> object:
    """Python's `max`: of numbers at compile time, of blocks per element."""
    if is_constant(x) and is_constant(y):
        best = x if truth(arithmetic.greater(x, y)) else y
    else:
        best = maximum(x, y)
    return builtin_max(best, *more) if more else best


def builtin_min(x: object, y: object, *more: object) -> object:
    """Python's `min`: of numbers at compile time, of blocks per element."""
    if is_constant(x) and is_constant(y):
        best = x if truth(arithmetic.less(x, y)) else y
    else:
        best = minimum(x, y)
    return builtin_min(best, *more) if more else best


def _math(name: str, function: Callable[[Data], Data]) -> Callable[..., Tensor]:
    def apply(x: object) -> Tensor:
        value = as_tensor(x)
        if value.dtype not in (float32, float64):
            raise TileError(
                f"tl.{name} takes float32, got {describe(value)}. Convert with "
                ".to(tl.float32)."
            )
        return make(function(value.data), value.dtype)

    apply.__doc__ = f"Apply {name} to each element of a float32 block."
    return apply


def _rsqrt(x: Data) -> Data:
    return np.reciprocal(np.sqrt(x))


_UFUNCS: dict[str, Callable[[Data], Data]] = {
    "exp": np.exp,
    "exp2": np.exp2,
    "log": np.log,
    "log2": np.log2,
    "sqrt": np.sqrt,
    "rsqrt": _rsqrt,
    "sin": np.sin,
    "cos": np.cos,
    "floor": np.floor,
    "ceil": np.ceil,
}
MATH = {name: _math(name, function) for name, function in _UFUNCS.items()}


def absolute(x: object) -> Tensor:
    """Return the absolute value of each element."""
    value = as_tensor(x)
    if value.dtype.kind == BOOLEAN:
        raise TileError("tl.abs takes numbers, got a comparison.")
    return make(np.abs(value.data), value.dtype)


def fma(x: object, y: object, z: object) -> Tensor:
    """Return x * y + z."""
    return as_tensor(arithmetic.add(arithmetic.multiply(x, y), z))


def cdiv(x: object, div: object) -> Tensor:
    """Return x / div rounded up, for positive ints; always a run-time value."""
    above = arithmetic.add(x, arithmetic.subtract(div, 1))
    return as_tensor(arithmetic.floor_divide(above, div))


def static_assert(cond: object, msg: object = "") -> None:
    """Stop unless a compile-time condition holds."""
    if isinstance(cond, Tensor | Undefined):
        raise TileError("tl.static_assert takes a compile-time condition.")
    if not truth(cond):
        raise TileError(f"tl.static_assert failed: {msg}")


def hint(input: object, *values: object) -> object:
    """Promise a fact to the compiler; return the first argument unchanged."""
    return input


def device_print(prefix: object, *values: object) -> None:
    """Print values from a program, as many as a screen holds."""
    if len(state.printed) < 200:
        shown = ", ".join(_show(v) for v in values)
        state.printed.append(f"{state.where()} {prefix} {shown}")


def _show(value: object) -> str:
    if isinstance(value, Tensor):
        return np.array2string(np.asarray(value.data), threshold=64, precision=5)
    return str(value) if is_constant(value) or type(value) is str else describe(value)
