"""The operators of a kernel: `a + b`, `a < b`, `-a`, `a if c else b`, `x[:, None]`.

The checker rewrites every operator of a kernel to one of these functions, so no
method of a Python object is ever looked up on a kernel's behalf.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .dtypes import BOOLEAN, FLOATING, INTEGRAL, DType, float32, int1
from .errors import TileError
from .state import state
from .values import (
    Data,
    Pointer,
    Tensor,
    Undefined,
    as_tensor,
    broadcast_shape,
    cast,
    describe,
    is_constant,
    make,
    pair,
)

Operator = Callable[[object, object], object]
_PLACES = np.dtype(np.int64)  # of a pointer's offsets


def constant(symbol: str, function: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Compute on two Python numbers, as Triton does at compile time, within 64 bits."""
    if symbol == "**" and (abs(b) > 1024 or (type(a) is int and abs(b) > 64)):
        raise TileError(f"{a} ** {b} is too large for a compile-time number.")
    if symbol in ("<<", ">>") and not 0 <= b < 64:
        raise TileError(f"a shift by {b} is outside 0 to 63.")
    try:
        value = function(a, b)
    except ArithmeticError:
        raise TileError(f"{a} {symbol} {b} has no value.") from None
    except TypeError:
        raise TileError(f"{a} {symbol} {b}: ints only.") from None
    if type(value) is int and value.bit_length() > 64:
        raise TileError(f"{a} {symbol} {b} does not fit in 64 bits.")
    if type(value) not in (int, float, bool):
        raise TileError(f"{a} {symbol} {b} is not a real number.")
    return value


def mismatch(symbol: str, a: object, b: object) -> TileError:
    for value in (a, b):
        if isinstance(value, Undefined):
            return TileError(value.why)
    return TileError(f"`{symbol}` does not take {describe(a)} and {describe(b)}.")


def _arithmetic(
    symbol: str,
    function: Callable[[Any, Any], Any],
    kernel: Callable[[Data, Data, DType], Data],
    *,
    division: bool = False,
) -> Operator:
    plain = symbol in ("+", "-", "*")

    def apply(a: object, b: object) -> object:
        if type(a) is Tensor or type(b) is Tensor:
            if plain and type(a) is type(b):
                return _same(a, b) or _mixed(a, b)  # type: ignore[arg-type]
            return _mixed(a, b)
        if is_constant(a) and is_constant(b):
            return constant(symbol, function, a, b)
        if isinstance(a, Pointer) or isinstance(b, Pointer):
            return _move(symbol, a, b)
        raise mismatch(symbol, a, b)

    def _same(a: Tensor, b: Tensor) -> Tensor | None:
        """Compute on two tensors of one dtype, the most that kernels do, fast."""
        x, y, dtype = a.data, b.data, a.dtype
        if dtype is not b.dtype or dtype is int1:
            return None
        if x.shape != y.shape and x.shape and y.shape:
            broadcast_shape(x.shape, y.shape)
        return make(function(x, y), dtype)

    def _mixed(a: object, b: object) -> object:
        if isinstance(a, Pointer) or isinstance(b, Pointer):
            return _move(symbol, a, b)
        if not (is_number(a) and is_number(b)):
            raise mismatch(symbol, a, b)
        if division:
            _refuse_flag(symbol, a, b)
        x, y, dtype = pair(a, b, division)
        return make(kernel(x, y, dtype), dtype)

    return apply


def is_number(value: object) -> bool:
    return type(value) is Tensor or is_constant(value)


def _move(symbol: str, a: object, b: object) -> Pointer:
    """Add an offset, in elements, to a pointer."""
    if symbol == "+" and isinstance(b, Pointer) and not isinstance(a, Pointer):
        a, b = b, a
    if not isinstance(a, Pointer) or symbol not in ("+", "-") or not is_number(b):
        raise mismatch(symbol, a, b)
    offset = as_tensor(b)
    if offset.dtype.kind == FLOATING:
        raise TileError(
            f"a pointer moves by whole elements, got {describe(offset)}. Convert with "
            "`.to(tl.int32)`."
        )
    x, y = a.data, offset.data
    if x.shape != y.shape and x.shape != () and y.shape != ():
        broadcast_shape(x.shape, y.shape)
    if y.shape and y.dtype != _PLACES:
        y = y.astype(_PLACES)  # as the sum is; NumPy adds two dtypes far slower
    moved = x + y if symbol == "+" else x - y
    state.note_block(int(moved.size))
    return Pointer(moved, a.view)


def _plain(ufunc: Any) -> Callable[[Data, Data, DType], Data]:
    def kernel(x: Data, y: Data, dtype: DType) -> Data:
        if dtype is int1:  # one bit, wrapping: True + True is False
            return (ufunc(x.astype(np.int8), y.astype(np.int8)) & 1).astype(np.bool_)
        return ufunc(x, y)

    return kernel


