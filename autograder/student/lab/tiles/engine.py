"""Real Triton or the simulator: what `triton`, `tl` and `device` are here."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .dtypes import DTYPES, DType, dtype_of
from .errors import TileError
from .grammar import ELSEWHERE, FUNCTIONS, LOOPS
from .kernel import constexpr, jit
from .memory import Array, element_strides, refused_dtype
from .session import check_shape, current

# A GPU shows as one of these; asking PyTorch costs a second, so look first.
_GPU_FILES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg")


def choose() -> dict[str, Any]:
    """Return the three names for this machine."""
    wanted = os.environ.get("TILES", "")
    if wanted not in ("", "simulator", "triton"):
        raise TileError(f"TILES is {wanted!r}; it may be simulator or triton.")
    if wanted == "triton" or (not wanted and has_gpu()):
        return {
            "triton": importlib.import_module("triton"),
            "tl": importlib.import_module("triton.language"),
            "device": Gpu(),
        }
    return {"triton": Simulated(), "tl": Language(), "device": Device()}


def has_gpu() -> bool:
    """Say whether Triton is installed and PyTorch sees a CUDA GPU."""
    if not any(Path(name).exists() for name in _GPU_FILES):
        return False
    if any(importlib.util.find_spec(name) is None for name in ("triton", "torch")):
        return False
    torch = importlib.import_module("torch")
    return bool(torch.cuda.is_available())


def cdiv(x: int, y: int) -> int:
    """Return x / y rounded up."""
    return -(-x // y)


def next_power_of_2(n: int) -> int:
    """Return the smallest power of two that is at least n."""
    return 1 << max(int(n) - 1, 0).bit_length()


class Simulated:
    """What host code uses of the module `triton`."""

    __name__ = "triton"
    jit = staticmethod(jit)
    cdiv = staticmethod(cdiv)
    next_power_of_2 = staticmethod(next_power_of_2)

    def __getattr__(self, name: str) -> Any:
        if name == "language":
            return Language()
        if name.startswith("__"):
            raise AttributeError(name)
        raise TileError(
            f"triton.{name} is not in the simulator; it has triton.jit, triton.cdiv "
            "and triton.next_power_of_2."
        )


class Language:
    """The language of kernels: `dir(tl)` lists it, `help(tl.load)` explains a name.

    Host code uses dtypes and tl.constexpr of it. The rest works inside a kernel only: a
    function under @triton.jit, launched with kernel[grid](...).
    """

    __name__ = "triton.language"
    constexpr = constexpr
    cdiv = staticmethod(cdiv)

    def __getattr__(self, name: str) -> Any:
        if name in DTYPES:
            return DTYPES[name]
        if name.startswith("__"):
            raise AttributeError(name)
        if name in FUNCTIONS or f"tl.{name}" in LOOPS:
            inside: Any = FUNCTIONS.get(name) or LOOPS[f"tl.{name}"]
            return _described(name, inside)
        why = ELSEWHERE.get(name, "it has dtypes and tl.constexpr for host code")
        raise TileError(f"tl.{name} is not in the simulator; {why}.")

    def __dir__(self) -> list[str]:
        loops = [name[3:] for name in LOOPS if name.startswith("tl.")]
        return sorted({*FUNCTIONS, *loops, *DTYPES, "constexpr", "cdiv"})


def _described(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what host code finds of a kernel's function: its description."""

    def only_in_kernels(*args: object, **kwargs: object) -> Any:
        raise TileError(
            f"tl.{name} works inside a kernel only: a function under @triton.jit, "
            "launched with kernel[grid](...)."
        )

    only_in_kernels.__name__ = only_in_kernels.__qualname__ = name
    only_in_kernels.__module__ = Language.__name__
    only_in_kernels.__doc__ = function.__doc__
    setattr(only_in_kernels, "__signature__", plain_signature(function))  # noqa: B010
    return only_in_kernels


def plain_signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return a function's parameters without annotations: kernels have no types."""
    given = inspect.signature(function).parameters.values()
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in given]
    return inspect.Signature(plain)


def numpy_dtype(dtype: object) -> np.dtype[Any]:
    """Read a dtype: tl.float32, device.float32, numpy.float32 or "float32"."""
    if isinstance(dtype, DType):
        return dtype.numpy
    try:
        made = np.dtype(dtype)  # type: ignore[call-overload]
    except TypeError:
        raise TileError(f"{dtype!r} is not a dtype."[:200]) from None
    if dtype_of(made) is None:
        raise TileError(refused_dtype("the array", made))
    result: np.dtype[Any] = made
    return result


class Device:
    """The memory that kernels work on: NumPy arrays in the simulator."""

    is_gpu = False
    float16 = np.dtype("float16")
    float32 = np.dtype("float32")
    float64 = np.dtype("float64")
    int32 = np.dtype("int32")
    int64 = np.dtype("int64")
    bool = np.dtype("bool")

    def empty(self, shape: object, dtype: object = "float32") -> Array:
        """Allocate without filling: the elements hold NaN, or an odd number."""
        return self._new(shape, dtype, None)

    def zeros(self, shape: object, dtype: object = "float32") -> Array:
        """Allocate zeros."""
        return self._new(shape, dtype, 0)

    def full(self, shape: object, value: float, dtype: object = "float32") -> Array:
        """Allocate one value everywhere."""
        if not isinstance(value, int | float):
            raise TileError("device.full fills with a number.")
        return self._new(shape, dtype, value)

    def _new(self, shape: object, dtype: object, fill: object) -> Array:
        return current().allocate(check_shape(shape), numpy_dtype(dtype), fill)

    def put(self, array: Array) -> Array:
        """Bring a NumPy array to where kernels can read it."""
        return array

    def get(self, array: Array) -> Array:
        """Bring a result back as a NumPy array."""
        return array

    def strides(self, array: Array) -> tuple[int, ...]:
        """Return an array's strides in elements, as pointer arithmetic needs them."""
        return element_strides(array)


class Gpu:
    """The memory that kernels work on: torch tensors on a CUDA GPU."""

    is_gpu = True

    def __init__(self) -> None:
        self._torch = importlib.import_module("torch")

    def __getattr__(self, name: str) -> Any:
        if name in Device.__dict__ and not name.startswith("_"):
            return getattr(self._torch, name)
        raise AttributeError(name)

    def _dtype(self, dtype: object) -> Any:
        if isinstance(dtype, self._torch.dtype):
            return dtype
        name = getattr(dtype, "name", None) or np.dtype(dtype).name  # type: ignore[call-overload]
        return getattr(
            self._torch, {"fp32": "float32", "fp16": "float16"}.get(name, name)
        )

    def empty(self, shape: Any, dtype: object = "float32") -> Any:
        """Allocate without filling."""
        return self._torch.empty(shape, dtype=self._dtype(dtype), device="cuda")

    def zeros(self, shape: Any, dtype: object = "float32") -> Any:
        """Allocate zeros."""
        return self._torch.zeros(shape, dtype=self._dtype(dtype), device="cuda")

    def full(self, shape: Any, value: float, dtype: object = "float32") -> Any:
        """Allocate one value everywhere."""
        kind = self._dtype(dtype)
        return self._torch.full(shape, value, dtype=kind, device="cuda")

    def put(self, array: Array) -> Any:
        """Bring a NumPy array to the GPU."""
        return self._torch.as_tensor(array, device="cuda")

    def get(self, array: Any) -> Array:
        """Bring a result back as a NumPy array."""
        result: Array = array.cpu().numpy()
        return result

    def strides(self, array: Any) -> tuple[int, ...]:
        """Return a tensor's strides in elements."""
        return tuple(array.stride())
