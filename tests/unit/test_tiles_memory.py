"""Memory: bounds, gaps, poison, races, and reads of what nothing wrote."""

import numpy as np
import pytest

from autograder.student.lab.tiles import (
    AccessError,
    TileError,
    last_meter,
    record,
    replay,
)
from tests.unit.tiles_kit import body, kernel, module

COPY = """
offs = tl.program_id(0) * B + tl.arange(0, B)
tl.store(o_ptr + offs, tl.load(x_ptr + offs, mask=offs < n), mask=offs < n)
"""


def copy(x, o, n, b=16, grid=(4,)):
    body(COPY)[grid](x, o, n, B=b)


def test_names_program_tensor_and_element_out_of_bounds():
    x, o = np.ones(60, np.float32), np.ones(64, np.float32)
    with pytest.raises(AccessError) as fault:
        copy(x, o, 64)
    assert str(fault.value) == (
        "kernel, line 5, program 3: tl.load from x_ptr is out of bounds: element 60, "
        "but x_ptr has shape (60,): elements 0 to 59.\n"
        "  tl.store(o_ptr + offs, tl.load(x_ptr + offs, mask=offs < n), mask=offs < n)"
    )


def test_a_store_out_of_bounds_is_refused_before_it_is_made():
    x, o = np.ones(64, np.float32), np.zeros(40, np.float32)
    with pytest.raises(AccessError, match=r"program 2: tl.store to o_ptr.*element 40"):
        copy(x, o, 64)
    assert o.tolist() == [1.0] * 32 + [0.0] * 8


@pytest.mark.parametrize("offset", [-1, 64, 2**31 - 1, -(2**31)])
def test_scalar_accesses_are_bounded(offset):
    one = body("tl.store(o_ptr, tl.load(x_ptr + n))")
    with pytest.raises(AccessError, match=f"element {offset},"):
        one[(1,)](np.ones(64, np.float32), np.ones(1, np.float32), offset, B=16)


def test_masked_off_lanes_may_point_anywhere():
    one = body(
        """
        offs = tl.arange(0, B) * 1000000
        tl.store(o_ptr + offs, tl.load(x_ptr + offs, mask=offs < n), mask=offs < n)
        """
    )
    o = np.zeros(1, np.float32)
    one[(1,)](np.ones(1, np.float32), o, 1, B=16)
    assert o[0] == 1


def test_a_view_is_bounded_by_its_own_elements_not_by_its_base():
    base = np.ones(128, np.float32)
    with pytest.raises(AccessError, match="elements 0 to 31"):
        copy(base[32:64], np.zeros(64, np.float32), 64)


def test_a_gap_of_a_strided_view_is_out_of_bounds():
    base = np.arange(64, dtype=np.float32).reshape(8, 8)
    view = base[:, :4]
    one = body(
        """
        rows = tl.arange(0, 8)
        cols = tl.arange(0, B)
        x = tl.load(x_ptr + rows[:, None] * n + cols[None, :])
        tl.store(o_ptr + rows[:, None] * B + cols[None, :], x)
        """
    )
    o = np.zeros((8, 4), np.float32)
    one[(1,)](view, o, 8, B=4)
    np.testing.assert_array_equal(o, view)
    with pytest.raises(AccessError, match=r"strides \(8, 1\).*with gaps"):
        one[(1,)](view, o, 4, B=4)  # believes that the rows touch


def test_a_transposed_view_has_no_gaps():
    base = np.arange(64, dtype=np.float32).reshape(4, 16)
    o = np.zeros(64, np.float32)
    copy(base.T, o, 64)
    np.testing.assert_array_equal(o, np.arange(64))


def test_a_reversed_view_points_at_its_first_element():
    base = np.arange(8, dtype=np.float32)
    one = body("tl.store(o_ptr, tl.load(x_ptr - n))")
    o = np.zeros(1, np.float32)
    one[(1,)](base[::-1], o, 3, B=4)
    assert o[0] == 4
    with pytest.raises(AccessError, match="elements -7 to 0"):
        one[(1,)](base[::-1], o, -1, B=4)


