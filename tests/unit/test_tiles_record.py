"""Record and replay: what a host function may do, and evidence that lies."""

import copy
import json

import numpy as np
import pytest

from autograder.student.lab.tiles import (
    LanguageError,
    TileError,
    arrays_in,
    record,
    replay,
)
from tests.unit.tiles_kit import attention, flash, module

SCALE = """
@triton.jit
def kernel(x_ptr, o_ptr, n, factor, B: tl.constexpr):
    offs = tl.program_id(0) * B + tl.arange(0, B)
    x = tl.load(x_ptr + offs, mask=offs < n)
    tl.store(o_ptr + offs, x * factor, mask=offs < n)
"""

HOST = (
    SCALE
    + """
def host(x, factor=2.0):
    o = device.empty(x.shape, x.dtype)
    kernel[(triton.cdiv(x.size, 8),)](x, o, x.size, factor, B=8)
    return o
"""
)


def x20():
    return np.arange(20, dtype=np.float32)


def hosted(text):
    """Return a host function whose body follows the scaling kernel."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return module(SCALE + f"\ndef host(x):\n    o = device.empty(20)\n{lines}")["host"]


def test_replays_on_the_judges_inputs():
    host = module(HOST)["host"]
    evidence = record(host, (x20(),), {"factor": 3.0})
    result = replay(evidence, [x20() + 1])
    np.testing.assert_array_equal(result["outputs"], (x20() + 1) * 3)
    assert result["loads"] == {"x_ptr": 80}
    assert result["stores"] == {"o_ptr": 80}
    assert (result["launches"], result["programs"]) == (1, 3)
    assert result["per_launch"][0]["kernel"] == "kernel"
    assert result["unwritten_outputs"] == 0


def test_evidence_is_plain():
    evidence = record(module(HOST)["host"], (x20(),))
    assert json.loads(json.dumps(evidence)) == evidence


def test_nothing_runs_while_it_is_recorded():
    host = hosted(
        "kernel[(3,)](x, o, 20, 2.0, B=8)\nassert np.isnan(o).all()\nreturn o"
    )
    record(host, (x20(),))


def test_keeps_the_nesting_of_the_result():
    host = hosted(
        "kernel[(3,)](x, o, 20, 2.0, B=8)\n"
        "return {'o': [o[:4], (o.reshape(4, 5), None)], 'n': np.int64(3), 't': 'x'}"
    )
    out = replay(record(host, (x20(),)), [x20()])["outputs"]
    assert list(out) == ["o", "n", "t"]
    assert out["o"][0].tolist() == [0, 2, 4, 6]
    assert out["o"][1][0].shape == (4, 5)
    assert (out["o"][1][1], out["n"], out["t"]) == (None, 3, "x")


def test_views_of_inputs_and_workspaces_are_followed():
    host = hosted(
        "kernel[(1,)](x[5:], o[2:], 3, 2.0, B=8)\n"
        "kernel[(1,)](o[2:], o[10:], 3, 2.0, B=8)\n"
        "return o[10:13]"
    )
    out = replay(record(host, (x20(),)), [x20()])
    assert out["outputs"].tolist() == [20, 24, 28]
    assert out["launches"] == 2
    assert out["uninitialised"] == []


def test_counts_elements_of_the_result_that_nothing_wrote():
    host = hosted("kernel[(1,)](x, o, 20, 2.0, B=8)\nreturn o")
    assert replay(record(host, (x20(),)), [x20()])["unwritten_outputs"] == 12


@pytest.mark.parametrize("layout", ["given", "padded", "transposed"])
def test_strides_are_respected_in_any_layout(layout):
    rng = np.random.default_rng(0)
    q, k, v = (rng.standard_normal((n, 16)).astype(np.float32) for n in (20, 30, 30))
    out = replay(record(flash, (q, k, v), layout=layout), [q, k, v])
    np.testing.assert_allclose(out["outputs"][0], attention(q, k, v)[0], atol=2e-6)
    assert out["loads"]["k_ptr"] == 4 * 2 * 30 * 16


def test_a_kernel_that_ignores_strides_fails_in_another_layout():
    host = module(HOST)["host"]
    x = np.arange(24, dtype=np.float32).reshape(4, 6)
    with pytest.raises(TileError, match=r"x_ptr is out of bounds: element 6.*gaps"):
        replay(record(host, (x,), layout="padded"), [x])
    out = replay(record(host, (x,), layout="transposed"), [x])["outputs"]
    assert not (out == 2 * x).all()


def test_an_unknown_layout_is_the_authors_mistake():
    with pytest.raises(ValueError, match="layout"):
        record(module(HOST)["host"], (x20(),), layout="diagonal")


def test_arrays_come_in_order():
    a, b, c, text = np.ones(1), np.ones(2), np.ones(3), np.array(["x"])
    found = arrays_in((1, [a, {"k": b}]), {"z": (text, c), "n": 3})
    assert [x.size for x in found] == [1, 2, 3]


REFUSED = [
    ("kernel[(3,)](x * 2, o, 20, 2.0, B=8)\nreturn o",
     "kernel: x_ptr is an array that your host function computed"),
    ("kernel[(3,)](x.copy(), o, 20, 2.0, B=8)\nreturn o", "host function computed"),
    ("kernel[(3,)](np.empty(20, np.float32), o, 20, 2.0, B=8)\nreturn o",
     "pass the inputs themselves or what device.empty"),
    ("return o * 2", "the result is an array that your host function computed"),
    ("return x.astype(np.float16)", "the result is an array"),
    ("return o.view(np.int32)", "the result is an array"),
    ("return [object()]", "the result is of type object"),
    ("return {1: o}", "the result is of type dict"),
    ("return [[[[[[o]]]]]]", "the result is of type list"),
    ("return (y for y in x)", "the result is of type generator"),
    ("o[:] = x * 2\nreturn o", "changed the array of workspace 1 itself"),
    ("x *= 2\nreturn o", "changed the array of input 1 itself"),
    ("for _ in range(65):\n    kernel[(1,)](x, o, 1, 2.0, B=8)", "more than 64"),
    ("for _ in range(65):\n    device.empty(1)", "allocates too many"),
    ("device.empty((10**6, 10**6))", "too large to simulate"),
    ("device.empty(-1)", "tuple of ints"),
    ("device.empty(4, 'uint8')", "dtype uint8"),
    ("device.empty(4, 'nonsense')", "is not a dtype"),
    ("device.full(4, 'x')", "fills with a number"),
    ("kernel(x, o, 20, 2.0, B=8)", "launch it with kernel[grid]"),
    ("tl.load(x)", "works inside a kernel only"),
    ("triton.autotune()", "is not in the simulator"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[r[0] for r in REFUSED])
def test_refuses_a_host_function(text, words):
    with pytest.raises(TileError) as refusal:
        record(hosted(text), (x20(),))
    assert words in str(refusal.value)
    assert len(str(refusal.value).splitlines()) <= 3


def test_the_students_own_exceptions_pass():
    with pytest.raises(ZeroDivisionError):
        record(hosted("1 / 0"), (x20(),))
    # and recording is over: launches run again
    assert module(HOST)["host"](x20())[1] == 2


def test_inputs_may_be_written_or_returned_only_where_that_is_allowed():
    text = "kernel[(3,)](x, x, 20, 2.0, B=8)\n"
    with pytest.raises(TileError, match="writes to array argument 1"):
        replay(record(hosted(text + "return o"), (x20(),)), [x20()])
    with pytest.raises(TileError, match="writes to array argument 1"):
        replay(record(hosted(text + "return x"), (x20(),)), [x20()])
    with pytest.raises(TileError, match="returns array argument 1"):
        replay(record(hosted("return x"), (x20(),)), [x20()])
    evidence = record(hosted(text + "return None"), (x20(),))
    out = replay(evidence, [x20()], writes=[0])
    np.testing.assert_array_equal(out["written"][0], 2 * x20())


def test_the_judges_inputs_are_never_changed():
    x = x20()
    x.flags.writeable = False
    evidence = record(hosted("kernel[(3,)](x, x, 20, 2.0, B=8)\nreturn x"), (x20(),))
    replay(evidence, [x], writes=[0])
    np.testing.assert_array_equal(x, x20())


def test_a_kernel_must_stand_in_the_submission():
    evidence = record(module(HOST)["host"], (x20(),))
    assert replay(evidence, [x20()], submitted="import numpy\n" + HOST)["programs"] == 3
    with pytest.raises(TileError, match="kernel is not in the submission"):
        replay(evidence, [x20()], submitted=HOST.replace("* factor", "+ factor"))


@pytest.mark.parametrize("way", ["arguments", "globals", "fills"])
def test_an_answer_cannot_be_carried_in_as_numbers(way):
    """Ten launches of thirty numbers each; memory is filled with thirty-three."""
    names = ", ".join(f"a{i}" for i in range(30))
    stores = "\n".join(f"    tl.store(o_ptr + {i}, a{i})" for i in range(30))
    text = f"@triton.jit\ndef kernel(o_ptr, {names}):\n{stores}\n"
    if way == "arguments":
        call = "kernel[(1,)](o[30 * j :], *[float(v) for v in x[30 * j : 30 * j + 30]])"
    elif way == "globals":
        text = f"@triton.jit\ndef kernel(o_ptr):\n{stores}\n"
        call = (
            "globals().update({f'a{i}': tl.constexpr(float(x[30 * j + i]))"
            " for i in range(30)})\n        kernel[(1,)](o[30 * j :])"
        )
    else:
        text = "@triton.jit\ndef kernel(o_ptr, p_ptr):\n    tl.store(o_ptr, 1.0)\n"
        call = "kernel[(1,)](o, device.full(1, float(x[j])))"
    count = 10 if way != "fills" else 33
    host = module(
        f"{text}\ndef host(x):\n    o = device.empty(300)\n"
        f"    for j in range({count}):\n        {call}\n    return o\n"
    )["host"]
    x = np.random.default_rng(0).standard_normal(300).astype(np.float32)
    evidence = record(host, (x,))
    with pytest.raises(TileError, match="have more than 1,024 bits"):
        replay(evidence, [x])


def test_a_few_numbers_may_be_passed():
    text = "@triton.jit\ndef kernel(o_ptr, a, b):\n    tl.store(o_ptr + b, a)\n"
    host = module(
        f"{text}\ndef host():\n    o = device.zeros(40)\n    for i in range(40):\n"
        "        kernel[(1,)](o, 0.5 * (i % 5), i)\n    return o\n"
    )["host"]
    assert replay(record(host), [])["outputs"].sum() == 40


def test_faults_of_kernels_come_out_of_the_replay():
    text = "kernel[(4,)](x, o, 30, 2.0, B=8)\nreturn o"
    with pytest.raises(
        TileError, match=r"kernel, line 6, program 2: tl.load from x_ptr"
    ):
        replay(record(hosted(text), (x20(),)), [x20()])


def tampered(path, value):
    """Return good evidence with one part replaced."""
    evidence = copy.deepcopy(record(module(HOST)["host"], (x20(),)))
    where = evidence
    for key in path[:-1]:
        where = where[key]
    where[path[-1]] = value
    return evidence


LAUNCH = ("launches", 0)
X = (*LAUNCH, "arguments", "x_ptr", "view")
TAMPERED = [
    (("format",), 2),
    (("format",), True),
    (("extra",), 1),
    (("inputs",), {}),
    (("inputs",), []),
    (("inputs", 0, "shape"), [21]),
    (("inputs", 0, "shape"), [-20]),
    (("inputs", 0, "dtype"), "float64"),
    (("inputs", 0, "dtype"), "object"),
    (("inputs", 0, "dtype"), ["float32"]),
    (("inputs", 0, "size"), 19),
    (("inputs", 0, "size"), 10**12),
    (("inputs", 0, "offset"), -1),
    (("inputs", 0, "offset"), 1),
    (("inputs", 0, "strides"), [2]),
    (("inputs", 0, "strides"), [-1]),
    (("inputs", 0, "strides"), [1.0]),
    (("inputs", 0, "strides"), [1, 1]),
    (("workspaces",), [{}]),
    (("workspaces", 0, "shape"), [10**9]),
    (("workspaces", 0, "shape"), [2**40, 2**40]),
    (("workspaces", 0, "fill"), "0"),
    (("workspaces", 0, "fill"), 2**100),
    (("workspaces", 0, "dtype"), "uint8"),
    (("kernels",), None),
    (("kernels", 0), []),
    (("kernels", 0, 0, "source"), 3),
    (("kernels", 0, 0, "source"), "import os"),
    (("kernels", 0, 0, "source"), "x" * 50_000),
    (("kernels", 0, 0, "source"), "def kernel(x_ptr):\n    import os\n"),
    (("kernels", 0, 0, "source"), "def kernel(x):\n    y = x.__class__\n"),
    (("kernels", 0, 0, "source"), "def kernel():\n    pass\n"),
    (("kernels", 0, 0, "source"), "def kernel():\n    pass\nopen('f', 'w')\n"),
    (("kernels", 0, 0, "source"), "def kernel():\n\x00 pass\n"),
    (("kernels", 0, 0, "name"), "a b"),
    (("kernels", 0, 0, "name"), "__import__('os')"),
    (("kernels", 0, 0, "constants"), {"a b": {"value": 1}}),
    (("kernels", 0, 0, "constants"), {"a": {"value": [1]}}),
    (("kernels", 0, 0, "constants"), {"a": 1}),
    (("kernels", 0, 0, "helpers"), {"a": 1}),
    (("kernels", 0, 0, "helpers"), {"a": "0"}),
    ((*LAUNCH, "kernel"), 1),
    ((*LAUNCH, "kernel"), -1),
    ((*LAUNCH, "grid"), [10**9]),
    ((*LAUNCH, "grid"), [1.5]),
    ((*LAUNCH, "grid"), []),
    ((*LAUNCH, "grid"), "3"),
    ((*LAUNCH, "arguments"), {}),
    ((*LAUNCH, "arguments", "y"), {"value": 1}),
    ((*LAUNCH, "arguments", "n"), {"value": 2**80}),
    ((*LAUNCH, "arguments", "n"), {"value": b"x"}),
    ((*LAUNCH, "arguments", "n"), {"value": [1]}),
    ((*LAUNCH, "arguments", "n"), {"value": "text"}),
    ((*LAUNCH, "arguments", "n"), {"dtype": "float32"}),
    ((*LAUNCH, "arguments", "n"), {"dtype": "object"}),
    ((*LAUNCH, "arguments", "n"), 20),
    ((*LAUNCH, "arguments", "B"), {"value": 3}),
    ((*LAUNCH, "arguments", "B"), {"value": 2**30}),
    ((*X, "buffer"), "judge"),
    ((*X, "buffer"), ["input"]),
    ((*X, "index"), 5),
    ((*X, "index"), -1),
    ((*X, "offset"), 1),
    ((*X, "offset"), -1),
    ((*X, "offset"), 2**70),
    ((*X, "strides"), [10**6]),
    ((*X, "strides"), [-1]),
    ((*X, "shape"), [2**62]),
    ((*X, "shape"), [20] * 9),
    (("result",), {}),
    (("result",), {"view": {}}),
    (("result",), {"value": object}),
    (("result",), {"value": "x" * 2000}),
    (("result",), {"tuple": 3}),
    (("result",), {"dict": [["a"]]}),
    (("result",), {"dict": [[1, {"value": 1}]]}),
    (("result",), {"set": []}),
    (("result", "view", "shape"), [21]),
    (("result", "view", "strides"), [0.5]),
    (("launches",), [{}] * 65),
]


@pytest.mark.parametrize(("path", "value"), TAMPERED, ids=lambda v: str(v)[:60])
def test_refuses_tampered_evidence(path, value):
    with pytest.raises(TileError) as refusal:
        replay(tampered(path, value), [x20()])
    assert 1 <= len(str(refusal.value).splitlines()) <= 3


@pytest.mark.parametrize("evidence", [None, 3, [], "x", {}, {"format": 1}, b"x"])
def test_refuses_what_is_no_evidence(evidence):
    with pytest.raises(TileError, match="malformed"):
        replay(evidence, [])


def test_refuses_a_result_nested_without_end():
    deep = {"value": 1}
    for _ in range(100):
        deep = {"list": [deep]}
    with pytest.raises(TileError, match="malformed"):
        replay(tampered(("result",), deep), [x20()])


def test_a_broadcast_view_does_not_grow_without_bound():
    view = {"buffer": "input", "index": 0, "offset": 0}
    huge = {**view, "shape": [2**14, 2**14], "strides": [0, 0]}
    with pytest.raises(TileError, match="too much to be simulated"):
        replay(tampered(("result",), {"view": huge}), [x20()])


def test_recursive_helpers_are_refused():
    text = SCALE.replace(
        "    offs =", "    kernel(x_ptr, o_ptr, n, factor, B)\n    offs ="
    )
    host = module(HOST.replace(SCALE, text))["host"]
    with pytest.raises(LanguageError, match="calls itself"):
        replay(record(host, (x20(),)), [x20()])


def test_helpers_that_no_kernel_calls_do_no_harm():
    evidence = tampered(("kernels", 0, 0, "helpers"), {"a": 0})
    assert replay(evidence, [x20()])["launches"] == 1
