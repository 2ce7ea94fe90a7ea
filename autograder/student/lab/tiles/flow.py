"""Loops and branches: what Triton asks of the names that they assign.

A loop is compiled once, so a name that its body assigns keeps one type from one
turn to the next, and a name that first appears in it is gone when it ends. The two
branches of a run-time `if` must agree in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator

from .dtypes import FLOATING, DType, int32, int64
from .errors import TileError
from .forms import truth
from .state import state
from .values import (
    Pointer,
    Tensor,
    Undefined,
    as_constant_int,
    as_tensor,
    describe,
    is_constant,
    scalar,
)

Values = tuple[object, ...]
Names = tuple[str, ...]


def keep(value: object) -> object:
    """`x = value`: a compile-time number becomes a scalar, as in Triton.

    Only `x: tl.constexpr = value` keeps it a compile-time number.
    """
    if type(value) is Tensor or type(value) is Pointer:
        return value
    if is_constant(value):
        return scalar(value)
    if isinstance(value, tuple):
        return tuple(keep(v) for v in value)
    if isinstance(value, Undefined):
        raise TileError(value.why)
    if isinstance(value, str):
        raise TileError("text is not kept in a name; make it a tl.constexpr.")
    return value


def unpack(value: object, count: int) -> Values:
    """`x, y = pair`."""
    if isinstance(value, Undefined):
        raise TileError(value.why)
    if not isinstance(value, tuple) or len(value) != count:
        raise TileError(f"cannot unpack {describe(value)} into {count} names.")
    return tuple(keep(v) for v in value)


def carry(values: Values) -> Values:
    """Before a loop: compile-time numbers that it reassigns become tensors."""
    return tuple(as_tensor(v) if is_constant(v) else v for v in values)


def carried(before: Values, now: Values, names: Names) -> Values:
    """After a turn of a loop: each name still has the type it had before."""
    out = []
    for old, new, name in zip(before, now, names, strict=True):
        value = as_tensor(new) if is_constant(new) else new
        if not isinstance(old, Undefined) and not same_type(old, value):
            raise TileError(
                f"{name} is {describe(old)} before the loop and {describe(value)} "
                "after a turn of it; Triton keeps one type. Start it with the type "
                "that the loop gives it (tl.zeros, tl.full, .to)."
            )
        out.append(value)
    return tuple(out)


def after_loop(before: Values, now: Values, names: Names) -> Values:
    """After a loop: names that it introduced are gone."""
    return tuple(
        Undefined(
            f"{name} gets its first value inside a loop, so it has none after it. "
            "Give it a value before the loop."
        )
        if isinstance(old, Undefined)
        else new
        for old, new, name in zip(before, now, names, strict=True)
    )


def merge(
    condition: object, before: Values, now: Values, names: Names, both: tuple[bool, ...]
) -> Values:
    """After an `if` on a run-time value: both branches leave the same types."""
    if not isinstance(condition, Tensor):
        return now
    out: list[object] = []
    for old, new, name, certain in zip(before, now, names, both, strict=True):
        value = as_tensor(new) if is_constant(new) else new
        start = as_tensor(old) if is_constant(old) else old
        if isinstance(start, Undefined):
            if not certain:
                value = Undefined(
                    f"{name} has a value in only one branch of an `if` that is decided "
                    "at run time. Give it a value before the `if`."
                )
        elif not same_type(start, value):
            raise TileError(
                f"{name} is {describe(start)} before the `if` and {describe(value)} "
                "in one branch; Triton keeps one type."
            )
        out.append(value)
    return tuple(out)


def same_type(a: object, b: object) -> bool:
    """Say whether two values have one type: dtype and shape, or the same tensor."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.dtype is b.dtype and a.data.shape == b.data.shape
    if isinstance(a, Pointer) and isinstance(b, Pointer):
        return a.view.dtype is b.view.dtype and a.data.shape == b.data.shape
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same_type, a, b))
    if isinstance(a, DType) or isinstance(b, DType):
        return a is b
    return type(a) is type(b)


def turn(condition: object) -> bool:
    """Decide whether a `while` goes on, counting its turns."""
    state.turn()
    return truth(condition)


def compile_time(value: object, name: str) -> object:
    """`x: tl.constexpr = value`: the value is known when Triton compiles."""
    if isinstance(value, Tensor | Pointer | Undefined):
        raise TileError(f"{name} is a tl.constexpr, but gets {describe(value)}.")
    return value


def loop(*bounds: object, **hints: object) -> Iterator[Tensor]:
    """Count in a loop, as `range` does: the index is an int32 scalar."""
    start, stop, step = _bounds(bounds)
    dtype = int32
    numbers = []
    for bound in (start, stop, step):
        value = as_tensor(bound, "a loop bound")
        if value.data.shape or value.dtype.kind == FLOATING:
            raise TileError(f"a loop bound is an int scalar, got {describe(bound)}.")
        if value.dtype is int64:
            dtype = int64
        numbers.append(int(value.data))
    if numbers[2] == 0 or (numbers[2] < 0 and isinstance(step, Tensor)):
        raise TileError("a loop's step must be positive, or a negative constant.")
    turns = range(*numbers)
    state.check_turns(len(turns) if abs(turns.stop - turns.start) < 2**31 else 2**31)
    for i in turns:
        state.step()
        yield Tensor(dtype.numpy.type(i), dtype)


def static_range(*bounds: object) -> Iterator[int]:
    """Unroll a loop, so that its index is known at compile time."""
    numbers = [as_constant_int(b, "tl.static_range's bound") for b in _bounds(bounds)]
    if numbers[2] == 0:
        raise TileError("a loop's step must not be zero.")
    for i in range(*numbers):
        state.step()
        yield i


def _bounds(bounds: tuple[object, ...]) -> tuple[object, object, object]:
    if not 1 <= len(bounds) <= 3:
        raise TileError(f"range takes one to three bounds, got {len(bounds)}.")
    if len(bounds) == 1:
        return 0, bounds[0], 1
    return bounds[0], bounds[1], bounds[2] if len(bounds) == 3 else 1
