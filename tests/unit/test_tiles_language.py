"""The language: what a kernel may say, what it computes, and what a refusal says."""

import numpy as np
import pytest

from autograder.student.lab.tiles import LanguageError, TileError, state
from tests.unit.tiles_kit import body, kernel, launch, module

OFFS = "offs = tl.program_id(0) * B + tl.arange(0, B)\n"
LOAD = OFFS + "x = tl.load(x_ptr + offs)\n"

# What a student writes, and words of the sentence that answers.
REFUSALS = [
    ("x = [1, 2]", "no lists"),
    ("x = {1: 2}", "no dictionaries"),
    ("x = {1, 2}", "no sets"),
    ("x = f'{n}'", "no f-strings"),
    ("x = 'text' + 1", "does not take"),
    ("x = b'bytes'", "no bytes constants"),
    ("x = 1j", "no complex constants"),
    ("x = ...", "no ellipsis constants"),
    ("x = lambda a: a", "no `lambda`"),
    ("x = [i for i in range(3)]", "no comprehensions"),
    ("x = (i for i in range(3))", "no comprehensions"),
    ("if (y := n) > 3:\n    pass", "no `:=`"),
    ("x = n if n in (1, 2) else 3", "no `in`"),
    ("x = 0 < n < 3", "does not chain comparisons"),
    ("x = n is B", "compares with None only"),
    ("try:\n    pass\nfinally:\n    pass", "cannot catch"),
    ("with tl:\n    pass", "no `with`"),
    ("raise ValueError('no')", "cannot raise"),
    ("assert n > 3", "tl.static_assert"),
    ("import os", "cannot import"),
    ("from os import path", "cannot import"),
    ("global SCALE", "cannot change globals"),
    ("del n", "no `del`"),
    ("def f():\n    pass", "second @triton.jit function"),
    ("class C:\n    pass", "no classes"),
    ("match n:\n    case 1:\n        pass", "no `match`"),
    ("for i in range(3):\n    break", "no `break`"),
    ("for i in range(3):\n    continue", "no `continue`"),
    ("for i in range(3):\n    return", "no `return` inside a loop"),
    ("for i in range(3):\n    pass\nelse:\n    pass", "no `else`"),
    ("while n < 3:\n    pass\nelse:\n    pass", "no `else`"),
    ("for i in x_ptr:\n    pass", "goes over range"),
    ("for i, j in range(3):\n    pass", "one index"),
    ("for i in range(3, num_stages=2):\n    pass", "takes its bounds only"),
    ("x = range(3)", "belongs in `for"),
    ("x = tl.range(3)", "belongs in `for"),
    ("a = b = n", "one name at a time"),
    ("x: tl.float32 = 1.0", "tl.constexpr = number"),
    ("x: tl.constexpr = n", "x is a tl.constexpr, but gets an int32 scalar"),
    (LOAD + "x[0] = 1.0", "cannot be changed in place"),
    ("n.y = 1", "assigns to names only"),
    ("x = tl.zeros(B, tl.float32)", "written (B,) or [B]"),
    ("x = tl.clamp(n, 0, 3)", "takes floats"),
    ("x = (n > 3) / 4", "takes no comparison"),
    ("return None", "write `return` alone"),
    (LOAD + "tl.store(o_ptr + offs[None, :], x[:, None])", "wider than the pointers"),
    (
        LOAD + "tl.store(o_ptr + offs, x, mask=x[:, None] > 0)",
        "wider than the pointers",
    ),
    (LOAD + "x = x[0]", "reached through pointers"),
    (LOAD + "x = x[2:4]", "reached through pointers"),
    (LOAD + "x = x[:, None, None, :]", "one `:` for each axis"),
    (LOAD + "x = x.mean()", "`.mean()` is not in the language"),
    (LOAD + "x = x.data", "`.data` is not in the language"),
    (LOAD + "x = x.sum", "can only be called"),
    (LOAD + "x = x @ x", "use tl.dot"),
    (LOAD + "x = x ** 2", "compile-time numbers"),
    (LOAD + "x = x and x", "use `&`"),
    ("x = not n", "`not` takes a comparison"),
    ("x = n > 3 and n", "`and` takes comparisons"),
    ("x = 16\ny = tl.arange(0, x)", "must be known at compile time"),
    ("x = B * 2\ny = tl.zeros([x], tl.float32)", "must be known at compile time"),
    ("x = 'text'", "is not kept in a name"),
    ("if n > 3:\n    y = 1\nelse:\n    return\nx = y", "only one branch"),
    (
        "y = 0\nif n > 3:\n    y = 0.5\nelse:\n    y = 1.5",
        "y is an int32 scalar before",
    ),
    (LOAD + "x = not x", "use `~`"),
    (LOAD + "x = -(x > 0)", "`-` does not take an int1 block"),
    (LOAD + "if x > 0:\n    pass", "Choose per element with tl.where"),
    (LOAD + "y = 1.0 if x > 0 else 2.0", "Choose per element with tl.where"),
    (LOAD + "x = x(1)", "`x` is a value and cannot be called"),
    ("x = (tl.load)(x_ptr)(1)", "only functions of tl"),
    ("x = tl", "alone is not a value"),
    ("x = tl.load", "can only be called"),
    ("x = tl.matmul(n, n)", "tl.matmul is not in the course's language"),
    ("x = tl.zeros([B], tl.bfloat16)", "bf16 is wrong in every interpreter"),
    ("x = tl.math.exp(1.0)", "write tl.exp, tl.log"),
    ("x = tl.make_block_ptr(x_ptr)", "use pointers"),
    ("x = tl.softmax(1.0)", "writing it is the exercise"),
    ("x = triton.next_power_of_2(n)", "pass the number as a tl.constexpr"),
    ("x = triton.cdiv(n, 2)", "use tl.cdiv"),
    (
        "x = np.zeros(3)",
        "`np.zeros`: a kernel runs without Python's modules; write tl.zeros",
    ),
    ("x = sorted(3)", "`sorted` is no @triton.jit function"),
    ("x = SCALE", "make it a global SCALE = tl.constexpr"),
    ("x = tl.float32(n)", "convert with .to(tl.float32)"),
    (
        "a = tl.zeros([16, 16], tl.float32)\nx = tl.dot(a, a, input_precision='fast')",
        "input_precision is",
    ),
    ("x = max", "can only be called"),
    ("tl = 1", "is the language"),
    ("__x = 1", "is not a name for a kernel"),
    ("x = tl.zeros(*[B], tl.float32)", "no `*`"),
    ("x = tl.zeros(**n)", "no `**`"),
    ("x = tl.zeros(['B'], tl.float32)", "must be known at compile time"),
    ("x = tl.exp('1')", "no text here"),
    ("x = tl.zeros([n], tl.float32)", "must be known at compile time"),
    ("x = tl.zeros([B, 3], tl.float32)", "power of two"),
    ("x = tl.zeros([0], tl.float32)", "power of two"),
    ("x = tl.zeros([B], 'float32')", "no text here"),
    ("x = tl.zeros([B], n)", "expected a dtype"),
    ("x = tl.zeros([B], x_ptr.dtype)", "element_ty"),
    ("x = tl.arange(B, 0)", "the end must be greater"),
    ("x = tl.arange(n)", "tl.arange() missing 1 required positional argument"),
    ("x = y", "`y` is not defined"),
    ("x = x + 1", "x is used before it has a value"),
    ("if n > 100:\n    y = 1\nx = y + 1", "only one branch"),
    ("for i in range(n):\n    y = i\nx = y + 1", "inside a loop"),
    ("for i in range(n):\n    pass\nx = i + 1", "i is used before it has a value"),
    ("y = 0\nfor i in range(n):\n    y = 0.5", "y is an int32 scalar before the loop"),
    ("y = 0\nif n > 3:\n    y = 0.5", "y is an int32 scalar before the `if`"),
    ("for i in range(n * 1.0):\n    pass", "a loop bound is an int scalar"),
    ("for i in range(0, 9, 0):\n    pass", "step must be positive"),
    ("for i in tl.static_range(n):\n    pass", "must be known at compile time"),
    ("x = 5 // 0", "has no value"),
    ("x = n // 0", "by zero"),
    ("x = tl.where(n, 1, 2)", "takes a comparison"),
    ("x = tl.sum(n, 0)", "takes a block"),
    (LOAD + "x = tl.sum(x, 1)", "no axis 1"),
    (LOAD + "x = tl.sum(x > 0, 0)", "mask.to(tl.int32)"),
    (LOAD + "x = x.T", "block of two axes"),
    (LOAD + "x = tl.dot(x, x)", "blocks of two axes"),
    (LOAD + "x = tl.exp(offs)", "takes float32"),
    (LOAD + "x = tl.trans(1)", "has no `.T`"),
    (LOAD + "x = x + x_ptr.dtype", "does not take"),
    (LOAD + "tl.store(x, x)", "takes a pointer"),
    (LOAD + "x = tl.load(x_ptr + x)", "moves by whole elements"),
    (LOAD + "x, y = x", "cannot unpack"),
    ("tl.static_assert(B == 8, 'B must be 8')", "B must be 8"),
    ("tl.static_assert(n == 8)", "compile-time condition"),
    ("if n > 0.5 and 0.5:\n    pass\nif 0.5:\n    pass", "a condition must be"),
    ("x = 2 ** 100", "too large for a compile-time number"),
    ("x = 0x1FFFFFFFFFFFFFFFF", "does not fit in 64 bits"),
    ("return n", "returns nothing; store its results"),
    ("print(", "not Python"),
]


