"""Finding the answer in words."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import jupytext
import pytest
from classroom_kit import make_lesson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.written import (
    MOST_CHARACTERS,
    exercise_text,
    written_answer,
)

PROMPT = "Why does halving undo doubling?"
TAIL = "\n\nA person grades this answer: 5 points."


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    lesson = make_lesson(tmp_path)
    lesson.exercise_path.write_text("# %%\nx = 1\n")
    return lesson


def _answer(path: Path, lesson: Lesson) -> str | None:
    return written_answer(read_submission(path, lesson), lesson)


def _notebook(*cells: dict[str, Any]) -> str:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": list(cells)})


def _prose(source: str | list[str], grade_id: str = "", **more: Any) -> dict[str, Any]:
    metadata = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    return {"cell_type": "markdown", "metadata": metadata, "source": source, **more}


@pytest.mark.parametrize(
    ("cells", "answer"),
    [
        ([_prose(["Because ", "it does."], "explain")], "Because it does."),
        ([_prose("Because.", id="explain")], "Because."),
        ([_prose(f"## In words\n{PROMPT}{TAIL}"), _prose("Because.")], "Because."),
        ([_prose(f"{PROMPT}{TAIL}\n\nBecause.")], "Because."),
        ([_prose("Why does halving\nundo doubling?\nBecause.")], "Because."),
        ([_prose("YOUR ANSWER HERE", "explain")], None),
        ([_prose("  \n", "explain")], None),
        ([_prose("YOUR ANSWER HERE\nBecause.", "explain")], "Because."),
        ([_prose("Something else.")], None),
        ([], None),
    ],
)
def test_reads_the_answer_from_the_cell_that_holds_it(
    tmp_path: Path, lesson: Lesson, cells: list[dict[str, Any]], answer: str | None
) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(_notebook(*cells))
    assert _answer(path, lesson) == answer


def test_reads_it_from_a_python_file_and_an_archive(
    tmp_path: Path, lesson: Lesson
) -> None:
    text = f"# %%\nx = 1\n# %% [markdown]\n# {PROMPT}\n#\n# Because.\n# %%\ny = 2\n"
    (tmp_path / "a.py").write_text(text)
    assert _answer(tmp_path / "a.py", lesson) == "Because."
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.ipynb", _notebook(_prose("Because.", "explain")))
    (tmp_path / "a.zip").write_bytes(stream.getvalue())
    assert _answer(tmp_path / "a.zip", lesson) == "Because."


STRING = '"""\nYOUR ANSWER HERE\n"""'


@pytest.mark.parametrize(
    ("stub", "text", "answer"),
    [
        ("YOUR ANSWER HERE", "YOUR ANSWER HERE", None),
        ("YOUR ANSWER HERE", "", None),
        ("YOUR ANSWER HERE", "Because.", "Because."),
        ("YOUR ANSWER HERE", "# Point\n'so' it\n\nis", "# Point\n'so' it\n\nis"),
        ("YOUR ANSWER HERE", "Because.\nYOUR ANSWER HERE", "Because."),
        (STRING, "# Because,\n# so.", "Because,\nso."),
        (STRING, "'''Because.'''", "Because."),
        (STRING, '"""Because.', "Because."),
        (STRING, f"{STRING}\n# Because.", "Because."),
    ],
)
def test_reads_it_where_the_python_form_asks_for_it(
    tmp_path: Path, lesson: Lesson, stub: str, text: str, answer: str | None
) -> None:
    asked = exercise_text(lesson)
    assert asked.count(stub) == 1
    assert f"# {PROMPT}" in asked
    path = tmp_path / "a.py"
    path.write_text(asked.replace(stub, text))
    assert _answer(path, lesson) == answer


def test_reads_it_from_the_notebook_that_jupytext_makes(
    tmp_path: Path, lesson: Lesson
) -> None:
    text = exercise_text(lesson).replace("YOUR ANSWER HERE", "Because.")
    notebook = jupytext.reads(text, fmt="py:percent")
    (tmp_path / "a.ipynb").write_text(jupytext.writes(notebook, fmt="ipynb"))
    assert _answer(tmp_path / "a.ipynb", lesson) == "Because."


def test_code_below_an_answer_is_graded(tmp_path: Path, lesson: Lesson) -> None:
    path = tmp_path / "a.py"
    more = '"""\nBecause.\n"""\ndef double(x):\n    return half(x, 1 / 2)\n'
    path.write_text(exercise_text(lesson).replace(STRING, more))
    read = read_submission(path, lesson)
    cell = read.cell_of("double")
    assert cell is not None
    line = path.read_text().split("\n").index("def double(x):")
    assert cell.source.split("\n")[line] == "def double(x):"
    assert (written_answer(read, lesson) or "").startswith("Because.")


def test_reads_it_from_a_student_s_folder(tmp_path: Path, lesson: Lesson) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    (folder / "HW (1).ipynb").write_text(_notebook(_prose("Because.", "explain")))
    assert _answer(folder, lesson) == "Because."


def test_reads_it_from_the_file_that_is_graded(tmp_path: Path, lesson: Lesson) -> None:
    folder = tmp_path / "ada"
    folder.mkdir()
    code = {
        "cell_type": "code",
        "metadata": {},
        "source": "def double(x): return 2 * x",
    }
    (folder / "new.ipynb").write_text(_notebook(code, _prose("Because.", "explain")))
    (folder / "00-slopes.ipynb").write_text(_notebook(_prose("An old one.", "explain")))
    assert _answer(folder, lesson) == "Because."


def test_a_flood_of_words_is_cut(tmp_path: Path, lesson: Lesson) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(_notebook(_prose("x" * 10**6, "explain")))
    assert len(_answer(path, lesson) or "") == MOST_CHARACTERS


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["cells", "source", "metadata", "cell_type", "id"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=12,
        ).map(lambda data: json.dumps(data).encode()),
    )
)
def test_no_file_at_all_raises(tmp_path: Path, data: bytes) -> None:
    lesson_root = tmp_path / "course"
    lesson = make_lesson(tmp_path) if not lesson_root.exists() else _lesson(tmp_path)
    path = tmp_path / "a.ipynb"
    path.write_bytes(data)
    _answer(path, lesson)


def _lesson(root: Path) -> Lesson:
    from autograder.student.lesson import read_lesson

    return read_lesson(root / "course" / "00-slopes", None)
