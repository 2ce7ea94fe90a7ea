"""What a recorded call may carry to its kernels, and how much it may do."""

import numpy as np
import pytest

from autograder.student.lab.tiles import (
    TileError,
    arrays_in,
    record,
    replay,
    stand_ins,
)
from tests.unit.test_tiles_record import HOST, hosted, x20
from tests.unit.tiles_kit import module


@pytest.mark.parametrize("part", [np.s_[1:, :3], np.s_[::2, ::-1], np.s_[:, 2:3]])
def test_stand_ins_of_parts_have_the_strides_of_the_whole(part):
    x = np.ones((6, 4), np.float32)[part]
    for given in (x, x.T):
        [made], _ = stand_ins([given], {}, 1)
        assert (made.shape, made.strides) == (given.shape, given.strides)
        assert np.unique(made).size == made.size


def test_stand_ins_keep_all_but_the_values():
    x = np.asfortranarray(np.full((3, 4), 7.0, np.float32))
    counts, flag = np.full(5, 7), np.array(True)
    args, kwargs = stand_ins([x, [counts, "text", 3]], {"flag": (flag, None)}, 1)
    seen = arrays_in(args, kwargs)
    assert [a.dtype for a in seen] == [a.dtype for a in (x, counts, flag)]
    assert [a.shape for a in seen] == [(3, 4), (5,), ()]
    assert seen[0].strides == x.strides
    assert np.ptp(seen[0]) > 0
    assert not (seen[0] == 7).any()
    assert seen[1].tolist() == [0] * 5
    assert not seen[2]
    assert args[1][1:] == ["text", 3]
    assert kwargs["flag"][1] is None


def test_what_a_host_function_reads_reaches_no_kernel():
    """A grid, a number and a window that depend on the data know the stand-ins only."""
    text = (
        "top = int(x.argmax())\nkernel[(3,)](x, o, 20, float(x[top]), B=8)\n"
        "return o, x[top : top + 1], top"
    )
    x = x20()
    x[5] = 1000.0
    evidence = record(hosted(text), *stand_ins([x], {}, 3))
    out = replay(evidence, [x], writes=[0])["outputs"]
    assert out[0].max() < 10_000  # 1000 times a number that is not 1000
    assert out[1] != 1000
    assert out[2] != 5


WORK = {
    "many programs": ("(65_536,)", "tl.store(o_ptr, 1.0)"),
    "an endless loop": ("(1,)", "while True:\n        pass"),
    "large blocks": (
        "(1,)",
        "for i in range(0, 1000):\n        tl.zeros([1024, 1024], tl.float32)",
    ),
    "large products": (
        "(1,)",
        "a = tl.zeros([512, 512], tl.float32)\n    for i in range(0, 1000):\n"
        "        tl.dot(a, a)",
    ),
    "helpers of helpers": ("(1,)", "five()"),
}
HELPERS = "".join(
    f"@triton.jit\ndef {name}():\n" + f"    {inner}\n" * 40 + "\n"
    for name, inner in (
        ("one", "x = 1"), ("two", "one()"), ("three", "two()"), ("four", "three()"),
        ("five", "four()"),
    )
)  # fmt: skip


@pytest.mark.parametrize("what", WORK)
def test_the_work_of_a_replay_is_counted_and_bounded(what):
    grid, body = WORK[what]
    host = module(
        f"{HELPERS}@triton.jit\ndef kernel(o_ptr):\n    {body}\n\n"
        "def host():\n    o = device.empty(1)\n    for i in range(64):\n"
        f"        kernel[{grid}](o)\n    return o\n"
    )["host"]
    with pytest.raises(TileError, match="too much to be simulated"):
        replay(record(host), [])
    assert replay(record(module(HOST)["host"], (x20(),)), [x20()])["programs"] == 3


def test_a_result_may_not_be_repeated_without_end():
    host = module("def host(x):\n    return [[x] * 60] * 60")["host"]
    x = np.zeros(60_000, np.float32)
    with pytest.raises(TileError, match="too much to be simulated"):
        replay(record(host, (x,)), [x])
