"""The codec: every plain value comes back the same, nothing else crosses."""

from __future__ import annotations

import contextlib
import fractions
import tracemalloc

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from plain_values import dtypes, values

from autograder.student import codec
from autograder.student.codec import CodecError, TooLarge, dumps, loads


def same(one: object, other: object) -> bool:
    if isinstance(one, (list, tuple)):
        return (
            type(one) is type(other)
            and len(one) == len(other)
            and all(map(same, one, other))
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if type(one) is not type(other):
        return False
    if isinstance(one, complex):
        return repr(one) == repr(other)
    return one == other or one != one


@given(values)
def test_plain_values_come_back_the_same(value):
    assert same(value, loads(dumps(value)))


@given(hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0)))
def test_arrays_come_back_bit_for_bit(array):
    back = loads(dumps(array))
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.flags.writeable


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a.T,
        lambda a: a[:, ::2],
        lambda a: a[::-1],
        lambda a: a.transpose(1, 0, 2)[..., 1:],
    ],
    ids=["transposed", "every second", "reversed", "sliced"],
)
def test_keeps_the_strides_of_views_but_not_what_lies_between(view):
    base = np.arange(1.0, 121.0).reshape(4, 5, 6)  # holes are sent as 0
    array = view(base)
    back = loads(dumps(array))
    assert back.strides == array.strides
    np.testing.assert_array_equal(back, array)
    owner = back if back.base is None else back.base
    hidden = set(np.ravel(base)) - set(np.ravel(array))
    assert not hidden & set(np.frombuffer(owner, base.dtype))


@pytest.mark.parametrize("window", [2, 3, 5])
def test_windows_that_overlap_arrive_as_copies(window):
    windows = np.lib.stride_tricks.sliding_window_view(np.arange(6.0), window)
    for view in (windows, windows.T, windows[::-1]):
        back = loads(dumps(view))
        np.testing.assert_array_equal(back, view)
        back[0, 0] = 9.0
        assert (back == 9.0).sum() == 1


def test_broadcast_arrays_arrive_as_copies():
    back = loads(dumps(np.broadcast_to(np.arange(3.0), (4, 3))))
    back[0, 0] = 9.0
    assert back[1, 0] == 0.0


@pytest.mark.parametrize(
    "value",
    [np.array([object()]), object(), lambda: 0, np.longdouble(1), iter([])],
    ids=["object array", "object", "function", "long double", "iterator"],
)
def test_refuses_what_is_not_plain(value):
    with pytest.raises(CodecError):
        dumps(value)


