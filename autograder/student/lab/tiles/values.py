"""Values of a running kernel: tensors, pointers, and how they convert.

A kernel holds Python numbers (what Triton calls constexpr), `Tensor`s (blocks, or
scalars of shape `()`), `Pointer`s, dtypes, None and tuples of these. Promotion
follows `triton.language.semantic`: a Python number takes the tensor's dtype unless
its kind is higher; two tensors promote even when one of them is a scalar.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .dtypes import (
    FLOATING,
    INTEGRAL,
    DType,
    Shape,
    float16,
    float32,
    float64,
    int1,
    int32,
    int64,
)
from .errors import TileError
from .memory import View
from .state import state

Data = Any  # a NumPy array or scalar: `.dtype`, `.shape` and `.size` are all we use


class Tensor:
    """A block on chip, or a scalar where `data` has shape `()`. Never changed."""

    __slots__ = ("data", "dtype")

    def __init__(self, data: Data, dtype: DType) -> None:
        self.data = data
        self.dtype = dtype


class Pointer:
    """Element offsets into one kernel argument; a block of them, or one."""

    __slots__ = ("data", "view")

    def __init__(self, data: Data, view: View) -> None:
        self.data = data
        self.view = view


class PointerType:
    """What `ptr.dtype` is in a kernel; only `.element_ty` is of use."""

    __slots__ = ("element_ty",)

    def __init__(self, element_ty: DType) -> None:
        self.element_ty = element_ty


class Undefined:
    """A name that has no value on this path, and why."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why


def make(data: Data, dtype: DType) -> Tensor:
    """Wrap the result of an operation, counting its size."""
    state.note_block(int(data.size))
    return Tensor(data, dtype)


def describe(value: object) -> str:
    """Name a value's type as the language does, for messages."""
    if isinstance(value, Tensor):
        return block_type(value.data.shape, value.dtype.name)
    if isinstance(value, Pointer):
        inner = f"pointer to {value.view.dtype.name}"
        return block_type(value.data.shape, inner)
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    if isinstance(value, DType | PointerType):
        return "a dtype"
    if value is None:
        return "None"
    return f"the compile-time {type(value).__name__} {str(value)[:40]}"


def block_type(shape: Shape, inner: str) -> str:
    """Write a block's type: `a float32 block [16, 64]`."""
    article = "an" if inner[:1] in "aeiou" else "a"
    if shape == ():
        return f"{article} {inner} scalar"
    return f"{article} {inner} block {list(shape)}"


def is_constant(value: object) -> bool:
    """Say whether a value is a Python number, known when Triton compiles."""
    return type(value) in (int, float, bool)


def constant_dtype(value: object) -> DType:
    """Return the dtype that Triton gives a Python number standing alone."""
    if isinstance(value, bool):
        return int1
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return int32
        if -(2**63) <= value < 2**63:
            return int64
        raise TileError("an integer that does not fit in 64 bits.")
    if isinstance(value, float):
        size = abs(value)
        if size == 0 or size != size or size == float("inf"):
            return float32
        return float32 if 2.0**-126 <= size <= 3.4028234663852886e38 else float64
    raise TileError(f"expected a number or a block, got {describe(value)}.")


def scalar(value: object, dtype: DType | None = None) -> Tensor:
    """Turn a Python number into a scalar tensor."""
    if dtype is None:
        dtype = constant_dtype(value)
    elif dtype.kind == INTEGRAL and not isinstance(value, float):
        info = np.iinfo(dtype.numpy)
        if not info.min <= int(value) <= info.max:  # type: ignore[call-overload]
            raise TileError(f"{value} does not fit in {dtype.name}.")
    elif dtype.kind == INTEGRAL and not np.isfinite(float(str(value))):
        raise TileError(f"{value} has no {dtype.name} value.")
    return Tensor(dtype.numpy.type(value), dtype)


def as_tensor(value: object, what: str = "a value") -> Tensor:
    """Return a tensor; Python numbers become scalars, anything else is refused."""
    if type(value) is Tensor:
        return value
    if is_constant(value):
        return scalar(value)
    if isinstance(value, Undefined):
        raise TileError(value.why)
    raise TileError(
        f"expected {what} that is a number or a block, got {describe(value)}."
    )


