"""Real Triton or the simulator, and what host code sees of it."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.student.lab.tiles import TileError, engine
from tests.unit.tiles_kit import device, module, tl, triton


def run(code, **environment):
    """Run code in a fresh process; return what it printed."""
    clean = {k: v for k, v in os.environ.items() if k != "TILES"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_importing_the_simulator_imports_no_torch_and_no_triton():
    code = (
        "import sys\nfrom autograder.student.lab.tiles import triton, tl, device\n"
        "print({'torch', 'triton', 'pytest', 'msgpack'} & set(sys.modules))"
    )
    assert run(code, TILES="simulator") == "set()"


@pytest.mark.skipif(engine.has_gpu(), reason="this machine has a GPU and Triton")
def test_without_a_gpu_it_is_the_simulator():
    code = "from autograder.student.lab.tiles import device\nprint(device.is_gpu)"
    assert run(code) == "False"


def test_an_unknown_engine_is_refused(monkeypatch):
    monkeypatch.setenv("TILES", "cuda")
    with pytest.raises(TileError, match="TILES is 'cuda'"):
        engine.choose()


def test_an_engine_that_is_forced_is_taken(monkeypatch):
    asked = []
    monkeypatch.setenv("TILES", "triton")
    monkeypatch.setattr(
        engine.importlib, "import_module", lambda name: asked.append(name) or name
    )
    assert engine.choose()["tl"] == "triton.language"
    assert asked == ["triton", "triton.language", "torch"]


def test_looks_for_a_gpu_before_it_imports_torch(monkeypatch):
    monkeypatch.setattr(engine, "_GPU_FILES", ("/nonexistent",))
    monkeypatch.setattr(engine.importlib, "import_module", None)
    assert engine.has_gpu() is False


def test_allocates_poisoned_memory():
    assert np.isnan(device.empty((2, 3))).all()
    assert np.isnan(device.empty(3, tl.float16)).all()
    sentinel = device.empty(2, device.int32)
    assert (np.abs(sentinel.astype(float)) > 1e9).all()
    assert (sentinel % 2 == 1).all()
    assert device.zeros([2], "int64").tolist() == [0, 0]
    assert device.full((2,), -np.inf, np.float32).tolist() == [-np.inf] * 2
    assert device.empty((2, 3), np.dtype("float16")).dtype == np.float16


def test_helps_host_code():
    x = np.zeros((4, 6), np.float32)
    assert device.strides(x.T) == (1, 6)
    assert device.put(x) is x
    assert device.get(x) is x
    assert triton.cdiv(7, 2) == 4
    assert [triton.next_power_of_2(n) for n in (1, 2, 3, 64, 65)] == [1, 2, 4, 64, 128]
    assert tl.cdiv(7, 2) == 4
    assert repr(tl.float32) == "tl.float32"
    assert tl.constexpr(tl.constexpr(3)).value == 3


@pytest.mark.parametrize(
    ("use", "words"),
    [
        ("tl.load(1)", "works inside a kernel only"),
        ("tl.bfloat16", "bf16 is wrong"),
        ("tl.nonsense", "is not in the simulator"),
        ("triton.autotune([])", "triton.jit, triton.cdiv"),
        ("triton.jit(3)", "goes on a function"),
    ],
)
def test_host_code_that_asks_for_more_is_told(use, words):
    with pytest.raises(TileError, match=words):
        module(use)


def test_a_kernel_without_source_is_told():
    names = {"triton": triton}
    text = "@triton.jit\ndef k(o_ptr):\n    pass\n"
    exec(compile(text, "<nowhere>", "exec"), names)
    with pytest.raises(TileError, match="source of k cannot be found"):
        names["k"][(1,)](np.zeros(1, np.float32))


def test_decorators_other_than_jit_are_refused():
    text = "@triton.jit\n@staticmethod\ndef k(o_ptr):\n    pass\n"
    with pytest.raises(TileError, match=r"@triton.jit goes on a function"):
        module(text)
    text = "@triton.jit\n@(lambda f: f)\ndef k(o_ptr):\n    pass\n"
    with pytest.raises(TileError, match=r"@lambda f: f is not in the language"):
        module(text)["k"][(1,)](np.zeros(1, np.float32))


def test_jit_with_brackets_is_jit():
    o = np.zeros(1, np.float32)
    text = "@triton.jit()\ndef k(o_ptr):\n    tl.store(o_ptr, 1)\n"
    module(text)["k"][(1,)](o)
    assert o[0] == 1


def test_the_kernel_that_the_chapter_shows_first():
    place = Path(__file__).parents[2] / "course/09-flash-attention/double.py"
    names = runpy.run_path(str(place))
    x = np.arange(10, dtype=np.float32)
    y = names["doubled"](names["device"].put(x))
    assert np.array_equal(y, 2 * x)
