"""Mistakes that give right numbers by luck: the simulator tells them all the same."""

import re

import numpy as np
import pytest

from autograder.student.lab.tiles import AccessError, last_meter, record, replay
from tests.unit.tiles_kit import body, module

LEFT = """
@triton.jit
def kernel(x_ptr, o_ptr, stride_xm, stride_xn, N: tl.constexpr):
    row, cols = tl.program_id(0), tl.arange(0, N)
    x = tl.load(x_ptr + row * stride_xm + (cols - 1) * stride_xn, mask={mask})
    tl.store(o_ptr + row * N + cols, x)

def host(x):
    o = device.empty(x.shape, x.dtype)
    kernel[(x.shape[0] - 1,)](x[1:], o, *device.strides(x), N=x.shape[1])
    return o
"""


def test_a_column_of_minus_one_is_seen_where_rows_have_gaps():
    """Where rows touch it is the end of the row before, an element like any other."""
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    first = module(LEFT.format(mask="cols >= 0"))["host"]
    with pytest.raises(AccessError, match="element -1,"):
        first(x)  # of the first row, before the view
    inner = module(LEFT.format(mask="(cols > 0) | (row > 0)"))["host"]
    evidence = record(inner, (x,))
    assert replay(evidence, [x])["outputs"][1, 0] == 7  # of row 1, not of row 2
    with pytest.raises(AccessError, match="with gaps"):
        replay(record(inner, (x,), layout="padded"), [x])


@pytest.mark.parametrize("layout", ["given", "padded", "transposed"])
def test_a_masked_column_of_minus_one_is_fine(layout):
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    host = module(LEFT.format(mask="cols > 0"))["host"]
    replay(record(host, (x,), layout=layout), [x])


def test_a_block_that_begins_before_its_array_names_the_first_element():
    one = body(
        "tl.store(o_ptr + tl.arange(0, B) - n, 1.0)", "o_ptr, n, B: tl.constexpr"
    )
    text = re.escape("tl.store to o_ptr is out of bounds: element -3,")
    with pytest.raises(AccessError, match=text):
        one[(1,)](np.zeros(16, np.float32), 3, B=16)


def test_an_index_that_was_masked_off_points_nowhere():
    one = body(
        """
        offs = tl.arange(0, B)
        at = tl.load(i_ptr + offs, mask=offs < n)
        tl.store(o_ptr + offs, tl.load(x_ptr + at))
        """,
        "i_ptr, x_ptr, o_ptr, n, B: tl.constexpr",
    )
    x = np.ones(16, np.float32)
    with pytest.raises(AccessError, match=r"tl\.load from x_ptr is out of bounds"):
        one[(1,)](np.zeros(16, np.int32), x, x.copy(), 15, B=16)


@pytest.mark.parametrize("reduce", ["tl.sum(x, 0)", "tl.sum(x * 0.0, 0)"])
def test_masked_off_lanes_do_not_vanish_in_a_sum(reduce):
    one = body(
        f"""
        offs = tl.arange(0, B)
        x = tl.load(x_ptr + offs, mask=offs < n)
        tl.store(o_ptr, {reduce})
        """
    )
    o = np.zeros(1, np.float32)
    one[(1,)](np.ones(15, np.float32), o, 15, B=16)
    assert np.isnan(o[0])


@pytest.mark.parametrize("before", ["", "old = "], ids=["statement", "expression"])
def test_adding_to_what_nothing_wrote_is_told(before):
    host = module(
        f"""
        @triton.jit
        def kernel(o_ptr):
            {before}tl.atomic_add(o_ptr + tl.arange(0, 4), 1.0)

        def host():
            o = device.empty(4)
            kernel[(1,)](o)
            return o
        """
    )["host"]
    host()
    assert "o_ptr is read where nothing wrote" in last_meter().uninitialised[0]


SUMS = """
places = tl.arange(0, B) // 2
for i in range(n):
    {change}
"""


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ("tl.store(o_ptr + places, tl.load(o_ptr + places) + 1)", True),
        ("tl.store(o_ptr + places, tl.load(o_ptr + places) + 1, places < 2)", True),
        ("tl.store(o_ptr + places + places % 2 * B, tl.load(o_ptr + places))", False),
        ("tl.atomic_add(o_ptr + places, 1)", False),
    ],
)
def test_lanes_of_one_program_that_share_a_sum_lose_part_of_it(change, lost):
    one = body(SUMS.format(change=change), "o_ptr, n, B: tl.constexpr")
    one[(1,)](np.zeros(64, np.float32), 2, B=16)
    assert any("load, change and store" in race for race in last_meter().races) is lost