@pytest.mark.parametrize(("text", "words"), REFUSALS, ids=[r[0] for r in REFUSALS])
def test_refuses_with_a_sentence(text, words):
    if text == "print(":
        from autograder.student.lab.tiles.rewrite import check

        with pytest.raises(LanguageError, match=words):
            check("def kernel(x):\n    print(\n")
        return
    with pytest.raises(TileError) as refusal:
        launch(text)
    message = str(refusal.value)
    assert words in message
    assert message.startswith("kernel")
    assert 1 <= len(message.splitlines()) <= 3


def test_a_refusal_names_the_line_and_shows_it():
    with pytest.raises(LanguageError) as refusal:
        launch("x = 1\ny = 2\nwhile n:\n    break")
    assert str(refusal.value) == (
        "kernel, line 7: Triton has no `break`: use a `while` condition, or mask.\n"
        "  break"
    )


def test_a_fault_at_run_time_names_the_program():
    with pytest.raises(TileError, match=r"kernel, line 4, program 2: ") as refusal:
        launch("if tl.program_id(0) == 2: x = tl.zeros([3], tl.float32)")
    assert "power of two" in str(refusal.value)


def test_a_fault_in_a_helper_is_shown_there():
    names = module(
        """
        @triton.jit
        def half(x):
            return x // 2.0

        @triton.jit
        def kernel(x_ptr):
            y = half(tl.load(x_ptr))
        """
    )
    with pytest.raises(TileError, match=r"half, line 5, program 0") as refusal:
        names["kernel"][(1,)](np.ones(1, np.float32))
    assert str(refusal.value).endswith("return x // 2.0")


