"""Odd files as other programs make them: exporters, editors, browsers, mailers."""

from __future__ import annotations

import bz2
import io
import json
import lzma
import tarfile
import textwrap
from pathlib import Path

from odd_archives import archive, pack
from odd_kit import add, cell, odd, python, right, solutions, write


def save(folder: Path, text: str | bytes, name: str = "hw.py") -> Path:
    """Write a file of any name."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _bytes() -> bytes:
    return json.dumps(right()).encode()


# Exporters and other editors.


@odd("left out (hw.py, line 13: %%time)")
def script_of_nbconvert_with_a_timed_cell(folder: Path) -> Path:
    first, *others = solutions().values()
    timed = f"get_ipython().run_cell_magic('time', '', {first!r})\n"
    shell = "get_ipython().system('pip install numpy')\n"
    head = "#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\n\n\nimport math\n"
    cells = [head + "import numpy as np\n", timed, shell, *others]
    return save(folder, "\n\n# In[ ]:\n\n".join(cells))


def _margin(code: str) -> str:
    return textwrap.indent(code, "    ")


@odd("hw.py, line 54 holds imports that cells above need")
def cells_of_marimo(folder: Path) -> Path:
    text = "import marimo\n\n__generated_with = '0.17.0'\napp = marimo.App()\n\n\n"
    for task, code in solutions().items():
        head = "@app.cell(hide_code=True)\ndef _(\n    math,\n    np,\n):\n"
        text += f"{head}{_margin(code)}    return ({task},)\n\n\n"
    text += "@app.cell\ndef _():\n    import math\n    import numpy as np\n"
    text += "    return math, np\n\n\nif __name__ == '__main__':\n    app.run()\n"
    return save(folder, text)


@odd()
def functions_of_marimo(folder: Path) -> Path:
    text = "import marimo\n\napp = marimo.App(width='full')\n\n"
    text += "with app.setup:\n    import math\n    import numpy as np\n\n\n"
    return save(folder, text + "".join(f"@app.function\n{c}\n\n" for c in _codes()))


def _codes() -> list[str]:
    return list(solutions().values())


@odd()
def notebook_of_databricks(folder: Path) -> Path:
    text = "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Homework\n\n"
    text += "# COMMAND ----------\n\n# MAGIC %pip install numpy\n\n"
    used = "\n# COMMAND ----------\n\ndbutils.fs.ls('/')\ndisplay(mean(1))\n"
    return save(folder, text + python() + used)


@odd()
def light_script_of_jupytext(folder: Path) -> Path:
    text = "# ---\n# jupyter:\n#   jupytext:\n#     format_name: light\n# ---\n\n"
    text += "# # Homework\n# in words\n\n# + tags=['setup']\nimport math\n"
    text += "import numpy as np\n# -\n\n"
    text += "".join(f'# + task="x"\n{code}\n# -\n\n' for code in _codes())
    return save(folder, text + "# !pip install numpy\n")


@odd()
def notebook_of_lines_without_their_ends(folder: Path) -> Path:
    notebook = right()
    for each in notebook["cells"]:
        each["source"] = each["source"].split("\n")
    return write(folder, notebook)


@odd()
def all_cells_merged_into_one(folder: Path) -> Path:
    notebook = right()
    notebook["cells"] = []
    add(notebook, python())
    return write(folder, notebook)


@odd("left out (cell 2: !pip -q install numpy; cell 2: %cd /content/drive/MyDrive)")
def notebook_of_colab(folder: Path) -> Path:
    notebook = right()
    notebook["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU"}
    cell(notebook, "setup")["source"] = (
        '#@title Set-up { run: "auto" }\n!pip -q install numpy\n'
        "from google.colab import drive, files\ndrive.mount('/content/drive')\n"
        "%cd /content/drive/MyDrive\nimport math\nimport numpy as np\n"
    )
    return write(folder, notebook)


@odd()
def notebook_of_kaggle(folder: Path) -> Path:
    notebook = right()
    add(
        notebook,
        "import numpy as np # linear algebra\nimport pandas as pd\nimport os\n"
        "for dirname, _, filenames in os.walk('/kaggle/input'):\n"
        "    for filename in filenames:\n"
        "        print(os.path.join(dirname, filename))\n",
        at=0,
    )
    return write(folder, notebook)


@odd()
def nbformat_2(folder: Path) -> Path:
    cells = []
    for each in right()["cells"]:
        key = "input" if each["cell_type"] == "code" else "source"
        cells.append({"cell_type": each["cell_type"], key: each["source"]})
    return write(folder, {"nbformat": 2, "worksheets": [{"cells": cells}]})


# Bytes.


@odd()
def marks_of_byte_order_in_the_cells(folder: Path) -> Path:
    notebook = right()
    for each in notebook["cells"]:
        each["source"] = "\ufeff" + each["source"]
    return write(folder, notebook)


@odd("byte order mark")
def two_files_joined_by_windows(folder: Path) -> Path:
    first, *others = _codes()
    head = "\ufeff\ufeffimport math\nimport numpy as np\n\n"
    return save(folder, f"{head}{first}\n\ufeff" + "\n".join(others) + "\x1a")


@odd("NUL bytes")
def utf16_without_a_byte_order_mark(folder: Path) -> Path:
    return save(folder, python().encode("utf-16-be"))


@odd()
def line_ends_of_old_and_of_ftp(folder: Path) -> Path:
    old, ftp = python().split("def normalise")
    text = old.replace("\n", "\r") + "def normalise" + ftp.replace("\n", "\r\r\n")
    return save(folder, text)


# Names.


@odd("'hw.ipynb.json' is a notebook in spite of its name")
def name_with_what_a_browser_adds(folder: Path) -> Path:
    return write(folder, right(), "hw.ipynb.json").parent


@odd("'hw.ipynb (1)' is a notebook in spite of its name")
def name_with_a_counter_behind(folder: Path) -> Path:
    return pack(folder, ("hw.ipynb (1)", _bytes()))


@odd("'HW.PY_' is Python in spite of its name")
def name_that_a_mailer_let_through(folder: Path) -> Path:
    return save(folder, python(), "HW.PY_").parent


@odd("'📓.ipynb.' was read as the answer")
def name_of_a_picture_and_a_dot(folder: Path) -> Path:
    return write(folder, right(), "📓.ipynb.").parent


@odd()
def name_with_the_date_of_a_mac_in_an_archive(folder: Path) -> Path:
    return pack(folder, ("11:30 hw.ipynb", _bytes()))


@odd("'hw.ipynb/hw.ipynb' was read as the answer")
def folder_called_like_the_notebook(folder: Path) -> Path:
    (folder / "hw.ipynb").mkdir()
    return write(folder / "hw.ipynb", right()).parent.parent


@odd("2 files that could be", "'b.zip/hw.ipynb' answers the most")
def archive_of_two_archives(folder: Path) -> Path:
    first = ("a.zip", archive(("a.ipynb", b'{"cells": []}')))
    return pack(folder, first, ("b.zip", archive(("hw.ipynb", _bytes()))))


# Kinds.


def _tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as file:
        entry = tarfile.TarInfo("hw.ipynb")
        entry.size = len(_bytes())
        file.addfile(entry, io.BytesIO(_bytes()))
    return packed.getvalue()


@odd(problem="a .tar archive: hand in the .ipynb or .py itself")
def tar_called_zip(folder: Path) -> Path:
    return save(folder, _tar(), "hw.zip")


@odd(problem="a .xz archive")
def tar_xz_called_zip(folder: Path) -> Path:
    return save(folder, lzma.compress(_tar()), "hw.zip")


@odd(problem="a .bz2 archive")
def tar_bz2_called_zip(folder: Path) -> Path:
    return save(folder, bz2.compress(_tar()), "hw.zip")


@odd(problem="a pointer of Git LFS")
def pointer_of_git_lfs(folder: Path) -> Path:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:12ab\nsize 9\n"
    return save(folder, text, "hw.ipynb")


@odd(problem="The file is a link: hand in the .ipynb or .py itself.")
def link_to_colab(folder: Path) -> Path:
    return save(folder, "https://colab.research.google.com/drive/1a\n", "hw.ipynb")


@odd(problem="a web page")
def page_of_github_with_a_byte_order_mark(folder: Path) -> Path:
    return save(folder, "\ufeff\n<!DOCTYPE html><p>", "hw.ipynb")


@odd(problem="holds no .ipynb, .py or .zip file, only 'hw.ipynb.icloud', 'hw.rar'.")
def folder_that_says_what_it_holds(folder: Path) -> Path:
    save(folder, b"Rar!", "hw.rar")
    save(folder, "{}", "arrival.json")
    save(folder, b"", "Thumbs.db")
    return save(folder, b"bplist00", "hw.ipynb.icloud").parent


# What a student writes.


@odd("cell 20, line 1 uses the name `mean` again", "your definition counts")
def name_used_again_for_a_value(folder: Path) -> Path:
    notebook = right()
    add(notebook, "mean = mean(np.arange(3))\nprint(mean)\n")
    add(notebook, "mean, halvings = np.mean([1, 2]), 3\nnormalise = 'x'\n")
    add(notebook, "for normalise, halvings in [(1, 2)]:\n    print(normalise)\n")
    return write(folder, notebook)


@odd(
    problem="`mean`, `normalise` and `halvings` are defined inside the block"
    ' `if __name__ == "__main__"`, hw.py, line 3: move them to the top level.'
)
def everything_in_the_main_block(folder: Path) -> Path:
    block = "import math\nif '__main__' == __name__:\n" + _margin("\n".join(_codes()))
    return save(folder, block)


@odd("is not Python (invalid syntax, says Python 3.", lost="mean")
def syntax_of_a_newer_python(folder: Path) -> Path:
    notebook = right()
    cell(notebook, "mean")["source"] += "\nlater = type 1\n"
    return write(folder, notebook)


@odd("(cell 4: pip install -U numpy; cell 4: cd ..; cell 9: !pip install numpy")
def magics_without_their_mark(folder: Path) -> Path:
    notebook = right()
    mean, normalise = cell(notebook, "mean"), cell(notebook, "normalise")
    mean["source"] = "pip install -U numpy\ncd ..\n" + mean["source"]
    shell = "!pip install \\\n  numpy \\\n  scipy\n"
    normalise["source"] = shell + normalise["source"]
    return write(folder, notebook)


@odd()
def calls_counted_in_a_global_name(folder: Path) -> Path:
    notebook = right()
    counted = "    global calls\n    calls += 1\n    if x.size"
    code = solutions()["mean"].replace("    if x.size", counted)
    add(notebook, "calls = 0", at=0)
    cell(notebook, "mean")["source"] = code
    return write(folder, notebook)


@odd()
def future_imported_in_every_cell(folder: Path) -> Path:
    notebook = right()
    for task, code in solutions().items():
        start = "from __future__ import annotations\n"
        cell(notebook, task)["source"] = start + code
    return write(folder, notebook)


@odd()
def script_that_leaves_at_its_end(folder: Path) -> Path:
    return save(folder, python() + "\nimport sys\nexit()\nsys.exit()\nraise SystemExit")
