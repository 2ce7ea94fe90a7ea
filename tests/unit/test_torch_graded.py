"""Grading in torch: a real jail, the lesson that hostile submissions attack."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

from autograder.grading.grade import Grader, warm
from autograder.sandbox.jail import Jail
from autograder.student.lesson import read_lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import Verdict

pytestmark = pytest.mark.jail

TARGET = Path(__file__).parents[1] / "attacks" / "target"
LESSON = read_lesson(TARGET / "course" / "04-torch", TARGET / "solutions" / "04-torch")
REFERENCE = LESSON.reference_path.read_text(encoding="utf-8")

#: What is added to the reference, and the verdict of its first task if not full marks.
SUBMISSIONS = {
    "reference": ("", None),
    "gradient is kept": (
        "def weigh(x):\n    return x.clone().requires_grad_().softmax(-1)", None
    ),
    "parameter": ("def weigh(x):\n    return nn.Parameter(x.softmax(-1))", None),
    "backward while loading": (
        "z = torch.ones(300, 300, requires_grad=True)\n(z @ z).sum().backward()", None
    ),
    "threads while loading": (
        "torch.set_num_threads(4)\n"
        "z = torch.ones(2000, 400, requires_grad=True)\n(z @ z.T).sum().backward()",
        None,
    ),
    "optimizer": (
        "def slope(f, x):\n"
        "    x = nn.Parameter(x.clone())\n"
        "    steps = torch.optim.AdamW([x])\n"
        "    f(x).backward()\n"
        "    grad = x.grad.clone()\n"
        "    steps.step()\n"
        "    return grad",
        None,
    ),
    "gradients by functions": (
        "def slope(f, x):\n    return torch.func.grad(f)(x)", None
    ),
    "switches left": (
        "def weigh(x):\n"
        "    torch.set_grad_enabled(False)\n"
        "    torch.set_default_dtype(torch.float64)\n"
        "    return x.softmax(-1)",
        None,
    ),
    "the course's model": (
        "from autograder.lab import lm\n"
        "def weigh(x):\n"
        "    lm.Block(8, 2)(torch.ones(1, 3, 8), torch.arange(3)).sum().backward()\n"
        "    return x.softmax(-1)",
        None,
    ),
    "eats memory": (
        "def weigh(x):\n"
        "    kept = []\n"
        "    while True:\n"
        "        kept.append(torch.ones(2**22))",
        Verdict.MEMORY,
    ),
    "asks for too much": (
        "def weigh(x):\n    return torch.zeros(10**11)", Verdict.MEMORY
    ),
    "spins in torch": (
        "def weigh(x):\n    while True:\n        x = x.softmax(-1)", Verdict.TIMEOUT
    ),
    "another dtype": (
        "def weigh(x):\n    return x.double().softmax(-1)", Verdict.WRONG
    ),
    "no tensor": ("def weigh(x):\n    return x.softmax(-1).numpy()", Verdict.WRONG),
    "on no device": ("def weigh(x):\n    return x.to('meta')", Verdict.WRONG),
    "draws": (
        "drawn = []\n"
        "def weigh(x):\n"
        "    raise ValueError(f'drew {torch.rand(1).item():.6f}')",
        Verdict.CRASH,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded():
    """Every submission graded twice, and what one grading costs."""
    reports, again = {}, {}
    with Jail(warm(LESSON)) as jail:
        grader = Grader(LESSON, 7, jail=jail)
        for found in (reports, again):
            grader.run(
                (
                    (name, Submission.from_sources("hw.py", [("cell", text)]))
                    for name, text in texts().items()
                ),
                found.__setitem__,
            )
        yield reports, again


def texts():
    return {name: f"{REFERENCE}\n{more}\n" for name, (more, _) in SUBMISSIONS.items()}


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_gets_the_verdict_that_it_must_get(name, graded):
    first, *others = graded[0][name].tasks
    for task in others:
        assert task.points == task.max_points, str(task.message)
    assert first.verdict is (SUBMISSIONS[name][1] or Verdict.PASSED), first.message


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_gets_the_same_report_again(name, graded):
    one, other = (reports[name].as_dict(timings=False) for reports in graded)
    assert one == other


def test_recognises_a_known_mistake():
    put = REFERENCE.replace("grad(f(x), x)[0]", "grad(f(x), x)[0] * 2")
    reports = {}
    Grader(LESSON, 7).run(
        [("it", Submission.from_sources("hw.py", [("cell", put)]))],
        reports.__setitem__,
    )
    assert reports["it"].task("slope").diagnosis == "doubles"
