"""Kernels written to get out of the language, or to use up the machine."""

import ast
import contextlib

import numpy as np
import pytest

from autograder.student.lab.tiles import TileError, replay
from autograder.student.lab.tiles.program import _NAMESPACE
from autograder.student.lab.tiles.rewrite import Rewriter, check
from tests.unit import tiles_kit
from tests.unit.tiles_kit import launch

HOSTILE = [
    "x = tl.load.__globals__",
    "x = tl.__class__",
    "x = tl.load.__globals__['__builtins__']['open']('/etc/passwd')",
    "x = x_ptr.__class__.__mro__[1].__subclasses__()",
    "x = (1).__class__",
    "x = ''.join(['a'])",
    "x = '{0.__class__}'.format(n)",
    "x = x_ptr.view",
    "x = x_ptr.view.segment.data",
    "x = B.real",
    "x = __import__('os').system('true')",
    "x = eval('1')",
    "x = exec('1')",
    "x = open('/tmp/x', 'w')",
    "x = getattr(tl, 'load')",
    "x = globals()",
    "x = vars()",
    "x = type(n)",
    "x = compile('1', '', 'eval')",
    "x = breakpoint()",
    "x = help()",
    "x = np.load('x.npy')",
    "x = kernel(x_ptr)",
    "x = o_add(1, 2)",
    "x = t_load(x_ptr)",
    "k_1 = 3\nx = k_1.__class__",
    "v_x = 1\nx = __builtins__",
    "x = tl.load(x_ptr)\nx = x.data.base",
    "x = tl.load(x_ptr)\nx = x.dtype.numpy",
    "x = tl.float32.numpy",
    "x = tl.float32.__init__",
    "x = (lambda: 1)()",
    "x = [c for c in ().__class__.__base__.__subclasses__()]",
    "def f():\n    return 1\nx = f()",
    "class T:\n    pass",
    "@staticmethod\ndef g():\n    pass",
    "try:\n    x = 1 // 0\nexcept Exception as e:\n    y = e.__traceback__",
    "with open('x') as f:\n    pass",
    "for x in open('x'):\n    pass",
    "for x in tl.range.__globals__:\n    pass",
    "x = yield 3",
    "x = await n",
    "async def f():\n    pass",
    "tl.load = print",
    "tl.load.x = 1",
    "x_ptr.view = 3",
    "B.x: tl.constexpr = 3",
    "(x := 3)",
    "x, *y = (1, 2)",
    "import os as tl",
    "from os import *",
    "x = f'{tl.load.__globals__}'",
    "x = f'{n!r:>{B}}'",
    "x = print.__self__",
    "print(tl.load)",
    "x = max.__self__",
    "x = tl.static_print.__globals__",
    "match n:\n    case B.x:\n        pass",
    "del x_ptr",
    "\N{MATHEMATICAL ITALIC SMALL X} = 1\nx = \N{FULLWIDTH LOW LINE}_import__",
    "x = n.to.__func__",
    "x = n.to(tl.float32).__reduce__()",
    "x = n.value.__class__",
    "raise SystemExit",
    "assert False",
    "global B\nB = 1",
]