def test_refuses_subclasses_that_pretend():
    class Equal(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = float.__hash__

    class Lazy(np.ndarray):
        pass

    for value in (Equal(1.0), np.zeros(3).view(Lazy), type("L", (list,), {})()):
        with pytest.raises(CodecError):
            dumps(value)


def test_refuses_what_is_too_large_or_too_deep():
    endless: list[object] = []
    endless.append(endless)
    nested: tuple[object, ...] = ()
    for _ in range(codec.MAX_DEPTH + 1):
        nested = (nested,)
    for value in (endless, nested, 1 << 40_000):
        with pytest.raises(TooLarge):
            dumps(value)
    with pytest.raises(TooLarge):
        dumps(np.zeros(1000), limit=1000)
    with pytest.raises(CodecError):
        loads(dumps("x" * 100), limit=10)


P = 2**61 - 1  # multiples of it share their hash
TINY = msgpack.ExtType(1, msgpack.packb(["<f8", [1], None, 0, b"x" * 8]))
BOMBS = {
    "empty lists": lambda: msgpack.packb([[]] * 4_000_000),
    "characters": lambda: msgpack.packb(["a"] * 1_000_000),
    "tiny arrays": lambda: msgpack.packb([TINY] * 200_000),
    "keys": lambda: msgpack.packb(dict.fromkeys(range(10**6))),
    "keys of one hash": lambda: dumps({i * P: 0 for i in range(5000)}),
    "members of one hash": lambda: dumps({i * P for i in range(1, 5000)}),
    "60 MB of text in a set": lambda: dumps({"x" * (60 * 2**20)}, limit=2**27),
    "a range": lambda: dumps(range(10**7)),
    "a range of huge numbers": lambda: dumps(range(2**62, 2**62 + 10**9)),
    "lists in lists": lambda: b"\x91" * 900 + b"\xc0",
    "tuples around 20 MB": lambda: wrapped(msgpack.packb("x" * (20 * 2**20))),
    "no elements, long axes": lambda: array_bytes("<f8", [2**40, 0], None, 0, b""),
}


def wrapped(data):
    for _ in range(40):
        data = msgpack.packb(msgpack.ExtType(3, b"\x91" + data))
    return data


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS)
def test_refuses_what_becomes_too_much_before_it_takes_memory(make):
    data = make()
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            loads(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2**20 + 7 * min(len(data), codec.MAX_BYTES)


@pytest.mark.parametrize(
    "value",
    [
        fractions.Fraction(1, 10**4000),
        1 << 8 * codec.MAX_INT_BYTES,
        range(2**64, 2**64 + 2),
        slice(10**30),
        np.empty((2**40, 0)),
    ],
    ids=["fraction", "integer", "range", "slice", "long axis"],
)
def test_refuses_numbers_with_which_nobody_could_compute(value):
    with pytest.raises(TooLarge):
        dumps(value)


def test_takes_as_much_as_lessons_need():
    for value in (
        [float(n) for n in range(20_000)],
        [(n, "a") for n in range(10_000)],
        dict.fromkeys(range(20_000)),
        {i * P for i in range(1, 10)},
        complex(float("nan"), 1),
        range(5000),
        slice(None, -1, 2),
    ):
        assert same(value, loads(dumps(value)))
    assert loads(dumps(np.empty((3, 0, 2**20)))).shape == (3, 0, 2**20)
    assert loads(dumps(np.array(["a" * 9999])))[0] == "a" * 9999
    with pytest.raises(CodecError):
        dumps(np.array(["a" * 10**5]))


def test_depth_is_counted_over_lists_tuples_and_dictionaries():
    value = 1
    for n in range(codec.MAX_DEPTH + 10):
        value = ([value], (value,), {"a": value})[n % 3]
    with pytest.raises(TooLarge):
        loads(dumps(value))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_an_error(data):
    with contextlib.suppress(CodecError):
        loads(data)


def array_bytes(dtype, shape, strides, offset, raw):
    inner = msgpack.packb([dtype, shape, strides, offset, raw])
    return msgpack.packb(msgpack.ExtType(1, inner))


@pytest.mark.parametrize(
    "parts",
    [
        ("<f8", [2], None, 0, b"\0" * 8),
        ("<f8", [-1], None, 0, b"\0" * 8),
        ("<f8", [2**41], None, 0, b"\0" * 8),
        ("<f8", [2], [8], 0, b"\0" * 16),
        ("<f8", [2**40], [0], 0, b"\0" * 8),
        ("<f8", [2, 2], [1, 0], 0, b"\0" * 16),
        ("<f8", [2], [1], -1, b"\0" * 16),
        ("<f8", [2], [-1], 0, b"\0" * 16),
        ("|O", [1], None, 0, b"\0" * 8),
        ("<f8", [1] * 40, None, 0, b"\0" * 8),
        ("<f8", [2], [1.5], 0, b"\0" * 16),
        ("<f8", "ab", None, 0, b"\0" * 16),
        ("<f8", [1], None, 0, b"\0" * 7),
    ],
)
def test_refuses_arrays_whose_layout_lies(parts):
    with pytest.raises(CodecError):
        loads(array_bytes(*parts))


def test_remembers_no_name_of_a_dtype_that_is_long():
    """A megabyte of each answer would be kept from whoever is graded next."""
    tracemalloc.start()
    for n in range(20):
        with pytest.raises(CodecError):
            loads(array_bytes(f"<f8{n}" + "0" * 2**20, [1], None, 0, b"\0" * 8))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2**20


def test_refuses_nested_extensions_that_bomb():
    data = msgpack.packb([])
    for _ in range(2000):
        data = msgpack.packb(msgpack.ExtType(3, data))
    with pytest.raises(CodecError):
        loads(data)


def test_fractions_stay_fractions():
    third = fractions.Fraction(1, 3)
    assert loads(dumps([third])) == [third]
    with pytest.raises(CodecError):  # a zero denominator is no number
        loads(msgpack.packb(msgpack.ExtType(8, msgpack.packb([1, 0]))))


def test_tensors_cross_with_and_without_torch():
    torch = pytest.importorskip("torch")
    for kind in (torch.float32, torch.bfloat16, torch.int64):
        tensor = torch.arange(6).reshape(2, 3).to(kind)
        back = loads(dumps(tensor))
        assert back.dtype is kind
        assert torch.equal(back, tensor)


def test_references_go_through_the_given_functions():
    class Thing:
        pass

    sent = dumps([Thing()], lambda value: ("object", 7, type(value).__name__, {"a": 1}))
    assert loads(sent, lambda ref: ref) == [("object", 7, "Thing", {"a": 1})]
    with pytest.raises(CodecError):
        loads(sent)
