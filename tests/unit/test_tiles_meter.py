"""The meter: bytes in closed form, blocks, and the order of programs."""

import numpy as np
import pytest

from autograder.student.lab.tiles import last_meter, meter, record, replay
from tests.unit.tiles_kit import attention, flash, launch

SHAPES = [  # n, m, d, block_m, block_n, dtype
    (64, 64, 32, 16, 16, "float32"),
    (100, 77, 16, 32, 16, "float32"),
    (100, 100, 16, 32, 16, "float32"),
    (17, 33, 16, 16, 32, "float32"),
    (1, 50, 64, 16, 16, "float32"),
    (50, 1, 16, 16, 16, "float32"),
    (128, 64, 64, 64, 64, "float32"),
    (31, 95, 32, 16, 64, "float16"),
    (96, 96, 16, 32, 32, "float16"),
]


def inputs(n, m, d, dtype):
    rng = np.random.default_rng(n * 1000 + m)
    return [rng.standard_normal((size, d)).astype(dtype) for size in (n, m, m)]


@pytest.mark.parametrize(("n", "m", "d", "bq", "bk", "dtype"), SHAPES)
def test_flash_attention_moves_what_the_formula_says(n, m, d, bq, bk, dtype):
    q, k, v = inputs(n, m, d, dtype)
    o, lse = flash(q, k, v, bq, bk)
    moved = last_meter()
    size = q.itemsize
    rows = -(-n // bq)
    assert moved.loads == {
        "q_ptr": size * n * d,
        "k_ptr": size * rows * m * d,
        "v_ptr": size * rows * m * d,
    }
    assert moved.stores == {"o_ptr": size * n * d, "lse_ptr": 4 * n}
    assert moved.programs == rows
    assert moved.largest_block == max(bq * d, bk * d, bq * bk)
    assert (moved.races, moved.uninitialised, moved.rewrites) == ([], [], 0)
    want_o, want_lse = attention(q, k, v)
    tolerance = 2e-6 if dtype == "float32" else 2e-3
    np.testing.assert_allclose(o, want_o, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(lse, want_lse, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("n", "m", "bq", "bk"), [(64, 64, 16, 16), (100, 70, 32, 16)])
def test_causal_attention_skips_tiles_above_the_diagonal(n, m, bq, bk):
    q, k, v = inputs(n, m, 16, "float32")
    o, _ = flash(q, k, v, bq, bk, causal=True)
    visited = 0  # rows of k in the tiles that each program visits
    for i in range(-(-n // bq)):
        tiles = -(-min(m, (i + 1) * bq) // bk)
        visited += min(m, tiles * bk)
    assert last_meter().loads["k_ptr"] == 4 * 16 * visited
    np.testing.assert_allclose(o, attention(q, k, v, True)[0], rtol=3e-6, atol=3e-6)


def test_masked_off_lanes_cost_nothing():
    launch(
        """
        offs = tl.arange(0, B)
        x = tl.load(x_ptr + offs, mask=offs < 5, other=0.0)
        tl.store(o_ptr + offs, x, mask=offs < 3)
        """,
        (1,),
    )
    assert (last_meter().loaded_bytes, last_meter().stored_bytes) == (20, 12)
    assert (last_meter().load_count, last_meter().store_count) == (1, 1)


def test_knows_what_the_busiest_program_loads():
    launch(
        """
        offs = tl.arange(0, B)
        tl.load(x_ptr + offs, mask=offs <= tl.program_id(0), other=0.0)
        tl.store(o_ptr + tl.program_id(0), 1.0)
        """,
        (4,),
    )
    assert (last_meter().loaded_bytes, last_meter().busiest_bytes) == (40, 16)


def test_prints_what_moved():
    launch("tl.store(o_ptr + tl.program_id(0), tl.load(x_ptr))", (4,))
    assert str(last_meter()).splitlines() == [
        "kernel: 4 programs",
        "  loads  16 B (x_ptr 16)",
        "  stores 16 B (o_ptr 16)",
        "  largest block on chip: 1 elements",
    ]


def test_adds_up_launches_while_it_is_open():
    text = "tl.store(o_ptr + tl.program_id(0), 1.0)"
    with meter() as total:
        launch(text, (4,))
        launch(text, (3,))
    launch(text, (2,))
    assert (total.launches, total.programs, total.stored_bytes) == (2, 7, 28)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_programs_does_not_matter_to_a_right_kernel(seed):
    q, k, v = inputs(100, 77, 16, "float32")
    evidence = record(flash, (q, k, v), {"block_m": 16})
    plain = replay(evidence, [q, k, v])
    shuffled = replay(evidence, [q, k, v], shuffle=seed)
    for one, other in zip(plain["outputs"], shuffled["outputs"], strict=True):
        np.testing.assert_array_equal(one, other)
    assert plain["loads"] == shuffled["loads"]


def test_the_order_of_programs_shows_a_race():
    from tests.unit.tiles_kit import module

    host = module(
        """
        @triton.jit
        def kernel(o_ptr):
            tl.store(o_ptr, tl.program_id(0))

        def host():
            o = device.empty(1, device.int32)
            kernel[(50,)](o)
            return o
        """
    )["host"]
    evidence = record(host)
    assert replay(evidence, [])["outputs"].tolist() == [49]
    last = {int(replay(evidence, [], shuffle=s)["outputs"][0]) for s in range(5)}
    assert len(last) > 1
    assert replay(evidence, [])["races"]
