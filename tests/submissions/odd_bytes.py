"""Odd files: encodings, damage, names and kinds."""

from __future__ import annotations

import json
from pathlib import Path

from odd_kit import add, cell, odd, python, right, write


@odd("byte order mark")
def utf8_with_a_byte_order_mark(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    path.write_text(json.dumps(right()), encoding="utf-8-sig")
    return path


@odd("byte order mark")
def utf16(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    path.write_text(json.dumps(right()), encoding="utf-16")
    return path


@odd("is not UTF-8")
def latin1(folder: Path) -> Path:
    notebook = right()
    add(notebook, "# Moyenne de l'été\ntitre = 'été'")
    path = folder / "hw.ipynb"
    path.write_bytes(json.dumps(notebook, ensure_ascii=False).encode("latin-1"))
    return path


@odd(problem="empty (0 bytes)")
def no_bytes(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    path.touch()
    return path


@odd(problem="breaks off at line 12")
def cut_short(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    lines = json.dumps(right(), indent=1).split("\n")[:12]
    path.write_text("\n".join(lines)[:-3], encoding="utf-8")
    return path


@odd(problem="Line 6 is a git conflict marker")
def git_conflict(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    lines = json.dumps(right(), indent=1).split("\n")
    ours = ["<<<<<<< HEAD", '   "a\\n"', "=======", '   "b\\n"', ">>>>>>> main"]
    path.write_text("\n".join([*lines[:5], *ours, *lines[5:]]), encoding="utf-8")
    return path


@odd("git conflict marker", lost="normalise")
def git_conflict_in_a_python_file(folder: Path) -> Path:
    path = folder / "hw.py"
    text = python().replace(
        "    centred = x - x.mean()\n",
        "<<<<<<< HEAD\n    centred = x - x.mean()\n=======\n"
        "    centred = x\n>>>>>>> main\n",
    )
    path.write_text(text, encoding="utf-8")
    return path


@odd(problem="a PDF")
def printed_to_pdf(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    path.write_bytes(b"%PDF-1.7\n\x00\x01")
    return path


@odd(problem="at most 100 MB are read")
def file_of_110_megabytes(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    with path.open("wb") as file:
        file.write(json.dumps(right()).encode())
        file.truncate(110 * 2**20)
    return path


@odd(problem="at most 20 MB are read")
def code_of_25_megabytes(folder: Path) -> Path:
    path = folder / "hw.py"
    with path.open("wb") as file:
        file.write(python().encode())
        file.truncate(25 * 2**20)
    return path


@odd(problem="3,000,000 characters, and at most 2,097,152 of a Python file")
def python_file_of_three_million_blanks(folder: Path) -> Path:
    path = folder / "hw.py"
    path.write_text(python().ljust(3_000_000), encoding="utf-8")
    return path


@odd()
def output_of_two_megabytes(folder: Path) -> Path:
    notebook = right()
    text = {"output_type": "stream", "name": "stdout", "text": "x" * 2**21}
    cell(notebook, "mean")["outputs"] = [text]
    return write(folder, notebook)


@odd(problem="nested too deeply")
def json_nested_a_million_deep(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    path.write_text('{"cells": ' + "[" * 10**6, encoding="utf-8")
    return path


@odd("NUL bytes")
def nul_bytes_in_a_python_file(folder: Path) -> Path:
    path = folder / "hw.py"
    path.write_bytes(python().encode() + b"\0\0# the disk was full\n")
    return path


@odd()
def windows_line_ends(folder: Path) -> Path:
    path = folder / "hw.py"
    path.write_bytes(python().replace("\n", "\r\n").encode())
    return path


@odd()
def strange_cells(folder: Path) -> Path:
    notebook = right()
    for source in (None, 7, {"a": 1}, [None, 3, "x = 1\n"], "s = '\ud800'", "\0"):
        add(notebook, source, at=0)
    notebook["cells"] += [None, 5, "text", [], {}, {"cell_type": 9}]
    notebook["cells"].append({"cell_type": "code", "metadata": None, "source": "1"})
    notebook["cells"].append({"cell_type": "code", "metadata": {"tags": 3, "task": 4}})
    return write(folder, notebook)


@odd("is a notebook in spite of its name")
def notebook_called_txt(folder: Path) -> Path:
    return write(folder, right(), "hw.ipynb.txt")


@odd("'hw (1).ipynb' was read as the answer to 00-start")
def downloaded_twice(folder: Path) -> Path:
    write(folder, right(), "hw (1).ipynb")
    return folder


@odd("'WMS q3.ipynb' was read as the answer to 00-start")
def another_name(folder: Path) -> Path:
    write(folder, right(), "WMS q3.ipynb")
    return folder


@odd("2 files that could be", "'hw.ipynb' answers the most")
def two_notebooks(folder: Path) -> Path:
    write(folder, {"cells": [], "nbformat": 4}, "Untitled.ipynb")
    write(folder, right())
    return folder


@odd("'hw.ipynb' was read as")
def a_checkpoint_beside_it(folder: Path) -> Path:
    (folder / ".ipynb_checkpoints").mkdir()
    write(folder / ".ipynb_checkpoints", right(), "hw-checkpoint.ipynb")
    write(folder, right())
    return folder


@odd("'hw.py' was read as")
def only_a_python_file(folder: Path) -> Path:
    (folder / "hw.py").write_text(python(), encoding="utf-8")
    return folder


@odd(problem="it has no cells")
def link_to_an_online_document(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    path.write_text('{"doc_id": "1aB", "resource_key": ""}', encoding="utf-8")
    return path


@odd(problem="neither a notebook nor Python: hand in the .ipynb or .py itself")
def shortcut_to_a_page(folder: Path) -> Path:
    path = folder / "hw.url"
    path.write_text("[InternetShortcut]\nURL=https://example.org/x\n", encoding="utf-8")
    return path


@odd("is Python in spite of its name")
def python_called_ipynb(folder: Path) -> Path:
    path = folder / "hw.ipynb"
    path.write_text(python(), encoding="utf-8")
    return path


@odd(problem="holds no .ipynb, .py or .zip")
def a_folder_with_a_picture(folder: Path) -> Path:
    (folder / "screenshot.png").write_bytes(b"\x89PNG\r\n")
    return folder


@odd()
def nbformat_3(folder: Path) -> Path:
    cells = []
    for each in right()["cells"]:
        old = {k: v for k, v in each.items() if k not in ("id", "source")}
        old["input" if each["cell_type"] == "code" else "source"] = each["source"]
        cells.append(old | {"language": "python"})
    heading = {"cell_type": "heading", "level": 1, "source": "Homework"}
    sheet = {"cells": [heading, *cells]}
    return write(folder, {"nbformat": 3, "worksheets": [sheet], "metadata": {}})


@odd()
def kernel_of_another_language(folder: Path) -> Path:
    notebook = right()
    notebook["metadata"]["kernelspec"] = {"name": "julia-1.9", "language": "julia"}
    return write(folder, notebook)


@odd(problem="This is the notebook of 01-gradients")
def notebook_of_another_lesson(folder: Path) -> Path:
    notebook = right()
    notebook["cells"] = []
    notebook["metadata"]["gradients"] = {"lesson": "01-gradients"}
    return write(folder, notebook)


@odd(problem="a link to another file")
def a_link_to_somebody_elses_file(folder: Path) -> Path:
    (folder / "theirs").mkdir()
    target = write(folder / "theirs", right())
    path = folder / "mine.ipynb"
    path.symlink_to(target)
    return path


@odd("'HW.IPYNB' was read as the answer to 00-start")
def name_in_capitals(folder: Path) -> Path:
    write(folder, right(), "HW.IPYNB")
    return folder


@odd()
def python_that_declares_another_encoding(folder: Path) -> Path:
    path = folder / "hw.py"
    path.write_text("# -*- coding: rot13 -*-\n" + python(), encoding="utf-8")
    return path


@odd()
def names_in_letters_of_another_width(folder: Path) -> Path:
    path = folder / "hw.py"  # Python takes these letters for ASCII ones
    path.write_text(python().replace("def mean", "def \uff4dean"), encoding="utf-8")
    return path


@odd()
def separators_that_only_some_take_for_line_ends(folder: Path) -> Path:
    path = folder / "hw.py"
    text = "# a\u2028b\x0b\x1c\x85c\n\f\ns = 'a'\n" + python()
    path.write_text(text.replace("\nimport", "\r\nimport"), encoding="utf-8")
    return path


@odd("hw.py, line 4 is not Python (inconsistent use of tabs")
def tabs_and_blanks_mixed(folder: Path) -> Path:
    path = folder / "hw.py"
    broken = "# %%\nif True:\n\tx = 1\n        y = 2\n# %%\n"
    path.write_text(broken + python(), encoding="utf-8")
    return path


@odd()
def json_that_only_python_writes(folder: Path) -> Path:
    notebook = right()
    notebook["metadata"] |= {"a": float("nan"), "b": float("-inf")}
    path = write(folder, notebook)
    numbers = '{"metadata": {}, "nbformat": ' + "9" * 10**5 + ", "
    path.write_text(numbers + path.read_text("utf-8")[1:], encoding="utf-8")
    return path


@odd()
def lone_surrogates_everywhere(folder: Path) -> Path:
    notebook = right()
    bad = "\udcff\ud800"
    for each in notebook["cells"]:
        each["metadata"]["tags"] = [*each["metadata"].get("tags", ()), bad]
        each["id"] = each.get("id", "") + bad
        each["source"] += f"\n# {bad}"
    notebook["metadata"]["gradients"] = {"lesson": bad}
    return write(folder, notebook)
