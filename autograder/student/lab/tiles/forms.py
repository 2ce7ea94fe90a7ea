"""The forms of a kernel that are not binary operators.

Signs, `not`, `and`, conditions, `x[:, None]`, `pair[0]`, `x, y = pair`, attributes.
"""

from __future__ import annotations

import math
import operator
from functools import lru_cache
from typing import Any

import numpy as np

from .arithmetic import Operator, constant, mismatch
from .dtypes import BOOLEAN, FLOATING, Shape, int1
from .errors import TileError
from .values import (
    Pointer,
    PointerType,
    Tensor,
    Undefined,
    as_tensor,
    describe,
    is_constant,
    make,
)


def is_none(a: object, b: object) -> bool:
    """`a is None`; the checker allows no other `is`."""
    return a is b


def is_not_none(a: object, b: object) -> bool:
    """`a is not None`."""
    return a is not b


def negative(a: object) -> object:
    """`-a`."""
    if type(a) is Tensor and a.dtype.kind != BOOLEAN:
        return make(np.negative(a.data), a.dtype)
    if is_constant(a):
        return constant("-", operator.sub, 0, a) if type(a) is not float else -a
    raise _unary("-", a)


def positive(a: object) -> object:
    """`+a`, which Triton has for compile-time numbers only."""
    if is_constant(a):
        return a
    raise _unary("+", a)


def invert(a: object) -> object:
    """`~a`, on ints and comparisons."""
    if type(a) is Tensor and a.dtype.kind != FLOATING:
        return make(np.invert(a.data), a.dtype)
    if type(a) is int:
        return ~a
    raise _unary("~", a)


def logical_not(a: object) -> object:
    """`not a`, on scalars."""
    if isinstance(a, Tensor):
        if a.data.shape != ():
            raise TileError("`not` takes a scalar; for a block use `~`.")
        if a.dtype is not int1:
            raise TileError(f"`not` takes a comparison, got {describe(a)}.")
        return Tensor(np.bool_(not a.data), int1)
    if is_constant(a) or a is None:
        return not a
    raise _unary("not", a)


def _unary(symbol: str, a: object) -> TileError:
    if isinstance(a, Undefined):
        return TileError(a.why)
    return TileError(f"`{symbol}` does not take {describe(a)}.")


def opens(a: object, wanted: bool) -> bool:
    """Say whether `a and b` (wanted True) or `a or b` (False) looks at b."""
    if isinstance(a, Tensor):
        return True
    return truth(a) is wanted


def _logical(symbol: str, ufunc: Any) -> Operator:
    def apply(a: object, b: object) -> object:
        if not isinstance(a, Tensor):
            return b
        if not isinstance(b, Tensor):
            if not is_constant(b):
                raise mismatch(symbol, a, b)
            keeps = (symbol == "and") is bool(b)
            return a if keeps else b
        for value in (a, b):
            if value.data.shape != ():
                other = "&" if symbol == "and" else "|"
                raise TileError(
                    f"`{symbol}` takes scalars; for blocks use `{other}`, with each "
                    f"comparison in brackets: (a < b) {other} (c < d)."
                )
            if value.dtype is not int1:
                raise TileError(f"`{symbol}` takes comparisons, got {describe(value)}.")
        return Tensor(ufunc(a.data, b.data), int1)

    return apply


logical_and = _logical("and", np.logical_and)
logical_or = _logical("or", np.logical_or)


def truth(a: object) -> bool:
    """Decide an `if`, a `while` or a conditional expression."""
    if isinstance(a, Tensor):
        if a.data.shape != ():
            raise TileError(
                f"a condition must be a scalar, got {describe(a)}. Choose per element "
                "with tl.where."
            )
        return bool(a.data)
    if a is None or type(a) in (bool, int):
        return bool(a)
    if isinstance(a, Undefined):
        raise TileError(a.why)
    raise TileError(
        f"a condition must be a scalar, an int or a bool, got {describe(a)}."
    )


def choose(condition: object, value: object) -> object:
    """Type the result of `a if c else b`: a tensor where c is known at run time."""
    return as_tensor(value) if isinstance(condition, Tensor) else value


def index(a: object, axes: tuple[bool, ...]) -> object:
    """`x[:, None]`: `axes` says which axes are new."""
    if not isinstance(a, Tensor | Pointer):
        if isinstance(a, Undefined):
            raise TileError(a.why)
        raise TileError(f"`[:, None]` takes a block, got {describe(a)}.")
    shape = _indexed(a.data.shape, axes)
    if shape is None:
        raise TileError(
            f"the index has {axes.count(False)} `:` for {describe(a)}; write one `:` "
            "for each axis."
        )
    data = a.data.reshape(shape)
    return Pointer(data, a.view) if isinstance(a, Pointer) else Tensor(data, a.dtype)


@lru_cache(maxsize=1024)
def _indexed(sizes: Shape, axes: tuple[bool, ...]) -> Shape | None:
    """Return a block's shape with new axes, None where the index has too many."""
    axes = axes + (False,) * (len(sizes) - axes.count(False))
    if axes.count(False) != len(sizes):
        return None
    old = iter(sizes)
    return tuple(1 if new else next(old) for new in axes)


def item(a: object, position: object) -> object:
    """`x.shape[0]` and `pair[1]`: an element of a tuple."""
    if not isinstance(a, tuple) or type(position) is not int:
        if isinstance(a, Tensor | Pointer):
            raise TileError(
                "a block is indexed with `:` and None only; elements and slices of it "
                "are reached through pointers: tl.load(ptr + offsets)."
            )
        raise TileError(f"`[...]` does not take {describe(a)}.")
    if not -len(a) <= position < len(a):
        raise TileError(f"index {position} of a tuple of {len(a)}.")
    return a[position]


def attribute(a: object, name: str) -> object:
    """Read `.shape`, `.dtype`, `.T` or `.element_ty`, the only attributes there are."""
    if isinstance(a, Undefined):
        raise TileError(a.why)
    if name == "shape" and isinstance(a, Tensor | Pointer):
        return tuple(int(n) for n in a.data.shape)
    if name == "dtype" and isinstance(a, Pointer):
        return PointerType(a.view.dtype)
    if name == "dtype" and isinstance(a, Tensor):
        return a.dtype
    if name == "element_ty" and isinstance(a, PointerType):
        return a.element_ty
    if name == "value" and is_constant(a):
        return a
    if name == "T" and isinstance(a, Tensor | Pointer):
        if len(a.data.shape) != 2:
            raise TileError(f"`.T` takes a block of two axes, got {describe(a)}.")
        data = a.data.T
        return (
            Pointer(data, a.view) if isinstance(a, Pointer) else Tensor(data, a.dtype)
        )
    raise TileError(f"{describe(a)} has no `.{name}`.")


def to_int(value: object) -> int:
    """`int(x)` of a compile-time number."""
    if is_constant(value):
        number = float(value)  # type: ignore[arg-type]
        if math.isfinite(number) and abs(number) < 2**63:
            return int(value)  # type: ignore[call-overload, no-any-return]
    raise TileError(f"int() takes a compile-time number, got {describe(value)}.")


def to_float(value: object) -> float:
    """`float(x)` of a compile-time number, or of the text "inf", "-inf" or "nan"."""
    if is_constant(value) or value in ("inf", "-inf", "nan"):
        return float(value)  # type: ignore[arg-type]
    raise TileError(f"float() takes a compile-time number, got {describe(value)}.")
