"""The reader answers every input with cells or a reason, and never raises."""

from __future__ import annotations

import json
import os
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.student.lesson import Lesson, find_course
from autograder.student.notebook.reader import (
    attempted,
    find_submissions,
    read_data,
    read_submission,
)
from autograder.student.notebook.submission import CodeCell, Submission, printable

LESSON = find_course(Path(__file__)).lesson("00-start")
SOLVED = "def mean(x):\n    return sum(x) / len(x)\n"


def sound(read: Submission) -> None:
    """Assert what holds of everything that was read."""
    assert read.problem is not None or read.cells
    labels = [cell.label for cell in read.cells]
    assert len(set(labels)) == len(labels)
    for text in (read.name, *read.notes, *(cell.source for cell in read.cells)):
        text.encode("utf-8")
        assert "\0" not in text
    attempted(read, LESSON)


def notebook(*sources: Any) -> bytes:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source} for source in sources
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
LINES = st.sampled_from(
    [
        "def mean(x):",
        "    return 1",
        "%%time",
        "!ls",
        "x = '''",
        "'''",
        "mean?",
        "await f()",
        "class A:",
        "    pass",
        "if True:",
        "    !ls \\",
        "global x",
        "x = (",
        ")",
        "@d",
        "\\",
        "for i in []: mean(i)",
        "import os; os.x = 1; print(2)",
        "from a import *",
        "# %% [markdown]",
        "# %%",
        "",
        "\f\tx",
        "<<<<<<< HEAD",
        "=======",
        ">>>>>>> b",
    ]
)
SOURCES = st.lists(LINES, max_size=12).map("\n".join) | st.text(max_size=60)


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.ipynb", "a.py", "a.zip", "a", ""]))
def test_any_bytes(data: bytes, name: str) -> None:
    sound(read_data(name, data, LESSON))


@settings(deadline=None)
@given(JSON, JSON, st.sampled_from(["code", "markdown", "raw", "heading", 3]))
def test_any_json_in_place_of_cells_and_metadata(one: Any, two: Any, kind: Any) -> None:
    cells = [
        {"cell_type": kind, "metadata": one, "source": SOLVED},
        {
            "cell_type": "code",
            "metadata": {"tags": one, "nbgrader": two},
            "source": two,
        },
        one,
    ]
    for data in ({"cells": cells}, {"cells": one}, {"worksheets": [one, two]}, one):
        text = json.dumps({"metadata": two} | data if isinstance(data, dict) else data)
        sound(read_data("a.ipynb", text.encode(), LESSON))


@settings(max_examples=200, deadline=None)
@given(st.lists(SOURCES, max_size=4))
def test_any_source_beside_a_right_answer(sources: list[str]) -> None:
    read = read_data("a.ipynb", notebook(*sources, SOLVED), LESSON)
    sound(read)
    assert "mean" in read.names
    sound(read_data("a.py", "\n".join(sources).encode("utf-8", "replace"), LESSON))


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=8), st.integers(0, 400))
def test_any_damage_to_an_archive(damage: bytes, at: int) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hw.ipynb", notebook(SOLVED))
    data = bytearray(packed.getvalue())
    data[at : at + len(damage)] = damage
    sound(read_data("hw.zip", bytes(data), LESSON))


@pytest.mark.parametrize("name", ["nowhere.ipynb", "x" * 5000, "nul\0.ipynb", "\ud800"])
def test_a_path_that_is_no_file(name: str, tmp_path: Path) -> None:
    read = read_submission(tmp_path / name, LESSON)
    assert read.problem == "There is no such file." or "cannot be opened" in str(
        read.problem
    )


def test_tells_cell_and_line(tmp_path: Path) -> None:
    source = f"\n\n{SOLVED}    return +\n"
    (cell,) = read_data("a.ipynb", notebook("# one", source), LESSON).cells
    assert cell.locate(5) == "cell 2, line 5"
    assert CodeCell("hw.py", "x", first_line=40).locate(3) == "hw.py, line 42"


def test_python_lines_are_the_lines_of_the_file() -> None:
    text = f"# %%\nimport math\n# %%\n\n{SOLVED}"
    cells = read_data("a.py", text.encode(), LESSON).cells
    assert [cell.names for cell in cells] == [("mean",)]
    assert cells[0].source.split("\n").index("def mean(x):") + 1 == 5


def test_ten_thousand_cells_are_cut_at_a_limit() -> None:
    read = read_data("a.ipynb", notebook(SOLVED, *["x = 1"] * 10_000), LESSON)
    assert read.names >= {"mean"}
    assert "Only the first 2000 of 10001 cells" in read.notes[0]


def test_code_beyond_a_limit_is_left_out() -> None:
    read = read_data("a.ipynb", notebook("x = 1\n" * 200_000, SOLVED), LESSON)
    assert "cell 1 was left out: it holds 1,200,000 characters" in read.notes[0]
    assert read.problem is None


