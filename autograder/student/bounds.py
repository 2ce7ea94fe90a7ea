"""What a value may become: its elements, its depth, its digits, its keys.

A message of a few bytes can announce a thousand million elements, and one of a megabyte
can be nested deeper than any code that goes down it comes back from. So this is asked
before the value is made, and of it before anybody looks at it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

#: The most values in one: a number, a string, an array, a container are one each. The
#: lessons' own need 4,000.
MAX_ELEMENTS = 2**17
MAX_DEPTH = 48
MAX_INT_BYTES = 1024  # 2,466 digits: Python prints no more than 4,300
FRACTION_BYTES = 256  # of each part: a sum of fractions multiplies denominators
EMPTY = 2**27  # elements that an array without any would have but for its zeros
_EXTENSION = 4  # what an array or a tuple counts, beside its elements
SAME_HASH = 16  # keys of one dictionary or set that may share a hash


class CodecError(ValueError):
    """A value that cannot be encoded, or bytes that do not encode one."""


class TooLarge(CodecError):
    """A value larger or deeper than the limits."""


def _heads() -> list[tuple[int, int, int, int]]:
    """Tell of each first byte of MessagePack what follows it.

    That is: bytes of a length, bytes to skip, values to come; and how many values each
    unit of the length stands for, 0 where it counts bytes.
    """
    table = [(0, 0, 0, 0)] * 256
    for n in range(16):
        table[0x80 + n] = (0, 0, 2 * n, 0)
        table[0x90 + n] = (0, 0, n, 0)
    for n in range(32):
        table[0xA0 + n] = (0, n, 0, 0)
    for n in range(3):
        table[0xC4 + n] = (1 << n, 0, 0, 0)  # bytes
        table[0xC7 + n] = (1 << n, 1, 0, 0)  # extensions
        table[0xD9 + n] = (1 << n, 0, 0, 0)  # texts
    for n in range(2):
        table[0xCA + n] = (0, 4 << n, 0, 0)  # floats
        table[0xDC + n] = (2 << n, 0, 0, 1)  # lists
        table[0xDE + n] = (2 << n, 0, 0, 2)  # dictionaries
    for n in range(4):
        table[0xCC + n] = table[0xD0 + n] = (0, 1 << n, 0, 0)  # integers
    for n in range(5):
        table[0xD4 + n] = (0, 1 + (1 << n), 0, 0)  # extensions of 1 to 16 bytes
    return table


_AFTER = _heads()
_EXTENSIONS = frozenset((*range(0xC7, 0xCA), *range(0xD4, 0xD9)))


def count(data: bytes | bytearray | memoryview, most: int) -> int:
    """Count the values that a message says it holds, without making them.

    A list of a thousand million takes five bytes to announce, and its place in memory
    is taken before the first element is looked at.

    Raises:
        TooLarge: they are more than ``most``.
        IndexError: the message ends before they do.
    """
    at, left, total = 0, 1, 0
    while left:
        left -= 1
        total += 1
        byte = data[at]
        width, skip, items, each = _AFTER[byte]
        at += 1
        if width:
            length = int.from_bytes(data[at : at + width], "big")
            at += width
            if each:
                items = each * length
            else:
                skip += length
        if byte in _EXTENSIONS:
            total += _EXTENSION
        at += skip
        left += items
        if left + total > most:
            raise TooLarge(f"a value of more than {MAX_ELEMENTS:,} elements")
    return total


def check_depth(value: Any) -> None:
    """Refuse values so deep that code which goes down them could not come back.

    Raises:
        TooLarge: lists, tuples and dictionaries are nested too deep.
    """
    layer = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for item in layer:
            kind = type(item)
            if kind is list or kind is tuple:
                inner += item
            elif kind is dict:
                inner += item.values()
        if not inner:
            return
        layer = inner
    raise TooLarge(f"a value nested more than {MAX_DEPTH} deep")


def check_hashes(keys: list[Any]) -> None:
    """Refuse keys that were chosen to be looked up in quadratic time."""
    if len(keys) <= SAME_HASH:
        return
    hashes = sorted(map(hash, keys))
    if any(map(operator.eq, hashes, hashes[SAME_HASH:])):
        raise TooLarge("too many keys with the same hash")


def check_empty(shape: Sequence[int]) -> None:
    """Refuse an array without elements whose sums would have too many."""
    if math.prod(filter(None, shape)) > EMPTY:
        raise TooLarge("an array without elements, but with long axes")


def bounded(number: int, most: int) -> int:
    """Return the bytes that an integer takes."""
    size = number.bit_length() // 8 + 1
    if size > most:
        raise TooLarge(f"an integer of {size:,} bytes")
    return size