def test_a_stub_is_not_attempted():
    stub = body('"""Add."""\nraise NotImplementedError("add: chapter, step 2")')
    with pytest.raises(NotImplementedError, match="step 2"):
        stub[(1,)](np.ones(1, np.float32), np.ones(1, np.float32), 1, B=16)


def test_nothing_is_checked_before_the_launch():
    assert body("import os") is not None


@pytest.mark.parametrize(
    ("expression", "dtype"),
    [
        ("h * 2.5", "float16"),
        ("h * f", "float32"),
        ("h * scale", "float32"),
        ("h / 2", "float32"),
        ("i * 2", "int32"),
        ("i * 2.5", "float32"),
        ("i / 2", "float32"),
        ("i * h", "float16"),
        ("i // 2", "int32"),
        ("i > 0", "int1"),
        ("(i > 0) + 1", "int32"),
        ("tl.max(h, 0)", "float32"),
        ("tl.sum(h, 0)", "float16"),
        ("tl.where(i > 0, h, 1)", "float16"),
        ("tl.maximum(h, f)", "float32"),
        ("tl.program_id(0)", "int32"),
        ("h.to(tl.float64) * f", "float64"),
        ("tl.full([16], 1, tl.int64) + i", "int64"),
        ("2 * n", "int32"),
        ("h * half", "float32"),
        ("h * HALF", "float16"),
        ("scale", "float32"),
        ("tl.cdiv(n, 3)", "int32"),
    ],
)
def test_promotes_as_triton_does(expression, dtype):
    one = kernel(
        f"""
        @triton.jit
        def kernel(h_ptr, f_ptr, i_ptr, n, scale):
            offs = tl.arange(0, 16)
            h = tl.load(h_ptr + offs)
            f = tl.load(f_ptr + offs)
            i = tl.load(i_ptr + offs)
            half = 0.5
            HALF: tl.constexpr = 0.5
            y = {expression}
            tl.static_assert(y.dtype == tl.{dtype})
        """
    )
    ones = [np.ones(16, name) for name in ("float16", "float32", "int32")]
    one[(1,)](*ones, 7, 0.5)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("max(1, 2, 3)", 3),
        ("min(n, 2, B)", 2),
        ("max(n, 2.5)", 64),
        ("int(2.7) + float(3)", 5),
        ("7 // 2 + -7 // 2", -1),  # compile-time numbers divide as Python's do
        ("-n // 10", -6),  # run-time ones as C's do
        ("-n % 10", -4),
        ("1 if n > 3 else 0", 1),
        ("B if B > 20 else -B", -16),
        ("n > 3 and 3", 1),
        ("not n > 3", 0),
        ("B == 16 or n", 1),
        ("(x_ptr is None) + 0", 0),
        ("tl.zeros([4, B], tl.float32).shape[1]", 16),
        ("tl.sum(tl.zeros([4, B], tl.int32) + 1)", 64),
        ("tl.load(x_ptr + 5, mask=n < 3, other=-1.0)", -1),
        ("tl.load(x_ptr + 5, mask=n > 3, other=-1.0)", 5),
        ("tl.max(tl.load(x_ptr + tl.arange(0, B), mask=n > 3), 0)", 15),
        ("(tl.program_id(0) == 0).to(tl.float32) / 4", 0.25),
    ],
)
def test_computes(expression, value):
    assert launch(f"y = {expression}\ntl.store(o_ptr, y)", (1,))[0] == value