def _true_divide(x: Data, y: Data, dtype: DType) -> Data:
    return np.divide(x, y)


def _floor_divide(x: Data, y: Data, dtype: DType) -> Data:
    if dtype.kind == FLOATING:
        raise TileError("`//` is for ints; for floats use tl.floor(a / b).")
    _refuse_zero(y)
    return (x - np.fmod(x, y)) // y  # C's division: it truncates towards zero


def _modulo(x: Data, y: Data, dtype: DType) -> Data:
    if dtype.kind != FLOATING:
        _refuse_zero(y)
    return np.fmod(x, y)  # C's remainder: it takes the sign of the dividend


def _refuse_zero(y: Data) -> None:
    if not np.all(y):
        raise TileError("a division of ints by zero.")


def _whole(symbol: str, ufunc: Any) -> Callable[[Data, Data, DType], Data]:
    def kernel(x: Data, y: Data, dtype: DType) -> Data:
        if dtype.kind == FLOATING:
            raise TileError(f"`{symbol}` takes ints or comparisons, not {dtype.name}.")
        return ufunc(x, y)

    return kernel


def _true_constant(a: Any, b: Any) -> Any:
    return a / b


add = _arithmetic("+", operator.add, _plain(np.add))
subtract = _arithmetic("-", operator.sub, _plain(np.subtract))
multiply = _arithmetic("*", operator.mul, _plain(np.multiply))
floor_divide = _arithmetic("//", operator.floordiv, _floor_divide, division=True)
modulo = _arithmetic("%", operator.mod, _modulo, division=True)
bit_and = _arithmetic("&", operator.and_, _whole("&", np.bitwise_and))
bit_or = _arithmetic("|", operator.or_, _whole("|", np.bitwise_or))
bit_xor = _arithmetic("^", operator.xor, _whole("^", np.bitwise_xor))
shift_left = _arithmetic("<<", operator.lshift, _whole("<<", np.left_shift))
shift_right = _arithmetic(">>", operator.rshift, _whole(">>", np.right_shift))
_divide = _arithmetic("/", _true_constant, _true_divide, division=True)


def divide(a: object, b: object) -> object:
    """`a / b`: ints divide as float32, fp16 too."""
    if is_number(a) and is_number(b) and not (is_constant(a) and is_constant(b)):
        _refuse_flag("/", a, b)
        a, b = _to_float(a), _to_float(b)
    return _divide(a, b)


def _refuse_flag(symbol: str, a: object, b: object) -> None:
    """Refuse to divide a comparison and an int: one has no sign, Triton says."""
    kinds = [as_tensor(v).dtype.kind for v in (a, b)]
    if BOOLEAN in kinds and INTEGRAL in kinds:
        raise TileError(f"`{symbol}` takes no comparison; convert it: .to(tl.int32).")


def _to_float(value: object) -> object:
    if isinstance(value, Tensor) and value.dtype.kind != FLOATING:
        return cast(value, float32)
    return float(value) if type(value) in (int, bool) else value  # type: ignore[arg-type]


def power(a: object, b: object) -> object:
    """`a ** b`, which Triton has for compile-time numbers only."""
    if is_constant(a) and is_constant(b):
        return constant("**", operator.pow, a, b)
    raise TileError(
        "`**` is for compile-time numbers; for blocks write x * x, or "
        "tl.exp2(y * tl.log2(x))."
    )


def matmul(a: object, b: object) -> object:
    """`a @ b`, which Triton does not have."""
    raise TileError("`@` is not in the language; use tl.dot(a, b).")


def _comparison(
    symbol: str, function: Callable[[Any, Any], bool], ufunc: Any
) -> Operator:
    equality = symbol in ("==", "!=")

    def apply(a: object, b: object) -> object:
        if type(a) is Tensor or type(b) is Tensor:
            if not (is_number(a) and is_number(b)):
                raise mismatch(symbol, a, b)
            x, y, _ = pair(a, b)
            return make(ufunc(x, y), int1)
        if is_constant(a) and is_constant(b):
            return function(a, b)
        if equality and type(a) is type(b) and isinstance(a, str | DType):
            return function(a, b)
        raise mismatch(symbol, a, b)

    return apply


less = _comparison("<", operator.lt, np.less)
less_equal = _comparison("<=", operator.le, np.less_equal)
greater = _comparison(">", operator.gt, np.greater)
greater_equal = _comparison(">=", operator.ge, np.greater_equal)
equal = _comparison("==", operator.eq, np.equal)
not_equal = _comparison("!=", operator.ne, np.not_equal)
