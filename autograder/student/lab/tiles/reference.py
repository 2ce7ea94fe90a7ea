"""The language of kernels, described: what the website's reference is made of.

Names, parameters and sentences are those of the functions themselves; which dtypes a
function takes is found by calling it with each.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .dtypes import DTYPES, DType, float32
from .engine import plain_signature
from .errors import TileError
from .grammar import ELSEWHERE, FUNCTIONS, LOOPS, REFUSED
from .memory import Segment, View
from .meter import Meter
from .races import Port
from .state import state
from .values import Pointer, Tensor

#: Every function, under the heading where a reader looks for it.
GROUPS = {
    "Programs and loops": (
        "program_id", "num_programs", "range", "static_range",
    ),
    "Memory": ("load", "store", "atomic_add"),
    "New blocks": ("arange", "full", "zeros", "zeros_like"),
    "Element by element": (
        "where", "maximum", "minimum", "clamp", "abs", "fma", "cdiv", "cast", "exp",
        "exp2", "log", "log2", "sqrt", "rsqrt", "sin", "cos", "floor", "ceil",
    ),
    "Products and reductions": (
        "dot", "sum", "max", "min", "argmax", "argmin", "cumsum",
    ),
    "Another shape": ("trans", "permute", "reshape", "broadcast_to", "expand_dims"),
    "For the compiler, and for you": (
        "static_assert", "device_print", "static_print", "multiple_of",
        "max_contiguous", "max_constancy", "assume",
    ),
}  # fmt: skip

_SIDE = 16  # of the blocks that functions are tried with
#: Names of sets of dtypes, the widest first.
_SETS = (
    ("any", tuple(DTYPES)),
    ("all but int1", tuple(n for n in DTYPES if n != "int1")),
    ("ints", tuple(n for n in DTYPES if n.startswith("int") and n != "int1")),
    ("floats", tuple(n for n in DTYPES if n.startswith("float"))),
)


@dataclass(frozen=True)
class Described:
    """One function of the language."""

    name: str  # "load"
    call: str  # "tl.load(pointer, mask=None, other=None, ...)"
    sentence: str
    dtypes: str  # of the blocks that it takes; empty where it takes none


def described(name: str) -> Described:
    """Describe a function of `tl`."""
    function: Any = FUNCTIONS.get(name) or LOOPS[f"tl.{name}"]
    sentence = (inspect.getdoc(function) or "").splitlines()[0]
    call = f"tl.{name}{plain_signature(function)}"
    return Described(name, call, sentence, _taken(name, function))


def instead() -> dict[str, str]:
    """Return what to write for names that `tl` does not have."""
    return dict(ELSEWHERE)


def refused() -> tuple[str, ...]:
    """Return why statements and expressions of Python are refused, each reason once."""
    return tuple(dict.fromkeys(REFUSED.values()))


def _taken(name: str, function: Callable[..., Any]) -> str:
    if name not in _ARGUMENTS:
        return ""
    fit = tuple(d.name for d in DTYPES.values() if _takes(name, function, d))
    known = [title for title, names in _SETS if names == fit]
    return known[0] if known else ", ".join(fit)


def _takes(name: str, function: Callable[..., Any], dtype: DType) -> bool:
    """Call a function with blocks of a dtype, as a program of one launch would."""
    state.start((1, 1, 1))
    state.enter(0)
    Port.meter = Meter()
    data = np.ones(_SIDE * _SIDE, dtype.numpy)
    view = View(Segment(data, "x"), 0, (data.size,), (1,), "x")
    places = np.arange(data.size).reshape(_SIDE, _SIDE)
    block = Tensor(data.reshape(_SIDE, _SIDE).copy(), dtype)
    try:
        function(*_ARGUMENTS[name](block, Pointer(places, view)))
    except TileError:
        return False
    finally:
        state.running = False
    return True


_Arguments = Callable[[Tensor, Pointer], Sequence[object]]


def _block(x: Tensor, p: Pointer) -> Sequence[object]:
    return (x,)


def _along(x: Tensor, p: Pointer) -> Sequence[object]:
    return x, 0


def _two(x: Tensor, p: Pointer) -> Sequence[object]:
    return x, x


def _three(x: Tensor, p: Pointer) -> Sequence[object]:
    return x, x, x


def _shape(x: Tensor, p: Pointer) -> Sequence[object]:
    return x, _SIDE, _SIDE


#: How each function that takes blocks is tried.
_ARGUMENTS: dict[str, _Arguments] = {
    **dict.fromkeys(
        ("zeros_like", "abs", "exp", "exp2", "log", "log2", "sqrt", "rsqrt", "sin",
         "cos", "floor", "ceil", "trans"),
        _block,
    ),
    **dict.fromkeys(("sum", "max", "min", "argmax", "argmin", "cumsum"), _along),
    **dict.fromkeys(("maximum", "minimum", "cdiv", "dot"), _two),
    **dict.fromkeys(("clamp", "fma"), _three),
    **dict.fromkeys(("reshape", "broadcast_to"), _shape),
    "expand_dims": _along,
    "permute": lambda x, p: (x, 1, 0),
    "cast": lambda x, p: (x, float32),
    "where": lambda x, p: (Tensor(x.data != 0, DTYPES["int1"]), x, x),
    "full": lambda x, p: ((_SIDE,), 1, x.dtype),
    "zeros": lambda x, p: ((_SIDE,), x.dtype),
    "load": lambda x, p: (p,),
    "store": lambda x, p: (p, x),
    "atomic_add": lambda x, p: (p, x),
}  # fmt: skip