def test_dot_sums_in_float32():
    one = kernel(
        """
        @triton.jit
        def kernel(a_ptr, o_ptr, B: tl.constexpr):
            i = tl.arange(0, B)
            a = tl.load(a_ptr + i[:, None] * B + i[None, :])
            c = tl.dot(a, tl.trans(a), allow_tf32=False)
            tl.static_assert(c.dtype == tl.float32)
            tl.store(o_ptr + i[:, None] * B + i[None, :], tl.dot(a, a.T, acc=c))
        """
    )
    a = np.full((64, 64), 8.0, np.float16)  # sums of 4096: past what float16 counts
    o = np.zeros((64, 64), np.float32)
    one[(1,)](a, o, B=64)
    assert (o == 2 * 64 * 64.0).all()


def test_globals_and_helpers_may_change_between_launches():
    names = module(
        """
        C = tl.constexpr(2)

        @triton.jit
        def kernel(o_ptr):
            tl.store(o_ptr, C)
        """
    )
    o = np.zeros(1, np.float32)
    names["kernel"][(1,)](o)
    names["C"] = type(names["C"])(5)
    names["kernel"][(1,)](o)
    assert o[0] == 5


def test_counts_loop_turns(monkeypatch):
    monkeypatch.setattr(state, "LOOP_LIMIT", 2000)
    with pytest.raises(TileError, match="more than 2,000 times"):
        launch("while n > 0:\n    pass")


def test_prints_from_a_program(capsys):
    launch('tl.device_print("pid", tl.program_id(0))\nprint("n", n)', grid=(2,))
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["program 0 pid 0", "program 0 n 64", "program 1 pid 1",
                     "program 1 n 64"]  # fmt: skip