def as_constant_int(value: object, what: str) -> int:
    """Return an int known at compile time, or say that it must be one."""
    if type(value) is int:
        return value
    if isinstance(value, Undefined):
        raise TileError(value.why)
    raise TileError(
        f"{what} must be known at compile time (a tl.constexpr parameter or a "
        f"number), got {describe(value)}."
    )


def cast(value: Tensor, dtype: DType) -> Tensor:
    """Convert elements, as `.to(dtype)` does: floats to ints truncate."""
    if value.dtype is dtype:
        return value
    if dtype is int1:
        return Tensor(value.data != 0, int1)
    return Tensor(value.data.astype(dtype.numpy), dtype)


def _kinds(a: DType, b: DType, division: bool) -> DType:
    if a is float64 or b is float64:
        return float64
    if division and FLOATING in (a.kind, b.kind):
        return float32
    for dtype in (float32, float16):
        if a is dtype or b is dtype:
            return dtype
    return a if a.bits > b.bits else b


def promote(a: DType, b: DType, division: bool = False) -> DType:
    """Return the dtype in which two tensors compute."""
    if a is b and not (division and a is float16):
        return a
    return _kinds(a, b, division)


def pair(a: object, b: object, division: bool = False) -> tuple[Data, Data, DType]:
    """Bring two operands to one dtype and check that their shapes broadcast."""
    if type(a) is Tensor and type(b) is Tensor:
        dtype = promote(a.dtype, b.dtype, division)
        x, y = cast(a, dtype).data, cast(b, dtype).data
    elif type(a) is Tensor and is_constant(b):
        dtype, y = _beside(a.dtype, b, division)
        return cast(a, dtype).data, y, dtype
    elif type(b) is Tensor and is_constant(a):
        dtype, x = _beside(b.dtype, a, division)
        return x, cast(b, dtype).data, dtype
    elif is_constant(a) and is_constant(b):
        dtype = _kinds(constant_dtype(a), constant_dtype(b), division)
        return scalar(a, dtype).data, scalar(b, dtype).data, dtype
    else:
        for value in (a, b):
            as_tensor(value, "an operand")
        raise TileError("operands that do not combine.")
    if x.shape != y.shape and x.shape != () and y.shape != ():
        broadcast_shape(x.shape, y.shape)
    return x, y, dtype


def _beside(dtype: DType, value: object, division: bool) -> tuple[DType, Data]:
    """Return the dtype in which a tensor meets a number, and the number in it."""
    if value == 0:  # 0.0 and -0.0 are one key
        return _met(dtype, value, division)
    return _remembered(dtype, value, division)


def _met(dtype: DType, value: object, division: bool) -> tuple[DType, Data]:
    own = constant_dtype(value)
    common = promote(dtype, dtype if own.kind <= dtype.kind else own, division)
    return common, scalar(value, common).data


_remembered = lru_cache(maxsize=1024, typed=True)(_met)


def broadcast_shape(a: Shape, b: Shape) -> Shape:
    """Return the common shape of two blocks, or say which axis does not fit."""
    shape, size = _common(a, b)
    state.note_block(size)  # before NumPy allocates it
    return shape


@lru_cache(maxsize=1024)
def _common(a: Shape, b: Shape) -> tuple[Shape, int]:
    rank = max(len(a), len(b))
    left = (1,) * (rank - len(a)) + a
    right = (1,) * (rank - len(b)) + b
    out = []
    size = 1
    for axis, (m, n) in enumerate(zip(left, right, strict=True)):
        if m != n and 1 not in (m, n):
            raise TileError(
                f"blocks {list(a)} and {list(b)} do not broadcast: axis {axis} is "
                f"{m} in one and {n} in the other."
            )
        out.append(n if m == 1 else m)
        size *= out[-1]
    return tuple(out), size


def check_shape(dims: object) -> Shape:
    """Check a block shape: each axis a compile-time power of two."""
    if not isinstance(dims, tuple):
        raise TileError("a block's shape is written (B,) or [B], also for one axis.")
    shape = tuple(as_constant_int(d, "a block's shape") for d in dims)
    size = 1
    for dim in shape:
        if dim < 1 or dim & (dim - 1):
            raise TileError(
                f"block shape {list(shape)}: every axis must be a power of two. Round "
                "up with triton.next_power_of_2 and mask the rest."
            )
        size *= dim
    state.note_block(size)
    return shape
