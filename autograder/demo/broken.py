"""Files as real classes hand them in: damaged, renamed, converted, pasted into."""

from __future__ import annotations

from typing import Any

from autograder.demo.kit import Kit, dump

Files = dict[str, bytes]


def byte_order_mark(kit: Kit) -> Files:
    """Saved by an editor that puts a byte order mark first."""
    return {"exercise.ipynb": b"\xef\xbb\xbf" + kit.ipynb(kit.reference)}


def latin_1(kit: Kit) -> Files:
    """Saved in Latin-1 with an accented letter."""
    text = "# café\n" + kit.reference.encode("ascii", "replace").decode("ascii")
    return {"exercise.ipynb": kit.ipynb(text).replace("é".encode(), b"\xe9")}


def python_only(kit: Kit) -> Files:
    """A .py file in the place of the notebook."""
    return {"exercise.py": kit.reference.encode()}


def wrong_ending(kit: Kit) -> Files:
    """Renamed on the way: exercise.ipynb.txt."""
    return {"exercise.ipynb.txt": kit.ipynb(kit.reference)}


def second_download(kit: Kit) -> Files:
    """Named by a browser, beside an empty Untitled notebook."""
    empty: dict[str, Any] = kit.notebook("# %%\n")
    return {
        "exercise (1).ipynb": kit.ipynb(kit.reference),
        "Untitled.ipynb": dump(empty),
    }


def stripped(kit: Kit) -> Files:
    """Saved by a service that drops all metadata and forgets the kernel."""
    book = kit.notebook(kit.reference)
    book["metadata"] = {}
    for cell in book["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    book["nbformat_minor"] = 4
    return {"exercise.ipynb": dump(book)}


def version_3(kit: Kit) -> Files:
    """In the notebook format of 2014, with worksheets."""
    cells = [
        {
            "cell_type": "code",
            "input": _source(cell),
            "language": "python",
            "metadata": {},
            "outputs": [],
        }
        for cell in kit.notebook(kit.reference)["cells"]
        if cell["cell_type"] == "code"
    ]
    book = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [{"cells": cells, "metadata": {}}],
    }
    return {"exercise.ipynb": dump(book)}


def magics(kit: Kit) -> Files:
    """With cell magics and shell commands around the answers."""
    book = kit.notebook(kit.reference)
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    code[0]["source"] = "!pip install numpy\n%matplotlib inline\n" + _source(code[0])
    code[-1]["source"] = "%%time\n" + _source(code[-1])
    return {"exercise.ipynb": dump(book)}


def copied_cell(kit: Kit) -> Files:
    """With the last answer twice: a first try left above the right one."""
    book = kit.notebook(kit.reference)
    stub = kit.notebook(kit.partial(len(kit.lesson.tasks) - 1))
    tries = [c for c in stub["cells"] if "NotImplementedError" in _source(c)]
    for number, cell in enumerate(tries):
        cell["id"] = f"try-{number}"
    book["cells"][1:1] = tries
    return {"exercise.ipynb": dump(book)}


def truncated(kit: Kit) -> Files:
    """Cut in the middle by a full disk."""
    data = kit.ipynb(kit.reference)
    return {"exercise.ipynb": data[: len(data) // 2]}


def empty_file(kit: Kit) -> Files:
    """Of no bytes at all."""
    return {"exercise.ipynb": b""}


def merge_conflict(kit: Kit) -> Files:
    """With the marks of an unfinished merge."""
    lines = kit.ipynb(kit.reference).decode().splitlines()
    lines.insert(3, "<<<<<<< HEAD")
    return {"exercise.ipynb": "\n".join(lines).encode()}


def syntax_error(kit: Kit) -> Files:
    """With an unclosed bracket in one answer; the others are right."""
    name = kit.lesson.tasks[-1].name
    lines = kit.reference.splitlines()
    first = next(
        number
        for number, line in enumerate(lines)
        if line.startswith((f"def {name}(", f"class {name}"))
    )
    broken = "\n".join([*lines[:first], f"{name} = (", *lines[first:]])
    return {"exercise.py": broken.encode()}


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
