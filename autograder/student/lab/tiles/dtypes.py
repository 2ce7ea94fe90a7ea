"""Element types: `tl.float32` and its like, and the NumPy dtypes that hold them."""

from __future__ import annotations

from typing import Any

import numpy as np

Shape = tuple[int, ...]

BOOLEAN, INTEGRAL, FLOATING = 0, 1, 2


class DType:
    """An element type: `tl.float32` and its like. Compared by identity."""

    __slots__ = ("bits", "kind", "name", "numpy")

    def __init__(self, name: str, numpy: str, kind: int, bits: int) -> None:
        self.name = name
        self.numpy: np.dtype[Any] = np.dtype(numpy)
        self.kind = kind
        self.bits = bits

    def __repr__(self) -> str:
        return f"tl.{self.name}"


int1 = DType("int1", "bool", BOOLEAN, 1)
int8 = DType("int8", "int8", INTEGRAL, 8)
int16 = DType("int16", "int16", INTEGRAL, 16)
int32 = DType("int32", "int32", INTEGRAL, 32)
int64 = DType("int64", "int64", INTEGRAL, 64)
float16 = DType("float16", "float16", FLOATING, 16)
float32 = DType("float32", "float32", FLOATING, 32)
float64 = DType("float64", "float64", FLOATING, 64)

DTYPES = {
    d.name: d for d in (int1, int8, int16, int32, int64, float16, float32, float64)
}
_BY_NUMPY = {d.numpy: d for d in DTYPES.values()}


def dtype_of(numpy_dtype: np.dtype[Any]) -> DType | None:
    """Return the language's dtype for a NumPy one, or None where it has none."""
    return _BY_NUMPY.get(numpy_dtype)
