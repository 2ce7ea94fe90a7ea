"""Plain values to bytes and back, capped in size and depth, without pickle.

Numbers, strings, containers and arrays (dtype, shape, strides, bytes) pass between a
student's process and the judge's; nothing else does. Anything that is not plain becomes
a reference, by a function that the caller supplies: the guest turns instances into
handles, the judge turns callables into callbacks.

Decoding trusts no input. What a value becomes is bounded before it takes memory: its
bytes, its elements, its depth, the keys that share a hash; dtypes come from a list, and
an array's layout must fit its bytes.
"""

from __future__ import annotations

import fractions
import functools
import math
import re
import sys
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np

from autograder.student import bounds
from autograder.student.bounds import MAX_DEPTH, MAX_INT_BYTES
from autograder.student.bounds import MAX_ELEMENTS as MAX_ELEMENTS
from autograder.student.bounds import CodecError as CodecError
from autograder.student.bounds import TooLarge as TooLarge
from autograder.student.tensors import is_tensor

#: The most bytes of an answer. A request may have more, so that what a submission
#: answered can be handed back to it, several answers at once.
MAX_BYTES = 32 * 2**20
MAX_REQUEST = 4 * MAX_BYTES
_UNCOUNTED = MAX_ELEMENTS  # bytes of a message: it holds no more values than bytes
_BUFFER = 512  # first size of a message; msgpack's own default costs page faults
MAX_SPREAD = 4  # a strided view may span this many times its own elements

_ARRAY, _SCALAR, _TUPLE, _SET, _FROZENSET, _COMPLEX = range(1, 7)
_BIG_INT, _FRACTION, _SLICE, _RANGE, _REFERENCE, _TENSOR, _BFLOAT16 = range(7, 14)

_HEADS = msgpack.Packer(buf_size=_BUFFER)  # calls nothing back: all may share it
_DTYPE = re.compile(r"[<|](b1|[iu][1248]|f[248]|c(8|16)|[US][1-9]\d{0,3})")
_LONGEST_NAME = 6


#: What stands for a value that is not plain: its kind, number and class name, and the
#: fields of a value that cannot change.
Reference = tuple[str, int, str, dict[str, Any]]


def dumps(
    value: Any, refer: Callable[[Any], Reference] | None = None, limit: int = MAX_BYTES
) -> bytes:
    """Encode a value.

    Args:
        value: the value; cycles are refused as too deep.
        refer: turns what is not plain into a reference; without it, that is an error.
        limit: the most bytes that the result may have.

    Raises:
        CodecError: not plain, too deep or too large.
    """
    data = _Encoder(refer, limit).pack(value)
    if len(data) > limit:
        raise TooLarge(f"a value of {len(data):,} bytes, more than {limit:,}")
    return data


def loads(
    data: bytes | bytearray | memoryview,
    resolve: Callable[[Reference], Any] | None = None,
    limit: int = MAX_BYTES,
) -> Any:
    """Decode a value; arrays are fresh and writable.

    Args:
        data: what ``dumps`` made, or any other bytes.
        resolve: turns a reference back into an object; without it, that is an error.
        limit: the most bytes that are looked at.

    Raises:
        CodecError: the bytes encode no value, or one that is not allowed.
        TooLarge: the value has more bytes, elements or depth than are allowed.
    """
    if len(data) > limit:
        raise TooLarge(f"a value of {len(data):,} bytes, more than {limit:,}")
    value = _Decoder(resolve, limit).unpack(data)
    if len(data) > MAX_DEPTH:  # each level takes a byte
        bounds.check_depth(value)
    return value


