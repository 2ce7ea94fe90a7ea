"""Odd cells: copied, moved, retyped, stripped, and what stands around an answer.

More than 400 lines: many files of a few lines each.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

from odd_kit import add, cell, lesson, odd, python, right, write

from autograder.student.notebook.build import build_notebook


@odd("`mean` is defined in cell 4 and cell 20", "counts, cell 20", lost="mean")
def solution_cell_copied_and_the_copy_edited(folder: Path) -> Path:
    notebook = right()
    twin = copy.deepcopy(cell(notebook, "mean"))
    twin["source"] = "def mean(x):\n    return 0.0\n"
    notebook["cells"].append(twin)
    return write(folder, notebook)


@odd("the last that is no stub counts, cell 4")
def solution_above_and_the_stub_again_below(folder: Path) -> Path:
    notebook = right()
    stub = next(c for c in build_notebook(lesson()).cells if c.id == "mean")
    add(notebook, stub.source)
    return write(folder, notebook)


@odd()
def test_cell_copied(folder: Path) -> Path:
    notebook = right()
    notebook["cells"].append(copy.deepcopy(cell(notebook, "grade-mean")))
    return write(folder, notebook)


@odd()
def grade_ids_renamed(folder: Path) -> Path:
    notebook = right()
    for each in notebook["cells"]:
        if "nbgrader" in each["metadata"]:
            each["metadata"]["nbgrader"]["grade_id"] += "-x"
    return write(folder, notebook)


@odd()
def test_cells_deleted(folder: Path) -> Path:
    notebook = right()
    kept = [c for c in notebook["cells"] if not c["id"].startswith("grade-")]
    notebook["cells"] = kept
    return write(folder, notebook)


@odd()
def all_metadata_stripped(folder: Path) -> Path:
    notebook = right()
    notebook["metadata"] = {}
    for each in notebook["cells"]:
        each["metadata"] = {}
        del each["id"]
    return write(folder, notebook)


@odd(problem="No answer found")
def one_empty_cell(folder: Path) -> Path:
    notebook = right()
    notebook["cells"] = [{"cell_type": "code", "metadata": {}, "source": ""}]
    return write(folder, notebook)


@odd(problem="it has no cells")
def no_cells_at_all(folder: Path) -> Path:
    return write(folder, {"nbformat": 4, "metadata": {}})


@odd()
def points_raised_to_500(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "grade-mean")["metadata"]["nbgrader"]["points"] = 500
    return write(folder, notebook)


@odd()
def test_cell_turned_raw(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "grade-mean")["cell_type"] = "raw"
    return write(folder, notebook)


@odd("cell 4 is a Markdown cell that holds `mean`")
def solution_turned_markdown(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["cell_type"] = "markdown"
    return write(folder, notebook)


@odd("cell 4 is a raw cell that holds `mean`")
def solution_turned_raw(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["cell_type"] = "raw"
    return write(folder, notebook)


@odd("is a check cell that holds `mean`")
def solution_written_into_the_test_cell(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "grade-mean")["source"] = cell(notebook, "mean")["source"]
    cell(notebook, "mean")["source"] = "# see below"
    return write(folder, notebook)


@odd("holds imports that cells above need")
def cells_in_reverse_order(folder: Path) -> Path:
    notebook = right()
    notebook["cells"].reverse()
    return write(folder, notebook)


@odd()
def one_cell_of_schema_version_1(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["metadata"]["nbgrader"]["schema_version"] = 1
    return write(folder, notebook)


@odd("`Mean` comes close", lost="mean", verdicts=(("mean", "not_attempted"),))
def function_renamed(folder: Path) -> Path:
    notebook = right()
    source = cell(notebook, "mean")["source"]
    cell(notebook, "mean")["source"] = source.replace("def mean", "def Mean")
    return write(folder, notebook)


@odd()
def endless_loop_in_another_cell(folder: Path) -> Path:
    notebook = right()
    add(notebook, "while True:\n    pass", at=2)
    return write(folder, notebook)


@odd()
def endless_loop_that_counts(folder: Path) -> Path:
    notebook = right()
    add(notebook, "n = 0\nwhile True:\n    n += 1", at=2)
    return write(folder, notebook)


@odd()
def endless_loop_that_will_not_be_interrupted(folder: Path) -> Path:
    notebook = right()
    loop = "while True:\n  try:\n    pass\n  except KeyboardInterrupt:\n    pass\n"
    cell(notebook, "mean")["source"] += "\n" + loop
    return write(folder, notebook)


@odd(lost="mean", verdicts=(("mean", "crash"),))
def leaves_the_process(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["source"] = "import os\ndef mean(x):\n    os._exit(0)\n"
    return write(folder, notebook)


@odd(lost="mean", verdicts=(("mean", "crash"),))
def asks_for_input_in_the_answer(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["source"] = "def mean(x):\n    return float(input('n?'))\n"
    return write(folder, notebook)


@odd()
def asks_for_input_beside_the_answer(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["source"] += "\nname = input('n?')\nprint(name)\n"
    return write(folder, notebook)


@odd()
def warns_and_prints(folder: Path) -> Path:
    notebook = right()
    source = cell(notebook, "mean")["source"]
    noise = "    warnings.warn('careful')\n    print('here', x)\n    if x.size"
    source = "import warnings\n" + source.replace("    if x.size", noise, 1)
    cell(notebook, "mean")["source"] = source
    return write(folder, notebook)


@odd(lost="mean", verdicts=(("mean", "output"),))
def prints_400_000_lines(folder: Path) -> Path:
    notebook = right()
    source = "def mean(x):\n    for _ in range(400_000):\n        print('x' * 100)\n"
    cell(notebook, "mean")["source"] = source
    return write(folder, notebook)


@odd("%%time", "!pip install", "%matplotlib inline")
def magics(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["source"] = "%%time\n" + cell(notebook, "mean")["source"]
    setup = "%matplotlib inline\n!pip install \\\n  something\n"
    cell(notebook, "setup")["source"] = setup + cell(notebook, "setup")["source"]
    add(notebook, "%%bash\nrm -rf /")
    add(notebook, "mean?")
    return write(folder, notebook)


@odd()
def answer_indented_as_a_whole(folder: Path) -> Path:
    """As IPython, which runs such a cell."""
    notebook = right()
    lines = cell(notebook, "mean")["source"].splitlines()
    cell(notebook, "mean")["source"] = "\n".join(f"    {line}" for line in lines)
    return write(folder, notebook)


@odd()
def answers_copied_with_their_prompts(folder: Path) -> Path:
    notebook = right()
    for task, first, later in (
        ("mean", ">>> ", "... "),
        ("normalise", "In [3]: ", "   ...: "),
    ):
        top, *rest = cell(notebook, task)["source"].splitlines()
        lines = [first + top, *(later + line for line in rest)]
        cell(notebook, task)["source"] = "\n".join(lines)
    return write(folder, notebook)


@odd()
def awaits_at_top_level(folder: Path) -> Path:
    notebook = right()
    add(notebook, "import asyncio\nawait asyncio.sleep(1e9)", at=2)
    return write(folder, notebook)


@odd("cell 4, line 3 is not Python", lost="mean", verdicts=(("mean", "crash"),))
def syntax_error_in_one_cell(folder: Path) -> Path:
    notebook = right()
    source = "def mean(x):\n    total = 0\n    return total +\n"
    cell(notebook, "mean")["source"] = source
    return write(folder, notebook)


@odd("hw.py, line 7 is not Python", lost="mean")
def syntax_error_in_a_python_file(folder: Path) -> Path:
    path = folder / "hw.py"
    text = python().replace("x.size == 0:", "x.size == 0", 1)
    path.write_text("\n" + text, encoding="utf-8")
    return path


@odd()
def main_block_that_never_ends(folder: Path) -> Path:
    path = folder / "hw.py"
    block = "\n\nif __name__ == '__main__':\n    while True:\n        pass\n"
    path.write_text(python() + block, encoding="utf-8")
    return path


@odd()
def asserts_that_fail_and_plots_that_cannot(folder: Path) -> Path:
    notebook = right()
    tail = "\nassert mean(np.array([1])) == 2\nplt.plot([1, 2])\nmean(3)\n"
    cell(notebook, "mean")["source"] += tail
    return write(folder, notebook)


@odd()
def helpers_in_other_cells(folder: Path) -> Path:
    notebook = right()
    add(notebook, "TABLE = {}\nfor i in range(3):\n    TABLE[i] = i * SCALE", at=2)
    add(notebook, "SCALE = 1.0", at=2)
    add(notebook, "def total(x):\n    return np.sum(x, dtype=float) * TABLE[1]", at=4)
    source = "def mean(x):\n    if not x.size:\n        raise ValueError\n"
    cell(notebook, "mean")["source"] = source + "    return float(total(x) / x.size)\n"
    return write(folder, notebook)


@odd(
    "Markdown's ``` lines are no Python and were left out (cell 2; cell 4; cell 9; ...)"
)
def every_cell_in_fences(folder: Path) -> Path:
    notebook = right()
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            each["source"] = f"```python\n{each['source']}\n```"
    return write(folder, notebook)


@odd("Markdown's ``` lines are no Python and were left out (cell 4)")
def answer_pasted_with_the_talk_around_it(folder: Path) -> Path:
    notebook = right()
    code = cell(notebook, "mean")["source"]
    talk = f"Here's the function:\n\n```python\n{code}\n```\n\nIt's O(n)."
    cell(notebook, "mean")["source"] = talk
    return write(folder, notebook)


@odd("Markdown's ``` lines")
def python_file_in_fences(folder: Path) -> Path:
    path = folder / "hw.py"
    path.write_text(f"```python\n{python()}\n```\n", encoding="utf-8")
    return path


@odd("cell 4 is a Markdown cell that holds `mean`")
def answer_left_in_a_markdown_cell_with_fences(folder: Path) -> Path:
    notebook = right()
    here = cell(notebook, "mean")
    here["source"] = f"My answer:\n```python\n{here['source']}\n```"
    here["cell_type"] = "markdown"
    return write(folder, notebook)


def _as_methods(code: str) -> str:
    inside = code.replace("\n", "\n    ").replace("(x", "(self, x")
    return f"import math\nimport numpy as np\n\nclass Solution:\n    {inside}"


@odd(
    problem="`mean`, `normalise` and `halvings` are methods of class Solution, hw.py,"
    " line 5: write them at the top level, without `self`."
)
def functions_as_methods_of_a_class(folder: Path) -> Path:
    path = folder / "hw.py"
    code = "\n".join(python().split("\n")[3:])
    path.write_text(_as_methods(code), encoding="utf-8")
    return path


@odd(
    "No cell defines `mean`. It is defined inside function main, cell 4, line 2",
    lost="mean",
    verdicts=(("mean", "not_attempted"),),
)
def one_function_inside_another(folder: Path) -> Path:
    notebook = right()
    code = cell(notebook, "mean")["source"].replace("\n", "\n    ")
    cell(notebook, "mean")["source"] = f"def main():\n    {code}\n    return mean\n"
    return write(folder, notebook)


@odd("call of the debugger stops a run", "(cell 4, line 2; cell 9, line 1)")
def breakpoint_left_in(folder: Path) -> Path:
    notebook = right()
    answer = cell(notebook, "mean")["source"].split("\n")
    docstring = next(n for n, line in enumerate(answer) if line.startswith("    "))
    answer.insert(docstring, "    if x.any(): 'été'; breakpoint()  # look at x")
    cell(notebook, "mean")["source"] = "\n".join(answer)
    source = cell(notebook, "normalise")["source"]
    cell(notebook, "normalise")["source"] = "import pdb; pdb.set_trace()\n" + source
    return write(folder, notebook)


@odd(lost="mean", verdicts=(("mean", "crash"),))
def breakpoint_in_an_expression(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["source"] = "def mean(x):\n    return breakpoint() or 0.0\n"
    return write(folder, notebook)


def _mean_that(*lines: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        notebook = right()
        source = "\n".join(["import ctypes, os, sys, time", "def mean(x):", *lines])
        cell(notebook, "mean")["source"] = source
        return write(folder, notebook)

    return make


@odd(lost="mean", verdicts=(("mean", "crash"),))
def reads_memory_that_is_not_there(folder: Path) -> Path:
    return _mean_that("    return ctypes.string_at(0)")(folder)


@odd(lost="mean", verdicts=(("mean", "crash"),))
def recurses_without_end(folder: Path) -> Path:
    lines = ("    sys.setrecursionlimit(10**9)", "    return list(map(mean, [x]))")
    return _mean_that(*lines)(folder)


@odd(lost="mean")
def kills_its_parent(folder: Path) -> Path:
    return _mean_that("    os.kill(os.getppid(), 9)", "    return 0.0")(folder)


@odd(lost="mean")
def leaves_a_child_behind(folder: Path) -> Path:
    child = ("    if os.fork() == 0:", "        os.setsid()", "        time.sleep(1e6)")
    return _mean_that(*child, "    return 0.0")(folder)


@odd(lost="mean")
def writes_into_the_gradebook(folder: Path) -> Path:
    lines = (
        "    import sqlite3",
        "    book = sqlite3.connect('../gradebook.db')",
        "    book.execute('update grade set extra_credit = 10')",
        "    book.commit()",
        "    return 0.0",
    )
    return _mean_that(*lines)(folder)
