"""Tensors where values cross, are compared, are shown and are written down."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import msgpack
import numpy as np
import pytest

from autograder.student import codec
from autograder.student.asked import Asked
from autograder.student.codec import CodecError, dumps, loads
from autograder.student.report import TestResult, Verdict
from autograder.student.testing import check
from autograder.student.testing.answers import Answers
from autograder.student.testing.check import CheckFailed
from autograder.student.testing.plugin import Outcome
from autograder.student.testing.repro import script
from autograder.student.vocabulary import Vocabulary

torch = pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "tests" / "attacks" / "target"
ROW = [1.0, 2.5, -3.0]


def said(call, *args, **kwargs):
    with pytest.raises(CheckFailed) as caught:
        call(*args, where="f", **kwargs)
    return str(caught.value)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(3.5),
        torch.tensor(True),
        torch.zeros(0, 4),
        torch.arange(6).reshape(2, 3).T,
        torch.arange(6.0).flip(0),
        torch.ones(3, 1).expand(3, 4),
        torch.ones(2, dtype=torch.complex64).conj(),
        torch.ones(2, dtype=torch.bfloat16),
    ],
    ids=str,
)
def test_a_tensor_crosses_with_its_shape_and_dtype(tensor):
    back = loads(dumps([tensor]))[0]
    assert back.dtype is tensor.dtype
    assert back.shape == tensor.shape
    assert torch.equal(back, tensor)
    assert back.is_contiguous()


def test_a_tensor_crosses_without_its_graph():
    parameter = torch.nn.Parameter(torch.tensor(ROW))
    for tensor in (parameter, parameter * 2):
        back = loads(dumps(tensor))
        assert type(back) is torch.Tensor
        assert not back.requires_grad
        assert torch.equal(back, tensor.detach())


@pytest.mark.parametrize(
    "odd",
    [
        torch.ones(2, 2).to_sparse(),
        torch.ones(2, device="meta"),
        torch.ones(2).to(torch.float8_e5m2),
        torch.ones(1).expand(10**10),
    ],
    ids=["sparse", "meta", "float8", "huge"],
)
def test_tensors_without_plain_numbers_are_refused(odd):
    with pytest.raises(CodecError):
        dumps(odd)


@pytest.mark.parametrize("code", [codec._TENSOR, codec._BFLOAT16])
@pytest.mark.parametrize(
    "head",
    [
        ["<U2", [1], None, 0, b"a\0\0\0b\0\0\0"],
        ["<f4", [2], None, 0, b"\0" * 4],
        ["<f4", [2, 2], [10**9, 1], 0, b"\0" * 16],
        ["<i8", [0, 2**40], None, 0, b""],
        ["|S3", [1], None, 0, b"abc"],
    ],
)
def test_forged_tensors_are_refused(code, head):
    with pytest.raises(CodecError):
        loads(msgpack.packb(msgpack.ExtType(code, msgpack.packb(head))))


def test_close_compares_tensors_and_wants_them():
    want = torch.tensor(ROW)
    check.close(torch.tensor(ROW) + 1e-7, want, rtol=1e-6, where="f")
    check.close(torch.tensor(ROW), np.array(ROW), where="f")
    check.close(torch.tensor(ROW).bfloat16(), want, rtol=1e-2, where="f")
    assert "got 2, expected 2.5" in said(check.close, torch.tensor([1.0, 2, -3]), want)
    assert "expected a tensor" in said(check.close, ROW, want)
    assert "expected a tensor" in said(check.close, np.array(ROW), want)
    assert "got shape (1,), expected ()" in said(
        check.close, torch.ones(1), torch.tensor(1.0)
    )


def test_equal_compares_tensors_alone_and_among_others():
    ids = torch.tensor([1, 2])
    check.equal(torch.tensor([1, 2]), ids, where="f")
    check.equal((torch.tensor([1, 2]), "a"), (ids, "a"), where="f")
    assert "got 3, expected 2" in said(check.equal, torch.tensor([1, 3]), ids)
    for other in (torch.tensor([1, 3]), ids.float(), np.array([1, 2]), [1, 2], ids[:1]):
        said(check.equal, [other], [ids])
    said(check.equal, torch.tensor(1), 1.0)
    said(check.equal, [torch.tensor([1, 2])], [7])


def test_dtype_shape_and_unchanged_take_tensors():
    check.dtype(torch.ones(2), "float32", where="f")
    check.shape(torch.ones(2, 3), (2, 3), where="f")
    check.unchanged(torch.ones(2), torch.ones(2), where="f")
    assert "got dtype bfloat16, expected float32" in said(
        check.dtype, torch.ones(2).bfloat16(), "float32"
    )
    assert "expected int64" in said(check.dtype, torch.ones(2), np.int64)
    assert "changed in place" in said(check.unchanged, torch.ones(2), torch.zeros(2))


def test_counted_keeps_copies_of_tensors():
    f = check.counted(lambda x: x.zero_())
    f(torch.tensor(ROW))
    assert f.args[0].tolist() == ROW


def test_messages_show_no_more_of_a_tensor_than_of_an_array():
    with check.quoting(Vocabulary()):
        assert check.show(torch.tensor([1.23456, 2, 3, 4])) == (
            "tensor([1.235, 2, 3, ...])"
        )
        assert check.show(torch.ones(2, 3)) == "a tensor of shape (2, 3)"


def answers(value):
    result = TestResult("test", "f", 1.0, Verdict.WRONG)
    return Answers.of(Outcome(result, [("f", value)]))


def test_answers_with_tensors_are_the_same_within_rounding():
    one = answers([torch.tensor(ROW), Fraction(1, 2)])
    assert one.same_as(answers([torch.tensor(ROW) * (1 + 1e-6), Fraction(1, 2)]))
    assert not one.same_as(answers([torch.tensor(ROW) * 1.01, Fraction(1, 2)]))
    assert not one.same_as(answers([torch.tensor(ROW).double(), Fraction(1, 2)]))
    assert not one.same_as(answers([np.array(ROW, np.float32), Fraction(1, 2)]))
    halves = answers(torch.tensor(ROW).bfloat16())
    assert not halves.same_as(answers(torch.tensor(ROW)))


def test_condensed_answers_with_tensors_can_be_packed():
    result = TestResult("test", "f", 1.0, Verdict.WRONG)
    values = [torch.arange(500), torch.arange(500.0), torch.ones(3).bfloat16()]
    found = Answers.condensed(Outcome(result, [("f", values)]))
    assert found.same_as(Answers("wrong", loads(dumps(found.transcript))))


@pytest.mark.parametrize("size", [3, 100])
def test_a_failing_case_with_tensors_runs_again(size, tmp_path):
    x = torch.linspace(0, 1, size, dtype=torch.float32)
    (tmp_path / "hw.py").write_text("def f(x):\n    return x * 2\n")
    case = Asked("call", ("f", [x], {}), x * 2)
    data = tmp_path / "data.npz"
    lines, arrays = script([case], case.value, None, tmp_path / "hw.py", data)
    np.savez(data, **arrays)
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True)
    assert done.stdout.startswith("tensor([0."), done.stderr


WITHOUT = """
import sys
sys.modules["torch"] = None
from pathlib import Path
"""


def run_without_torch(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT + code], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_model_says_how_to_get_torch_where_it_is_missing():
    told = run_without_torch("""
