"""What the simulator says without being asked, and what it says to write instead."""

import inspect
import re

import numpy as np
import pytest

from autograder.student.lab.tiles import TileError, last_meter, record, replay
from autograder.student.lab.tiles.state import WHILE_LIMIT
from tests.unit.tiles_kit import body, device, launch, module, tl

HISTOGRAM = """
    @triton.jit
    def count(x_ptr, o_ptr, B: tl.constexpr):
        place = tl.load(x_ptr + tl.arange(0, B))
        {change}

    def host(x, size):
        o = device.zeros((size,), device.int32)
        count[(1,)](x, o, B=16)
        return o
"""
LOSES = "tl.store(o_ptr + place, tl.load(o_ptr + place) + 1)"
ADDS = "tl.atomic_add(o_ptr + place, 1)"


def test_a_race_is_told_with_what_helps(capsys):
    launch("tl.store(o_ptr, tl.program_id(0))", (4,))
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2
    assert told[0].startswith("race: kernel: program 1 writes what program 0 writes")
    assert "tl.atomic_add" in told[1]


def test_a_read_of_unwritten_memory_is_told_with_what_helps(capsys):
    copy = body("tl.store(o_ptr, tl.load(x_ptr))", "x_ptr, o_ptr")
    copy[(1,)](device.empty(1), np.zeros(1, np.float32))
    told = capsys.readouterr().out
    assert told.startswith("unwritten memory: kernel: argument x_ptr is read where")
    assert "device.zeros" in told


def test_launches_that_are_alike_are_told_once(capsys):
    racy = body("tl.store(o_ptr, tl.program_id(0))", "o_ptr")
    for _ in range(3):
        racy[(4,)](np.zeros(1, np.float32))
    assert capsys.readouterr().out.count("race: ") == 1
    launch("tl.store(o_ptr + tl.program_id(0), 1.0)", (4,))
    assert capsys.readouterr().out == ""


def test_lanes_that_load_change_and_store_one_element_lose_changes(capsys):
    x = np.array([0, 1, 2, 2] * 4, np.int32)
    host = module(HISTOGRAM.format(change=LOSES))["host"]
    assert host(x, 4).tolist() == [1, 1, 1, 0]
    assert "load, change and store element" in capsys.readouterr().out
    assert replay(record(host, (x, 4)), [x])["races"] == last_meter().races
    assert len(last_meter().races) == 1
    right = module(HISTOGRAM.format(change=ADDS))["host"]
    assert right(x, 4).tolist() == [4, 4, 8, 0]
    assert last_meter().races == []


@pytest.mark.parametrize(
    "change",
    [
        "tl.store(o_ptr + place * 0, tl.load(o_ptr))",  # nothing changes
        "tl.store(o_ptr + place * 0, 7)",  # all lanes agree, and none has read it
        "tl.store(o_ptr + tl.arange(0, B), tl.load(o_ptr + tl.arange(0, B)) + 1)",
    ],
)
def test_lanes_that_agree_are_no_race(change):
    host = module(HISTOGRAM.format(change=change))["host"]
    host(np.zeros(16, np.int32), 16)
    assert last_meter().races == []


def test_a_while_without_end_is_refused_after_a_bounded_number_of_turns():
    with pytest.raises(TileError, match=f"ran {WHILE_LIMIT:,} times in one program"):
        launch("i = 0\nwhile i < 10:\n    i += 0", (1,))


def test_a_loop_that_is_too_long_is_refused_before_it_runs():
    for bounds in ("2_000_001", "0, -(2**31), -1", "0, 2**62"):
        with pytest.raises(TileError, match="more than 2,000,000 times"):
            launch(f"for i in range({bounds}):\n    pass", (1,))


INSTEAD = [
    (
        "x = np.exp(1.0)",
        "`np.exp`: a kernel runs without Python's modules; write tl.ex",
    ),
    (
        "x = -np.inf",
        "`np.inf`: a kernel runs without Python's modules; write float(\"i",
    ),
    ("x = math.pi", "PI = tl.constexpr(3.14"),
    ("x = np.random.rand(3)", "`np.random.rand`: a kernel runs without"),
    ("x = np.float16(3)", "write tl.float16"),
    ("x = tl.inf", 'tl.inf is not in the course\'s language; write float("inf")'),
    ("x = tl.matmul(n, n)", "write tl.dot(a, b)"),
    ("x = tl.arange(0, B)\ny = x.mean()", "write tl.sum(x, axis) / n"),
    ("x = tl.arange(0, B)\ny = x.size", "write x.shape[0]"),
    (
        "x = tl.sum(tl.arange(0, B), 0, keepdims=True)",
        "no `keepdims`; write `keep_",
    ),
    ("x = tl.arange(0, B, step=2)", "tl.arange has no `step` (it has start, end)"),
    ("x = tl.arange(0, B)\ny = x**2", "write x * x"),
]


@pytest.mark.parametrize(("text", "words"), INSTEAD, ids=[i[0] for i in INSTEAD])
def test_says_what_to_write_instead(text, words):
    with pytest.raises(TileError, match=re.escape(words)):
        launch(text, (1,))


def test_the_language_describes_itself():
    assert {"load", "dot", "float16", "constexpr", "static_range"} <= set(dir(tl))
    for name in dir(tl):
        assert getattr(tl, name) is not None
    assert tl.load.__doc__.startswith("Copy elements on chip")
    assert str(inspect.signature(tl.sum)).startswith("(input, axis=None, keep_dims=")
    with pytest.raises(TileError, match=r"tl.load works inside a kernel only"):
        tl.load(1)
