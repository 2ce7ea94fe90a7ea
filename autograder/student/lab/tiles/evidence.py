"""Read evidence strictly: it comes from a process that may be hostile.

Each function returns a checked value of a known type and size, or raises TileError
with one sentence. Nothing of the evidence is used before it went through here.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from .dtypes import DTYPES, Shape
from .errors import TileError
from .memory import count, span
from .program import plain_constant
from .rewrite import SOURCE_LIMIT, size_of
from .session import WORKSPACE_LIMIT

FUNCTIONS = 16  # of one kernel, helpers included
CONSTANTS = 32
PARAMETERS = 128
KERNELS = 64
NUMBER_BITS = 1024  # of the different numbers that reach the kernels; a launch has 250
ALL_SOURCES = 400_000  # characters of all kernels together
DTYPE_NAMES = {str(d.numpy): d for d in DTYPES.values()}


def malformed(what: str) -> TileError:
    """Say which part is not what a recording writes."""
    return TileError(f"the recording of the launches is malformed: {what}.")


def table(value: object, keys: set[str], what: str) -> Mapping[str, Any]:
    """Read a dict with exactly these keys."""
    if type(value) is not dict or set(value) != keys:
        raise malformed(what)
    return value


def items(value: object, limit: int, what: str) -> list[Any]:
    """Read a list of at most so many."""
    if type(value) is not list or len(value) > limit:
        raise malformed(what)
    return value


def whole(value: object, low: int, high: int, what: str) -> int:
    """Read an int within bounds."""
    if type(value) is not int or not low <= value <= high:
        raise malformed(what)
    return value


def name(value: object, what: str) -> str:
    """Read an identifier."""
    if type(value) is not str or len(value) > 100 or not value.isidentifier():
        raise malformed(what)
    return value


def sizes(value: object, what: str) -> Shape:
    """Read a shape that fits the memory limit."""
    limit = WORKSPACE_LIMIT
    shape = tuple(whole(n, 0, limit, what) for n in items(value, 8, what))
    if count(tuple(max(n, 1) for n in shape)) > limit:
        raise malformed(what)
    return shape


def dtype(value: object, what: str) -> Any:
    """Read a dtype's NumPy name."""
    if type(value) is not str or value not in DTYPE_NAMES:
        raise malformed(what)
    return DTYPE_NAMES[value].numpy


def plain(value: object, what: str) -> object:
    """Read {"value": ...} or {"dtype": ...}."""
    if type(value) is dict and set(value) == {"dtype"}:
        if type(value["dtype"]) is not str or value["dtype"] not in DTYPES:
            raise malformed(what)
        return DTYPES[value["dtype"]]
    inner = table(value, {"value"}, what)["value"]
    if not plain_constant(inner):
        raise malformed(what)
    return inner


def window(
    shape_value: object, strides_value: object, offset: object, size: int, what: str
) -> tuple[Shape, Shape, int]:
    """Read a strided window that lies inside `size` elements."""
    shape = sizes(shape_value, what)
    limit = WORKSPACE_LIMIT
    given = items(strides_value, 8, what)
    strides = tuple(whole(s, -limit, limit, what) for s in given)
    start = whole(offset, 0, limit, what)
    if len(strides) != len(shape):
        raise malformed(what)
    low, high = span(shape, strides)
    if high >= low and not (start + low >= 0 and start + high < size):
        raise malformed(f"{what} leaves its memory")
    return shape, strides, start


def bundle(value: object, submitted: str | None) -> list[dict[str, Any]]:
    """Read a kernel: its functions, constants and helpers."""
    functions = items(value, FUNCTIONS, "a kernel's functions")
    if not functions:
        raise malformed("a kernel without functions")
    out = []
    for one in functions:
        keys = {"name", "source", "constants", "helpers"}
        given = table(one, keys, "a function")
        source = given["source"]
        if type(source) is not str or size_of(source) > SOURCE_LIMIT:
            raise malformed("a function's source")
        title = name(given["name"], "a function's name")
        if submitted is not None and normal(source) not in submitted:
            raise TileError(
                f"the source of {title} is not in the submission; a kernel is written "
                "out in a cell, not made by a program."
            )
        constants, helpers = given["constants"], given["helpers"]
        if type(constants) is not dict or len(constants) > CONSTANTS:
            raise malformed("a function's constants")
        if type(helpers) is not dict or len(helpers) > FUNCTIONS:
            raise malformed("a function's helpers")
        last = len(functions) - 1
        out.append(
            {
                "name": title,
                "source": source,
                "constants": {
                    name(key, "a constant"): plain(v, "a constant")
                    for key, v in constants.items()
                },
                "helpers": {
                    name(key, "a helper"): whole(v, 0, last, "a helper")
                    for key, v in helpers.items()
                },
            }
        )
    return out


@functools.lru_cache(maxsize=32)  # each test asks for the same few texts
def normal(text: str) -> str:
    """Return text without indentation, blank lines and line ends, to compare."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)
