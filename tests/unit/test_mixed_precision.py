"""Lesson 7 beside torch: the scaler's traces, the casts, the sums, autocast's lists."""

from __future__ import annotations

import ast
import json
import re
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.grading.reference import load_module
from autograder.student.lesson import find_course

torch = pytest.importorskip("torch")

TWIN = find_course(Path(__file__)).lesson("07-mixed-precision").twin_dir


def twin(name: str) -> types.ModuleType:
    """Load a file of the lesson's twin."""
    assert TWIN is not None
    return load_module(TWIN / f"{name}.py", f"mixed_precision_{name}")


def hidden(file: str, *names: str) -> types.SimpleNamespace:
    """Take a scenario or a table out of the hidden tests, without their marks."""
    assert TWIN is not None
    tree = ast.parse((TWIN / "hidden" / file).read_text(encoding="utf-8"))
    wanted = [
        node
        for node in tree.body
        if getattr(node, "name", None) in names
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names)
    ]
    space: dict[str, Any] = {}
    exec(compile(ast.Module(wanted, []), file, "exec"), space)
    return types.SimpleNamespace(**{name: space[name] for name in names})


reference = twin("reference")
recorder = twin("scaler_traces")
judge = types.SimpleNamespace(
    **vars(hidden("scripts.py", "loss_scaler")),
    **vars(hidden("test_autocast_policy.py", "OTHER_OPS")),
)


def test_traces_are_what_torch_does_today():
    assert recorder.dumps(recorder.record()) == recorder.GOLDEN.read_text("utf-8")


def test_traces_meet_every_exception():
    traces = json.loads(recorder.GOLDEN.read_text("utf-8"))
    raised = {
        (command[0], answer[0])
        for trace in traces
        for command, answer in zip(trace["script"], trace["answers"], strict=True)
        if isinstance(answer[0], str)
    }
    assert raised >= {
        ("unscale", "RuntimeError"),
        ("unscale", "AssertionError"),
        ("unscale", "ValueError"),
        ("step", "RuntimeError"),
        ("step", "AssertionError"),
        ("step", "ValueError"),
        ("closure", "RuntimeError"),
        ("update", "AssertionError"),
    }


values = st.sampled_from([1.0, -3.5, 0.1, 1e-3, 0.0, 3e38, np.inf, -np.inf, np.nan])
gradients = st.none() | st.lists(values, min_size=1, max_size=2)
which = st.integers(0, 1)
pairs = st.lists(gradients, min_size=2, max_size=2)
commands = st.one_of(
    st.tuples(st.just("scale"), values),
    st.tuples(st.sampled_from(["grads", "backward"]), which, pairs),
    st.tuples(st.just("half"), which, pairs.filter(lambda pair: pair[1] is not None)),
    st.tuples(st.sampled_from(["unscale", "step", "closure"]), which),
    st.tuples(st.just("step"), which),
    st.tuples(st.just("update")),
    st.tuples(st.just("update"), st.sampled_from([4.0, 0.1, 2.0**126, 2.0**-140])),
)
options = st.fixed_dictionaries(
    {
        "init": st.sampled_from([1.0, 3.0, 2.0**16, 2.0**126, 2.0**-148]),
        "growth": st.sampled_from([2.0, 1.1, 4.0]),
        "backoff": st.sampled_from([0.5, 0.3]),
        "interval": st.integers(1, 3),
    }
)


@settings(deadline=None, max_examples=80)
@given(options, st.lists(commands, max_size=40))
def test_scaler_follows_torch(chosen, script):
    script = [["scale", 1.0], *map(list, script)]
    with np.errstate(all="ignore"):
        got = json.loads(judge.loss_scaler(reference, chosen, script))
    want = recorder.play(chosen, script)
    assert json.dumps(got) == json.dumps(want)


def patterns(seed: int) -> np.ndarray:
    """Return float32 patterns, NaNs left out: random ones, and ties of both formats."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**32, size=100_000, dtype=np.uint32)
    halves = reference.f16_bits_to_f32(np.arange(2**16, dtype=np.uint16))
    near = [halves + np.uint32(d) for d in (0, 0xFFF, 0x1000, 0x1001)]
    brains = [(bits & np.uint32(0xFFFF0000)) + np.uint32(d) for d in (0x7FFF, 0x8000)]
    bits = np.concatenate([bits, *near, *brains])
    return bits[bits & 0x7FFFFFFF <= 0x7F800000]


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("f32_to_f16_bits", torch.float16), ("f32_to_bf16_bits", torch.bfloat16)],
)
def test_casts_agree_with_torch(name, dtype):
    bits = patterns(0)
    numbers = torch.from_numpy(bits.view(np.float32).copy())
    want = numbers.to(dtype).view(torch.int16).numpy().view(np.uint16)
    np.testing.assert_array_equal(getattr(reference, name)(bits), want)


def test_widening_agrees_with_torch():
    bits = np.arange(2**16, dtype=np.uint16)
    bits = bits[bits & np.uint16(0x7FFF) <= 0x7C00]
    halves = torch.from_numpy(bits.view(np.int16)).view(torch.float16)
    want = halves.float().view(torch.int32).numpy().view(np.uint32)
    np.testing.assert_array_equal(reference.f16_bits_to_f32(bits), want)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(-7e4, 7e4, width=32), max_size=12),
    st.sampled_from(["float16", "bfloat16", "float32"]),
)
def test_sums_agree_with_torch(xs, name):
    dtype = getattr(torch, name)
    numbers = [torch.tensor(x, dtype=torch.float32).to(dtype) for x in xs]

    def halves(xs):
        return xs[0] if len(xs) == 1 else halves(xs[: len(xs) // 2]) + rest(xs)

    def rest(xs):
        return halves(xs[len(xs) // 2 :])

    total = correction = torch.tensor(0.0, dtype=dtype)
    for x in numbers:
        y = x - correction
        bigger = total + y
        correction, total = (bigger - total) - y, bigger
    want = {
        "naive": sum(numbers, torch.tensor(0.0, dtype=dtype)),
        "pairwise": halves(numbers) if numbers else torch.tensor(0.0),
        "kahan": total,
        "fp32": sum((x.float() for x in numbers), torch.tensor(0.0)),
    }
    for how, right in want.items():
        got = reference.accumulate(xs, name, how)
        np.testing.assert_equal(got, float(right))


def test_autocast_lists_are_those_of_torch():
    header = Path(torch.__file__).parent / "include/ATen/autocast_mode.h"
    text = header.read_text(encoding="utf-8")
    lists = {}
    for name in ("LOWER_PRECISION_FP", "FP32", "FP32_SET_OPT_DTYPE", "PROMOTE"):
        _, _, after = text.partition(f"#define AT_FORALL_{name}(_)")
        block = re.match(r"(?:.*\\\n)*.*", after).group()
        lists[name] = set(re.findall(r"_\((\w+)", block))
    assert set(reference.HALF_OPS) <= lists["LOWER_PRECISION_FP"]
    wide = lists["FP32"] | lists["FP32_SET_OPT_DTYPE"] | {"norm"}
    assert "ADD_NS(norm)" in text
    assert set(reference.FLOAT_OPS) <= wide
    assert not set(judge.OTHER_OPS) & (lists["LOWER_PRECISION_FP"] | wide)
