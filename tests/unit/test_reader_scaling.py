"""Reading costs steps in proportion to what is handed in, whatever its shape.

Steps are calls of functions, Python's and C's, counted by the interpreter: the same on
every machine. Four times the input may cost five times the steps; where the time grew
with the square, it would be sixteen times.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.student.lesson import find_course
from autograder.student.notebook.reader import read_data

LESSON = find_course(Path(__file__)).lesson("00-start")
SOLVED = "def mean(x):\n    return sum(x) / len(x)\n"


def steps(data: bytes) -> int:
    """Count the calls that reading a file makes."""
    count = 0

    def see(_frame: Any, event: str, _arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    read_data("a.py", SOLVED.encode(), LESSON)  # what is remembered is in memory now
    sys.setprofile(see)
    try:
        read_data("a.py", data, LESSON)
    finally:
        sys.setprofile(None)
    return count


def in_cells(*sources: str) -> bytes:
    cells = [{"cell_type": "code", "metadata": {}, "source": s} for s in sources]
    return json.dumps({"cells": cells}).encode()


def in_one(*lines: str) -> bytes:
    return in_cells("\n".join([SOLVED, *lines]))


def methods(n: int) -> bytes:
    return in_one("class A:", *(f"    def a{i}(self): return b{i}" for i in range(n)))


def one_line(n: int) -> bytes:
    return in_one("; ".join(f"a{i} = a{i - 1}" for i in range(n)), "mean = a9")


def setters(n: int) -> bytes:
    names = ", ".join(f"a{i}" for i in range(n))
    return in_one("def f():", f"    global {names}", "    mean(a1)", *["f()"] * n)


def dynamic(n: int) -> bytes:
    lines = (f"a{i} = eval('1')\ndef f{i}(): return eval('2')" for i in range(n))
    return in_one(*lines, "class mean:", *(f"    f{i}()" for i in range(n)))


def lambdas(n: int) -> bytes:
    names = " = ".join(f"a{i}" for i in range(n))
    return in_one("def f():", f"    {names} = 0", "    " + "lambda: b, " * n)


def imports(n: int) -> bytes:
    uses = (f"def f{i}(): return m{i}" for i in range(n))
    return in_cells(SOLVED, *uses, *(f"import m{i}" for i in range(n)))


def answers(n: int) -> bytes:
    return in_cells(*(f"# {i}\n{SOLVED}" for i in range(n)))


def near_misses(n: int) -> bytes:
    return in_one(*(f"normalise{i:03} = 1" for i in range(n)))


def magics(n: int) -> bytes:
    return in_one(*["!pip install \\"] * n, "x = !ls", *["%time f()"] * n)


def blank_lines(n: int) -> bytes:
    return in_one("x = (", *[""] * n, "<<<<<<< HEAD", *[" "] * n)


def fences(n: int) -> bytes:
    fenced = ["```python", "x = 1", "```", "it's"] * n
    return in_cells("\n".join([*fenced, "```", SOLVED]))


def stops(n: int) -> bytes:
    return in_one(*["breakpoint()"] * n, "if x: " + "breakpoint(); " * n)


def broken_file(n: int) -> bytes:
    return "\n".join([*["def f(:", "    pass"] * n, SOLVED]).encode()


def percent_file(n: int) -> bytes:
    return "\n".join(["# %%", "x = 1"] * n + ["# %%", SOLVED]).encode()


def archives(n: int) -> bytes:
    inner = _zip({"a.py": SOLVED.encode()})
    return _zip({f"{i}.zip": inner for i in range(n)})


def outputs(n: int) -> bytes:
    notebook = json.loads(in_one())
    notebook["cells"][0]["outputs"] = [{"text": ["a\n"]}] * n
    return json.dumps(notebook).encode()


def _zip(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


SHAPES: list[Callable[[int], bytes]] = [
    *(methods, one_line, setters, dynamic, lambdas, imports, answers, near_misses),
    *(magics, blank_lines, fences, stops, broken_file, percent_file, archives, outputs),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_four_times_the_input_costs_four_times_the_steps(
    shape: Callable[[int], bytes],
) -> None:
    few, many = steps(shape(60)), steps(shape(240))
    assert many <= 5 * few
    assert read_data("a.py", shape(240), LESSON).problem is None


def test_counts_what_grows_with_the_square() -> None:
    def looked_at(n: int) -> int:
        count = 0

        def see(_frame: Any, event: str, _arg: Any) -> None:
            nonlocal count
            count += event == "c_call"

        sys.setprofile(see)
        for i in range(n):
            for j in range(n):
                max(i, j)
        sys.setprofile(None)
        return count

    assert looked_at(240) > 15 * looked_at(60)