class _Encoder:
    __slots__ = ("_depth", "_limit", "_refer")

    def __init__(
        self, refer: Callable[[Any], Reference] | None, limit: int = MAX_BYTES
    ) -> None:
        self._refer = refer
        self._limit = limit
        self._depth = 0

    def pack(self, value: Any) -> bytes:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooLarge(f"a value nested more than {MAX_DEPTH} deep")
        try:
            packer = msgpack.Packer(
                default=self._other,
                strict_types=True,
                unicode_errors="surrogatepass",
                buf_size=_BUFFER,
            )
            packed: bytes = packer.pack(value)
            return packed
        except CodecError:
            raise
        except RecursionError:
            raise TooLarge("a value nested too deep") from None
        except (ValueError, OverflowError, TypeError, RuntimeError) as error:
            deep = "recursion" in str(error)  # msgpack's word for its own depth limit
            kind = TooLarge if deep else CodecError
            raise kind(f"cannot be sent: {error}") from None
        finally:
            self._depth -= 1

    def _other(self, value: Any) -> msgpack.ExtType:
        kind = type(value)
        if kind is np.ndarray:
            return msgpack.ExtType(_ARRAY, self._array(value))
        if kind in _CONTAINERS:
            return msgpack.ExtType(_CONTAINERS[kind], self.pack(list(value)))
        if kind is int:
            size = bounds.bounded(value, MAX_INT_BYTES)
            raw = value.to_bytes(size, "little", signed=True)
            return msgpack.ExtType(_BIG_INT, raw)
        if kind is complex:
            return msgpack.ExtType(_COMPLEX, self.pack([value.real, value.imag]))
        if isinstance(value, np.generic):
            return msgpack.ExtType(_SCALAR, self._array(np.asarray(value)))
        if kind is fractions.Fraction:
            pair = [value.numerator, value.denominator]
            for part in pair:
                bounds.bounded(part, bounds.FRACTION_BYTES)
            return msgpack.ExtType(_FRACTION, self.pack(pair))
        if kind in (slice, range):
            for number in (value.start, value.stop, value.step):
                if type(number) is int:
                    bounds.bounded(number, 8)
            code = _SLICE if kind is slice else _RANGE
            return msgpack.ExtType(
                code, self.pack([value.start, value.stop, value.step])
            )
        if kind is bytearray:
            raise CodecError("a bytearray; send bytes")
        if is_tensor(value):
            return self._tensor(value, sys.modules["torch"])
        if self._refer is None:
            raise CodecError(f"a value of type {kind.__name__}")
        reference = list(self._refer(value))
        return msgpack.ExtType(_REFERENCE, self.pack(reference))

    def _array(self, array: np.ndarray[Any, Any]) -> bytes:
        name = array.dtype.str
        if not _crosses(name):
            swapped = array.dtype.newbyteorder("<")
            name = swapped.str
            if array.dtype.kind not in "iufcU" or not _crosses(name):
                raise CodecError(f"an array of dtype {array.dtype}")
            array = array.astype(swapped)
        if array.nbytes > self._limit:
            raise TooLarge(f"an array of {array.nbytes:,} bytes")
        if not array.size:
            bounds.check_empty(array.shape)
        layout = None if array.flags.c_contiguous else _layout(array)
        if layout is None:
            buffer, strides, offset = array.tobytes(), None, 0
        else:
            strides, offset, span = layout
            spread = np.zeros(span, array.dtype)
            _view(spread, array.shape, strides, offset)[...] = array
            buffer = spread.tobytes()
        head = [name, list(array.shape), strides, offset, buffer]
        packed: bytes = _HEADS.pack(head)
        return packed

    def _tensor(self, value: Any, torch: Any) -> msgpack.ExtType:
        plain = value.detach().cpu().resolve_conj().resolve_neg()
        if plain.dtype is torch.bfloat16:
            bits = plain.contiguous().view(torch.int16).numpy()
            return msgpack.ExtType(_BFLOAT16, self._array(bits))
        if plain.layout is not torch.strided or plain.is_quantized:
            raise CodecError(f"a tensor of layout {plain.layout}")
        return msgpack.ExtType(_TENSOR, self._array(plain.numpy()))


class _Decoder:
    __slots__ = ("_bytes", "_depth", "_elements", "_resolve", "_uncounted")

    def __init__(
        self, resolve: Callable[[Reference], Any] | None, limit: int = MAX_BYTES
    ) -> None:
        self._resolve = resolve
        self._depth = 0
        self._uncounted = _UNCOUNTED
        self._bytes = 4 * limit  # each extension copies what it holds
        self._elements = MAX_ELEMENTS

    def unpack(self, data: bytes | bytearray | memoryview) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TooLarge(f"a value nested more than {MAX_DEPTH} deep")
        size = len(data)
        self._bytes -= size
        self._uncounted -= size
        if self._bytes < 0:
            raise TooLarge("a value that copies itself")
        try:
            if self._uncounted < 0:
                self._elements -= bounds.count(data, self._elements)
            return msgpack.unpackb(
                data,
                ext_hook=self._ext,
                object_pairs_hook=_dictionary,
                strict_map_key=False,
                unicode_errors="surrogatepass",
            )
        except (CodecError, MemoryError):  # a MemoryError says nothing about the bytes
            raise
        except Exception as error:
            raise CodecError(f"not a value: {type(error).__name__}") from None
        finally:
            self._depth -= 1

    def _ext(self, code: int, data: bytes) -> Any:
        if code == _ARRAY:
            return _read_array(data)
        if code == _SCALAR:
            return _read_array(data)[()]
        if code == _TUPLE:
            return tuple(self._list(data))
        if code in (_SET, _FROZENSET):
            items = self._list(data)
            bounds.check_hashes(items)
            return set(items) if code == _SET else frozenset(items)
        if code == _BIG_INT:
            if len(data) > MAX_INT_BYTES:
                raise TooLarge(f"an integer of {len(data):,} bytes")
            return int.from_bytes(data, "little", signed=True)
        if code == _COMPLEX:
            return complex(*self._list(data, 2))
        if code == _FRACTION:
            if len(data) > 2 * bounds.FRACTION_BYTES + 16:
                raise TooLarge("a fraction with too many digits")
            return fractions.Fraction(*self._list(data, 2))
        if code == _SLICE:
            return slice(*self._list(data, 3))
        if code == _RANGE:
            return self._range(*self._list(data, 3))
        if code in (_TENSOR, _BFLOAT16):
            return _read_tensor(data, brain=code == _BFLOAT16)
        if code == _REFERENCE and self._resolve is not None:
            kind, number, name, fields = self._list(data, 4)
            types = (type(kind), type(number), type(name), type(fields))
            if types == (str, int, str, dict):
                return self._resolve((kind, number, name, fields))
        raise CodecError(f"an unknown kind of value ({code})")

    def _range(self, start: Any, stop: Any, step: Any) -> range:
        """Make a range, which whoever goes over it turns into its elements."""
        made = range(start, stop, step)
        if max(map(abs, (start, stop, step))) >= 2**63 or len(made) > self._elements:
            raise TooLarge("a range of too many numbers")
        self._elements -= len(made)
        return made

    def _list(self, data: bytes, length: int | None = None) -> list[Any]:
        items = self.unpack(data)
        if type(items) is not list or length not in (None, len(items)):
            raise CodecError("a malformed container")
        return items


