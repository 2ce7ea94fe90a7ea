"""What a student's own check says of mistakes that students make."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.student.checking import CheckResult, check_submission
from autograder.student.commands.show import print_check
from autograder.student.lesson import find_course
from autograder.student.notebook.reader import read_data
from autograder.student.vocabulary import Vocabulary

COURSE = find_course(Path(__file__))


def check(lesson: str, task: str | None, *pairs: tuple[str, str]) -> CheckResult:
    """Check a lesson's reference with some text replaced."""
    found = COURSE.lesson(lesson)
    text = found.reference_path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return check_submission(found, read_data("hw.py", text.encode(), found), task)


def line_of(lesson: str, text: str, start: str = "") -> int:
    """Return the line of the reference that holds a text, after another."""
    source = COURSE.lesson(lesson).reference_path.read_text(encoding="utf-8")
    return source[: source.index(text, source.index(start))].count("\n") + 1


def test_a_missing_package_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    result = check(
        "01-gradients",
        None,
        ("import numpy as np\n", "import numpy as np\nimport scipyy\n"),
        ("np.array(x)\n", "scipyy.array(x)\n"),
    )
    print_check(result, Path("hw.py"))
    told = capsys.readouterr().out
    assert told.count("No module named 'scipyy'") == 1
    assert "partial, gradient, directional, gradcheck\nthe cell at hw.py, line" in told
    assert "NameError" not in told


def test_a_missing_return_is_named() -> None:
    result = check("01-gradients", "gradcheck", ("    return Report(", "    Report("))
    assert "gradcheck returned None\n  is a return missing?" in str(result)
    assert "AttributeError" not in str(result)


def test_an_answer_of_another_kind_is_shown() -> None:
    result = check(
        "01-gradients", "gradcheck", ("    return Report(", "    return 3 or Report(")
    )
    assert "gradcheck returned 3\n" in str(result)
    assert "test line" not in str(result)


def test_a_missing_method_is_named_with_the_expression() -> None:
    method = '    def __rmul__(self, other: float) -> "Dual":\n'
    result = check("01-gradients", "Dual", (method, method.replace("rmul", "ruml")))
    assert (
        "Dual: `2 * x` raised TypeError: unsupported operand type(s) for *: 'int' and"
        " 'Dual'\n  Dual needs a method __rmul__ for this."
    ) in str(result)


def test_prints_stand_under_their_task() -> None:
    says = "def gradient(f: Function, x: np.ndarray) -> np.ndarray:\n"
    result = check("01-gradients", "gradient", (says, f"{says}    print('x is', x)\n"))
    assert result.passed
    assert "gradient printed:\n  x is [1. 2.]\n" in str(result)
    broken = check(
        "01-gradients", "gradient", (says, f"{says}    print('x is', x)\n    1 / 0\n")
    )
    assert "ZeroDivisionError" in str(broken)
    assert "gradient printed:\n  x is [1. 2.]\n" in str(broken)


def test_prints_without_end_are_cut() -> None:
    says = "def gradient(f: Function, x: np.ndarray) -> np.ndarray:\n"
    loop = f"{says}    for i in range(10_000):\n        print(i)\n"
    told = str(check("01-gradients", "gradient", (says, loop)))
    assert told.endswith("(more was printed)")
    assert len(told) < 5_000


KERNEL = "    l_i = tl.zeros([BLOCK_M], tl.float32)\n"


def test_a_kernels_line_is_the_files_and_the_remedy_is_whole() -> None:
    result = check(
        "09-flash-attention", "flash_kernel", (KERNEL, KERNEL.replace("32", "16"))
    )
    loop = line_of("09-flash-attention", "    for start_n", "def flash_kernel")
    told = str(result)
    assert f"stopped in flash_kernel, hw.py, line {loop}, program" in told
    assert "l_i is a float16 block [16] before the loop" in told
    assert "(tl.zeros, tl.full, .to).\n  for start_n in range(" in told


def test_what_a_kernel_prints_is_shown() -> None:
    says = f'{KERNEL}    tl.device_print("tile", start_m)\n'
    result = check("09-flash-attention", "flash_kernel", (KERNEL, says))
    assert result.passed
    assert "flash_kernel printed:\n  program" in str(result)
    assert "tile" in str(result)


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("a float16 block [32, 8] and -1.5e-3", "a float16 block [32, 8] and …"),
        ("kernel, line 31, program (2, 1)", "kernel, line 31, program (…, …)"),
        ("element 23 of x_ptr, shape (20,)", "element … of x_ptr, shape (…,)"),
        ("the compile-time int 17", "the compile-time int …"),
        ("tl.static_assert failed: xyzzy 1,234", "tl.static_assert failed: … …"),
    ],
)
def test_hidden_inputs_leave_no_number(sentence: str, told: str) -> None:
    assert Vocabulary().masked(sentence) == told


def test_a_scene_is_told_without_what_a_submission_made_of_its_input() -> None:
    words = Vocabulary([("cell 1", "def put(item):\n    raise KeyError(item)")])
    scene = 'assert got == "amber", f"put of a worker took {s:g} s: {got}"'
    kept = "in main: KeyError: put took 2.5 s, line 12 of worker-1: amber"
    assert words.of_scene(kept, scene) == kept
    made = "in main: KeyError: 'qxz 1.2345678 98765'"
    assert words.of_scene(made, scene) == "in main: KeyError: '… … …'"
    assert "amber" not in words.of_scene(kept, "")
    assert len(words.of_scene("1 " * 1000, scene)) < 310