@pytest.mark.parametrize("deep", ["1" + "+1" * 5000, "-" * 900 + "1", "a" + "()" * 900])
def test_deeply_nested_code_is_an_answer_like_any_other(deep: str) -> None:
    answer = f"def mean(x):\n    return {deep}\n"
    sound(read_data("a.ipynb", notebook(SOLVED, answer), LESSON))


def test_pictures_in_prose_leave_room_for_code() -> None:
    prose = {"cell_type": "markdown", "metadata": {}, "source": "mean " * 60_000}
    code = {"cell_type": "code", "metadata": {}, "source": SOLVED}
    data = json.dumps({"cells": [prose, prose, code]}).encode()
    read = read_data("a.ipynb", data, LESSON)
    assert "mean" in read.names


def test_tells_which_tasks_are_attempted() -> None:
    stub = LESSON.exercise_path
    assert set(attempted(read_submission(stub, LESSON), LESSON).values()) == {False}
    given_up = "def halvings(a, b):\n    raise NotImplementedError\n"
    text = f"{SOLVED}\n{given_up}\ndef normalise(x):\n    'later'\n    pass\n"
    read = read_data("a.py", text.encode(), LESSON)
    assert attempted(read, LESSON) == {
        "mean": True,
        "normalise": False,
        "halvings": False,
    }


def test_prefers_the_file_that_answers_more(tmp_path: Path) -> None:
    (tmp_path / "00-start.ipynb").write_bytes(notebook("x = 1"))
    (tmp_path / "Untitled3.ipynb").write_bytes(notebook(SOLVED))
    found = find_submissions(tmp_path, LESSON)
    assert [path.name for path in found] == ["Untitled3.ipynb", "00-start.ipynb"]


def test_of_many_files_that_answer_nothing_one_is_told_about(tmp_path: Path) -> None:
    for number in range(30):
        path = tmp_path / f"{number}.py"
        path.write_text(f"x = {number}\n", encoding="utf-8")
        os.utime(path, (number, number))
    problem = read_submission(tmp_path, LESSON).problem
    assert problem is not None
    assert "No answer found" in problem


def test_files_beyond_a_limit_are_counted(tmp_path: Path) -> None:
    (tmp_path / "00-start.py").write_text(SOLVED, encoding="utf-8")
    for name in ("a.ipynb", "b.ipynb", "c.ipynb"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(60 * 2**20)  # of nothing: it takes no room on the disk
    read = read_submission(tmp_path, LESSON)
    assert "mean" in read.names
    assert "Beyond 128 MB of files, 1 were not looked at." in read.notes
    assert find_submissions(tmp_path, LESSON)[0].name == "00-start.py"


@pytest.mark.parametrize(
    ("name", "help_"),
    [("a.zip", "pack the notebook alone"), ("a.ipynb", "clear the outputs")],
)
def test_a_file_that_is_too_large_says_what_helps(
    tmp_path: Path, name: str, help_: str
) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(101 * 2**20)
    problem = read_submission(tmp_path / name, LESSON).problem
    assert problem is not None
    assert "101 MB and at most 100 MB are read" in problem
    assert help_ in problem


def test_the_digest_is_of_the_bytes_as_handed_in(tmp_path: Path) -> None:
    path = tmp_path / "hw.py"
    path.write_text(SOLVED, encoding="utf-8")
    one = read_submission(path, LESSON)
    path.write_text(SOLVED + "\n", encoding="utf-8")
    two = read_submission(path, LESSON)
    assert one.digest != two.digest
    assert one.digest == read_data("other.py", SOLVED.encode(), LESSON).digest


def test_sources_given_by_a_test_run_as_they_are() -> None:
    made = Submission.from_sources("x", [("a", "print(1)"), ("b", SOLVED)])
    assert [cell.source for cell in made.cells] == ["print(1)", SOLVED]
    assert made.cell_of("mean") is made.cells[1]
    assert made.cell_of("absent") is None


def test_names_in_messages_hold_no_control_characters() -> None:
    assert printable("a\x1b[31m\u202eb.py") == "a?[31m?b.py"
    assert len(printable("x" * 500)) == 80


def test_every_lesson_reads_its_own_stub_and_reference() -> None:
    lessons: tuple[Lesson, ...] = find_course(Path(__file__)).lessons
    for lesson in lessons:
        names = {task.name for task in lesson.tasks}
        stub = read_submission(lesson.exercise_path, lesson)
        assert names <= stub.names, lesson.id
        assert not any(attempted(stub, lesson).values()), lesson.id
        if lesson.twin_dir is not None:
            reference = read_submission(lesson.reference_path, lesson)
            assert not reference.notes, lesson.id
            assert all(attempted(reference, lesson).values()), lesson.id