try:
    from autograder.lab import lm
except ModuleNotFoundError as error:
    print(error)
""")
    assert told == "this lesson needs torch: python3 set_up.py torch\n"


def test_check_says_how_to_get_torch_where_it_is_missing():
    code = f"""
from autograder.student.checking import check_submission
from autograder.student.lesson import read_lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError
twin = Path({str(TARGET)!r}, "solutions", "04-torch")
for hidden in (None, twin):
    lesson = read_lesson(Path({str(TARGET)!r}, "course", "04-torch"), hidden)
    try:
        check_submission(lesson, Submission.from_sources("a.py", []))
    except CourseError as error:
        print(error)
"""
    assert run_without_torch(code).splitlines() == [
        "04-torch needs torch: python3 set_up.py torch",
        "04-torch needs torch: pip install -c constraints.txt -e '.[torch]'",
    ]


def test_what_a_judge_forks_can_compute_after_it_has_computed_itself():
    code = f"""
import os
from pathlib import Path
from autograder.grading.needs import prepare
from autograder.student.lesson import read_lesson
twin = Path({str(TARGET)!r}, "solutions", "04-torch")
prepare(read_lesson(Path({str(TARGET)!r}, "course", "04-torch"), twin))
import torch
x = torch.ones(1000, 1000)
print(float((x @ x)[0, 0]), flush=True)
pid = os.fork()
if not pid:
    os._exit(int((x @ x)[0, 0]) == 1000)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["1000.0", "1"], done.stderr