HUNGRY = [
    "x = 10**10**10",
    "x = 2 ** 63 ** 9",
    "x = 1 << 10**9",
    "x = 1 << (1 << 40)",
    "x = (-8) ** 0.5",
    "x = 9.0 ** 1e300",
    "x = 10.0 ** 1000",
    "x: tl.constexpr = 3\nfor i in tl.static_range(99):\n    x: tl.constexpr = x * x",
    "x = 'ab' * 10**9",
    "x = (1, 2) * 10**9",
    "x = (1,)\nfor i in tl.static_range(100):\n    x = x + x",
    "x = tl.zeros([2**40], tl.float32)",
    "x = tl.zeros([2**11, 2**11], tl.float32)",
    "x = tl.full((2**20, 2), 0, tl.float64)",
    "x = tl.arange(0, 2**31)",
    "x = tl.arange(0, 2**20)\nx = x[:, None] + x[None, :]",
    "x = tl.arange(0, 2**20)[:, None] < tl.arange(0, 2**20)[None, :]",
    "x = tl.arange(0, 2**12)\nx = tl.where(x[:, None] > 0, x[None, :], 0)",
    "x = tl.broadcast_to(tl.zeros([1, 1], tl.float32), (2**15, 2**15))",
    "p = x_ptr + tl.arange(0, 2**12)[:, None] + tl.arange(0, 2**12)[None, :]",
    "x = tl.dot(tl.zeros([2**12, 16], tl.float32), tl.zeros([16, 2**12], tl.float32))",
    "tl.store(o_ptr + tl.arange(0, 2**12)[:, None] * 0, tl.arange(0, 2**12)[None, :])",
    "x = tl.load(x_ptr + tl.arange(0, 2**12)[:, None] * 0,\n"
    "    mask=tl.arange(0, 2**12)[None, :] < 0)",
    "while True:\n    pass",
    "while n:\n    x = 1",
    "for i in range(2**31 - 1):\n    pass",
    "for i in tl.static_range(2**60):\n    pass",
    "for i in range(-2**63, 2**63 - 1):\n    pass",
    "x = " + "(" * 5000 + "1" + ")" * 5000,
    "x = " + "-" * 20_000 + "1",
    "x = " + "not " * 5000 + "1",
    "x = n" + " + n" * 9000,
    "x = 0x" + "f" * 30_000,
    "x = " + "9" * 5000,
    "x = n" + ".T" * 10_000,
    "if n:\n"
    + "".join(" " * (d + 1) + "if n:\n" for d in range(150))
    + " " * 160
    + "x = 1",
    "x = '" + "a" * 50_000 + "'",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_kernel_cannot_leave_the_language(text):
    with pytest.raises((TileError, SyntaxError)) as refusal:
        launch(text)
    if isinstance(refusal.value, TileError):
        assert len(str(refusal.value).splitlines()) <= 3


@pytest.mark.parametrize("text", HOSTILE)
def test_nor_by_evidence(text):
    """The same text where the grader reads it, without Python's own parser first."""
    inner = "\n".join(f"    {line}" for line in text.splitlines())
    function = {
        "name": "kernel",
        "source": f"@triton.jit\ndef kernel(x_ptr, n, B: tl.constexpr):\n{inner}\n",
        "constants": {},
        "helpers": {},
    }
    whole = {"shape": [4], "strides": [1], "offset": 0}
    evidence = {
        "format": 1,
        "inputs": [{**whole, "dtype": "float32", "size": 4}],
        "workspaces": [],
        "kernels": [[function]],
        "launches": [
            {
                "kernel": 0,
                "grid": [1],
                "arguments": {
                    "x_ptr": {"view": {"buffer": "input", "index": 0, **whole}},
                    "n": {"value": 4},
                    "B": {"value": 4},
                },
            }
        ],
        "result": {"value": None},
    }
    with pytest.raises(TileError):
        replay(evidence, [np.ones(4, np.float32)])


@pytest.mark.parametrize("text", HUNGRY, ids=[t[:50] for t in HUNGRY])
def test_a_kernel_cannot_use_up_the_machine(text, monkeypatch):
    monkeypatch.setattr("autograder.student.lab.tiles.state.LOOP_LIMIT", 1000)
    with pytest.raises(
        (TileError, SyntaxError, RecursionError, MemoryError)
    ) as refusal:
        launch(text, (1,))
    assert len(str(refusal.value)) < 700


@pytest.mark.parametrize("text", HUNGRY, ids=[t[:50] for t in HUNGRY])
def test_a_hungry_source_is_read_or_refused(text):
    inner = "\n".join(f"    {line}" for line in text.splitlines())
    with contextlib.suppress(TileError):  # the others are refused when they run
        check(f"def kernel(x_ptr, o_ptr, n):\n{inner}\n")


ALLOWED = {
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Name, ast.Load, ast.Store,
    ast.Constant, ast.Tuple, ast.Call, ast.keyword, ast.Assign, ast.Expr, ast.If,
    ast.For,
    ast.While, ast.Return, ast.Pass, ast.IfExp, ast.NamedExpr,
}  # fmt: skip


def test_what_runs_holds_no_attribute_subscript_or_operator():
    """The rewritten flash kernel is names, constants and calls, all of them ours."""
    source = tiles_kit.flash_kernel._source
    function = ast.parse(source).body[0]
    _, _, tree = Rewriter(function, source).rewritten()
    assert {type(node) for node in ast.walk(tree)} <= ALLOWED
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    own = {name for name in names if name[:2] in ("v_", "u_", "k_")}
    assert names - own <= set(_NAMESPACE)


def test_kernels_see_no_builtins():
    assert _NAMESPACE["__builtins__"] == {}
    assert not any(hasattr(value, "__path__") for value in _NAMESPACE.values())