_CONTAINERS: dict[type, int] = {tuple: _TUPLE, set: _SET, frozenset: _FROZENSET}


def _dictionary(pairs: list[tuple[Any, Any]]) -> dict[Any, Any]:
    if len(pairs) > bounds.SAME_HASH:
        bounds.check_hashes([key for key, _ in pairs])
    return dict(pairs)


def _layout(array: np.ndarray[Any, Any]) -> tuple[list[int], int, int] | None:
    """Strides and offset in elements and the span, or None to send a plain copy."""
    if array.size == 0 or any(s % array.itemsize for s in array.strides):
        return None
    strides = [stride // array.itemsize for stride in array.strides]
    if any(s == 0 and n > 1 for s, n in zip(strides, array.shape, strict=True)):
        return None  # a broadcast array shares elements: only a copy is well defined
    low, high = _extent(array.shape, strides)
    span = high - low + 1
    if not array.size <= span <= MAX_SPREAD * array.size:  # sliding windows overlap too
        return None
    return strides, -low, span


def _extent(shape: tuple[int, ...], strides: list[int]) -> tuple[int, int]:
    reach = [(n - 1) * s for n, s in zip(shape, strides, strict=True)]
    return sum(r for r in reach if r < 0), sum(r for r in reach if r > 0)


def _view(
    flat: np.ndarray[Any, Any], shape: tuple[int, ...], strides: list[int], offset: int
) -> np.ndarray[Any, Any]:
    steps = [stride * flat.itemsize for stride in strides]
    return np.ndarray(shape, flat.dtype, flat, offset * flat.itemsize, steps)


@functools.lru_cache(maxsize=256)
def _crosses(name: str) -> bool:
    return _DTYPE.fullmatch(name) is not None


_dtype = functools.lru_cache(maxsize=256)(np.dtype)


def _are_numbers(numbers: object, least: int = -(2**40)) -> bool:
    """Tell whether this is a short list of integers, none of them huge."""
    if type(numbers) is not list or len(numbers) > 32:
        return False
    for number in numbers:
        if type(number) is not int or not least <= number <= 2**40:
            return False
    return True


def _read_array(data: bytes) -> np.ndarray[Any, Any]:
    try:
        name, shape, strides, offset, raw = msgpack.unpackb(data)
    except Exception:
        raise CodecError("a malformed array") from None
    if type(name) is not str or len(name) > _LONGEST_NAME or type(raw) is not bytes:
        raise CodecError("a malformed array")  # no longer name is to be remembered
    if not _crosses(name):
        raise CodecError("a malformed array")
    dtype = _dtype(name)
    if not _are_numbers(shape, 0) or not (strides is None or _are_numbers(strides)):
        raise CodecError("a malformed array")
    if dtype.itemsize and len(raw) % dtype.itemsize:
        raise CodecError("a malformed array")
    flat = np.frombuffer(bytearray(raw), dtype) if raw else np.empty(0, dtype)
    if 0 in shape:
        bounds.check_empty(shape)
    if strides is None:
        if math.prod(shape) != flat.size:
            raise CodecError("an array whose shape does not fit its bytes")
        return flat.reshape(shape)
    if len(strides) != len(shape) or type(offset) is not int or 0 in shape:
        raise CodecError("a malformed array")
    low, high = _extent(tuple(shape), strides)
    if math.prod(shape) > high - low + 1:  # one byte must not pass for a million
        raise CodecError("an array that shows its bytes more than once")
    if offset + low < 0 or offset + high >= flat.size:
        raise CodecError("an array whose strides leave its bytes")
    return _view(flat, tuple(shape), strides, offset)


def _read_tensor(data: bytes, brain: bool) -> Any:
    array = _read_array(data)
    torch = sys.modules.get("torch")
    if torch is not None:
        tensor = torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape))
        return tensor.view(torch.bfloat16) if brain else tensor
    if brain:  # widen by hand: bfloat16 is the upper half of a float32
        return (array.astype(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return array