def test_gaps_are_found_behind_a_reversed_view_too():
    base = np.arange(16, dtype=np.float32)
    one = body("tl.store(o_ptr, tl.load(x_ptr + n))")
    o = np.zeros(1, np.float32)
    one[(1,)](base[::-3], o, -6, B=4)
    assert o[0] == 9
    with pytest.raises(AccessError, match="element -5, but"):
        one[(1,)](base[::-3], o, -5, B=4)


def test_a_broadcast_view_is_one_element():
    one = body("tl.store(o_ptr, tl.load(x_ptr + n))")
    view = np.broadcast_to(np.float32(7), (4, 4))
    o = np.zeros(1, np.float32)
    one[(1,)](view, o, 0, B=4)
    assert o[0] == 7
    with pytest.raises(AccessError, match="elements 0 to 0"):
        one[(1,)](view, o, 1, B=4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64"])
def test_masked_off_lanes_hold_poison(dtype):
    one = body(
        """
        offs = tl.arange(0, B)
        tl.store(o_ptr + offs, tl.load(x_ptr + offs, mask=offs < n))
        """
    )
    o = np.zeros(8, dtype)
    one[(1,)](np.ones(8, dtype), o, 5, B=8)
    assert (o[:5] == 1).all()
    if o.dtype.kind == "f":
        assert np.isnan(o[5:]).all()
    else:
        assert (np.abs(o[5:].astype(float)) > 1e9).all()
        assert (o[5:] % 2 == 1).all()


def test_other_fills_masked_off_lanes():
    one = body(
        """
        offs = tl.arange(0, B)
        x = tl.load(x_ptr + offs, mask=offs < n, other=-float("inf"))
        tl.store(o_ptr + offs, x)
        """
    )
    o = np.zeros(8, np.float32)
    one[(1,)](np.ones(8, np.float32), o, 5, B=8)
    assert o.tolist() == [1] * 5 + [-np.inf] * 3


RACES = [
    ("tl.store(o_ptr, tl.program_id(0))", "writes what program 0 writes too"),
    ("tl.store(o_ptr + tl.program_id(0), tl.load(o_ptr + 1 - tl.program_id(0)))",
     "writes what program 0 reads"),
    ("if tl.program_id(0) == 0:\n    tl.store(o_ptr, 1.0)\nelse:\n"
     "    tl.store(o_ptr + 1, tl.load(o_ptr))", "reads what program 0 writes"),
    ("if tl.program_id(0) == 0:\n    tl.atomic_add(o_ptr, 1.0)\nelse:\n"
     "    tl.store(o_ptr, 1.0)", "writes what program 0 adds to"),
    ("if tl.program_id(0) == 0:\n    tl.atomic_add(o_ptr, 1.0)\nelse:\n"
     "    tl.store(o_ptr + 1, tl.load(o_ptr))", "reads what program 0 adds to"),
    ("if tl.program_id(0) == 1:\n    tl.atomic_add(o_ptr, 1.0)\nelse:\n"
     "    tl.store(o_ptr, 1.0)", "adds to what program 0 writes"),
    ("if tl.program_id(0) == 1:\n    tl.atomic_add(o_ptr, 1.0)\nelse:\n"
     "    tl.store(o_ptr + 1, tl.load(o_ptr))", "adds to what program 0 reads"),
    ("tl.store(o_ptr + tl.arange(0, 2) * 0 + tl.program_id(0), tl.arange(0, 2))",
     "two lanes of one tl.store write different values to element 0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), RACES, ids=[r[1] for r in RACES])
def test_flags_a_race(text, words):
    o = np.zeros(2, np.float32)
    body(text, "o_ptr")[(2,)](o)
    races = last_meter().races
    assert any(words in r and "argument o_ptr" in r for r in races)


CLEAN = [
    "p = tl.program_id(0)\ntl.store(o_ptr + p, tl.load(o_ptr + p) + 1)",
    "tl.atomic_add(o_ptr, 1.0)",
    "p = tl.program_id(0)\ntl.store(o_ptr + p, 1.0)\ntl.store(o_ptr + p, 2.0)",
    "tl.store(o_ptr + tl.program_id(0) + tl.arange(0, 2) * 0, 3.0)",
]


@pytest.mark.parametrize("text", CLEAN)
def test_flags_no_race_where_there_is_none(text):
    o = np.zeros(2, np.float32)
    body(text, "o_ptr")[(2,)](o)
    assert last_meter().races == []


def test_names_programs_by_their_ids():
    text = "tl.store(o_ptr, tl.program_id(1))"
    body(text, "o_ptr")[(2, 3)](np.zeros(1, np.float32))
    assert last_meter().races == [
        "kernel: program (0, 1) writes what program (0, 0) writes too "
        "(argument o_ptr, e.g. element 0)."
    ]


def test_a_launch_that_must_be_watched_again_is_not_run_twice():
    """Reading before writing makes the simulator start over, with memory restored."""
    o = np.zeros(2, np.float32)
    body(CLEAN[0], "o_ptr")[(2,)](o)
    assert o.tolist() == [1, 1]
    meter = last_meter()
    assert (meter.loaded_bytes, meter.stored_bytes, meter.programs) == (8, 8, 2)


def test_counts_what_one_program_stores_twice():
    o = np.zeros(2, np.float32)
    body(CLEAN[2], "o_ptr")[(2,)](o)
    assert last_meter().rewrites == 2


def test_overlapping_arguments_share_their_memory():
    base = np.zeros(24, np.float32)
    one = body("p = tl.program_id(0)\ntl.store(o_ptr + p, tl.load(x_ptr + p) + 1)")
    one[(8,)](base[:16], base[8:], 0, B=2)
    assert base[8:16].tolist() == [1] * 8
    assert last_meter().races == []
    one[(8,)](base[:16], base[1:], 0, B=2)
    assert any("writes what program" in r or "reads what" in r
               for r in last_meter().races)  # fmt: skip


def test_atomics_add_in_lane_order_and_return_what_was_there():
    one = body(
        """
        offs = tl.arange(0, B)
        old = tl.atomic_add(o_ptr + offs * 0, offs + 1, mask=offs < n)
        tl.store(x_ptr + offs, old, mask=offs < n)
        """
    )
    x, o = np.zeros(4, np.int32), np.full(1, 10, np.int32)
    one[(1,)](x, o, 3, B=4)
    assert (x.tolist(), o.tolist()) == ([10, 11, 13, 0], [16])


def test_an_atomic_whose_result_nobody_uses_adds_the_same():
    x = np.random.default_rng(0).standard_normal(64).astype("float32")
    sums = []
    for start in ("", "old = "):  # as a statement, and as an expression
        o = np.zeros(5, np.float32)
        text = f"{start}tl.atomic_add(o_ptr + offs % n, tl.load(x_ptr + offs))"
        body(f"offs = tl.arange(0, B)\n{text}")[(1,)](x, o, 5, B=64)
        sums.append((o.tobytes(), last_meter().as_dict()))
    assert sums[0] == sums[1]


HOST = """
@triton.jit
def kernel(x_ptr, o_ptr, n):
    tl.store(o_ptr, tl.load(x_ptr + n))

def host(n):
    w = device.{make}
    o = device.empty(1, device.float32)
    kernel[(1,)](w, o, n)
    return o
"""


def test_reports_reads_of_what_nothing_wrote():
    host = module(HOST.format(make="empty(4, 'float32')"))["host"]
    result = host(2)
    assert np.isnan(result).all()
    assert last_meter().uninitialised == [
        "kernel: argument x_ptr is read where nothing wrote (program 0, element 2)."
    ]
    replayed = replay(record(host, (2,)), [])
    assert replayed["uninitialised"] == last_meter().uninitialised


@pytest.mark.parametrize("make", ["zeros(4)", "full(4, 1.5, 'float32')"])
def test_filled_memory_is_initialised(make):
    host = module(HOST.format(make=make))["host"]
    host(2)
    assert last_meter().uninitialised == []
    assert replay(record(host, (2,)), [])["uninitialised"] == []


def test_a_host_function_may_fill_memory_itself_when_it_plays():
    names = module(HOST.format(make="empty(4)"))
    w = np.empty(4, np.float32)
    names["kernel"][(1,)](w, np.zeros(1, np.float32), 1)
    assert last_meter().uninitialised == []


def test_a_bool_holds_no_mark_of_being_unwritten():
    names = module(HOST.format(make="empty(4, 'bool')").replace("float32", "bool"))
    names["host"](2)
    assert last_meter().uninitialised == []


def test_read_only_arrays_are_not_written():
    x = np.zeros(64, np.float32)
    o = np.zeros(64, np.float32)
    o.flags.writeable = False
    with pytest.raises(TileError, match=r"tl.store to o_ptr: the array is read-only"):
        copy(x, o, 64)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.zeros(4, np.uint8), "dtype uint8"),
        (np.zeros(4, np.complex64), "dtype complex64"),
        (np.zeros(4, object), "dtype object"),
        (np.float32(1), r"pass float\(x_ptr\)"),
        (np.int64(1), r"pass int\(x_ptr\)"),
        ([1, 2], "of type list"),
        ("text", "tl.constexpr"),
        (2**70, "of type int"),
        (np.ma.zeros(4), "plain numpy.ndarray"),
    ],
)
def test_refuses_arguments_that_are_no_tensors(value, words):
    with pytest.raises(TileError, match=words):
        copy(value, np.zeros(4, np.float32), 4, 4, (1,))


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((1, 2), {}, "argument n is missing"),
        ((1, 2, 3, 4, 5), {}, "takes 4 arguments, got 5"),
        ((1, 2, 3), {"n": 3, "B": 4}, "n is given twice"),
        ((1, 2, 3), {"C": 4}, "has no parameter C"),
    ],
)
def test_refuses_a_call_that_does_not_fit(args, kwargs, words):
    with pytest.raises(TileError, match=words):
        body(COPY)[(1,)](*args, **kwargs)


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        (4, "with its comma"),
        ((), "one to three axes"),
        ((1, 1, 1, 1), "one to three axes"),
        ((-1,), "negative"),
        ((2.0,), "tuple of ints"),
        ((65_537,), "65,537 programs"),
        ((300, 300), "90,000 programs"),
    ],
)
def test_refuses_a_grid(grid, words):
    with pytest.raises(TileError, match=words):
        copy(np.zeros(4, np.float32), np.zeros(4, np.float32), 4, 4, grid)


def test_an_empty_grid_runs_nothing():
    copy(np.zeros(4, np.float32), np.zeros(4, np.float32), 4, 4, (0,))
    assert last_meter().programs == 0


def test_the_grid_may_be_computed_from_the_arguments():
    o = np.zeros(64, np.float32)
    grid = lambda meta: (-(-meta["n"] // meta["B"]),)  # noqa: E731
    body(COPY)[grid](np.ones(64, np.float32), o, 64, B=16, num_warps=4)
    assert o.all()


def test_none_stands_for_an_optional_pointer():
    one = kernel(
        """
        @triton.jit
        def kernel(o_ptr, b_ptr=None):
            y = 1.0
            if b_ptr is not None:
                y += tl.load(b_ptr)
            tl.store(o_ptr, y)
        """
    )
    o = np.zeros(1, np.float32)
    one[(1,)](o)
    assert o[0] == 1
    one[(1,)](o, np.full(1, 2, np.float32))
    assert o[0] == 3
