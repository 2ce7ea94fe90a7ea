"""Whole copies of the course, and answers among many other files."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from odd_archives import archive
from odd_kit import add, cell, lesson, odd, python, right, write

from autograder.commands.students_copy import write_copy
from autograder.student.lesson import find_course
from autograder.student.notebook.build import build_notebook

SOLVED_AT, STUB_AT = 1_700_000_000, 1_600_000_000


def course_copy(folder: Path) -> Path:
    """Write what ``autograder release`` gives to students."""
    copy = folder / "gradients"
    for name, data in _released().items():
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (STUB_AT, STUB_AT))
    return copy


@cache
def _released() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        files = write_copy(find_course(Path(__file__)), copy).files
        return {name: (copy / name).read_bytes() for name in files}


def zipped(copy: Path) -> Path:
    """Pack a folder as a student would, itself included."""
    return Path(shutil.make_archive(str(copy), "zip", copy.parent, copy.name))


def save(path: Path, text: str, when: int = SOLVED_AT) -> Path:
    """Write a file as if it had been saved at some time."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (when, when))
    return path


@odd(
    "holds 2 files that",
    "exercise.py' answers the most",
    "'notebooks/00-start.ipynb' not",
)
def whole_copy_solved_in_the_exercise(folder: Path) -> Path:
    copy = course_copy(folder)
    save(copy / "course/00-start/exercise.py", python())
    return copy


@odd("'notebooks/00-start.ipynb' answers the most")
def whole_copy_solved_in_the_notebook(folder: Path) -> Path:
    copy = course_copy(folder)
    save(copy / "notebooks/00-start.ipynb", json.dumps(right()))
    return copy


@odd("'gradients/course/00-start/exercise.py' answers the most")
def whole_copy_in_an_archive(folder: Path) -> Path:
    copy = course_copy(folder)
    save(copy / "course/00-start/exercise.py", python())
    return zipped(copy)


def lived_in(copy: Path) -> Path:
    """Put into a copy of the course what grows there: packages, builds, a history."""
    for name in (".git/hooks/x.py", ".venv/lib/x.py", "node_modules/x/x.py"):
        path = copy / name
        path.parent.mkdir(parents=True)
        path.write_text(python().replace("x.mean()", "0.0"), "utf-8")
    (copy / "my env/lib").mkdir(parents=True)
    (copy / "my env/pyvenv.cfg").touch()
    for number in range(2000):
        (copy / f"my env/lib/{number}.py").touch()
    (copy / "build").mkdir()
    for number in range(3200):
        (copy / f"build/{number}.o").touch()
    (copy / "bin").mkdir()
    (copy / "bin/python").symlink_to("/usr/bin/python3")
    return copy


@odd("holds 2 files that", "exercise.py' answers the most")
def whole_copy_lived_in_one_folder_down(folder: Path) -> Path:
    copy = lived_in(course_copy(folder))
    save(copy / "course/00-start/exercise.py", python())
    (folder / "README.md").write_text("# My homework\n", "utf-8")
    return folder


@odd("holds 2 files that", "00-start.ipynb' answers the most")
def whole_copy_lived_in_and_zipped(folder: Path) -> Path:
    copy = lived_in(course_copy(folder))
    save(copy / "notebooks/00-start.ipynb", json.dumps(right()))
    return zipped(copy)


@odd("exercise.py' stands where the course has it and was graded, 'draft.py' not")
def whole_copy_with_a_later_draft(folder: Path) -> Path:
    copy = course_copy(folder)
    save(copy / "course/00-start/exercise.py", python(), SOLVED_AT - 60)
    (copy / "notebooks/00-start.ipynb").unlink()
    save(copy / "draft.py", python().replace("x.mean()", "0.0"))
    return copy


@odd("'draft.ipynb' answers the most", "exercise.py")
def whole_copy_untouched_beside_the_answer(folder: Path) -> Path:
    copy = course_copy(folder)
    save(copy / "draft.ipynb", json.dumps(right()))
    return copy


@odd("'notebooks/00-start.ipynb' was saved last and was graded")
def whole_copy_begun_in_one_place_and_solved_in_the_other(folder: Path) -> Path:
    copy = course_copy(folder)
    exercise = copy / "course/00-start/exercise.py"
    begun = exercise.read_text("utf-8") + "\n\ndef mean(x):\n    return 0.0\n"
    save(exercise, begun, SOLVED_AT - 60)
    save(copy / "notebooks/00-start.ipynb", json.dumps(right()))
    return copy


@odd("exercise.py' answers the most")
def whole_copy_with_every_lesson_under_way(folder: Path) -> Path:
    copy = course_copy(folder)
    for exercise in copy.glob("course/*/exercise.py"):
        text = exercise.read_text("utf-8") + "\n\ndef mean(x):\n    return 0.0\n"
        save(exercise, text, SOLVED_AT + 5)
    save(copy / "course/00-start/exercise.py", python())
    return copy


@odd("'notebooks/00-start.ipynb' was saved last of those that answer the most")
def whole_copy_solved_twice(folder: Path) -> Path:
    copy = course_copy(folder)
    wrong = python().replace("x.mean()", "0.0")
    save(copy / "course/00-start/exercise.py", wrong, SOLVED_AT - 60)
    save(copy / "notebooks/00-start.ipynb", json.dumps(right()))
    return copy


@odd()
def answer_among_twelve_helpers(folder: Path) -> Path:
    helpers = [(f"00-start-{n}.py", b"x = %d" % n) for n in range(12)]
    path = folder / "hw.zip"
    path.write_bytes(archive(*helpers, ("zz/solution.py", python().encode())))
    return path


@odd("21 files that could be", "'aa/zz.py' answers the most")
def answer_among_twenty_untouched_copies(folder: Path) -> Path:
    stub = lesson().exercise_path.read_text("utf-8")
    for number in range(20):
        (folder / f"{number:02}").mkdir()
        save(folder / f"{number:02}/00-start.py", f"# {number}\n{stub}")
    (folder / "aa").mkdir()
    save(folder / "aa/zz.py", python(), STUB_AT)
    return folder


@odd("30 files that could be", "'zz.py' answers the most", "and 26 more not")
def answer_among_thirty_that_give_up(folder: Path) -> Path:
    for number in range(29):
        text = f"# {number}\ndef mean(x):\n    raise NotImplementedError\n"
        save(folder / f"try{number:02}.py", text)
    save(folder / "zz.py", python())
    return folder


@odd("'hw (1).ipynb' was read as the answer")
def twice_the_same_file(folder: Path) -> Path:
    for name in ("hw.ipynb", "hw (1).ipynb"):
        save(folder / name, json.dumps(right()))
    return folder


@odd()
def what_the_exchange_collects(folder: Path) -> Path:
    write(folder, right(), "00-start.ipynb")
    (folder / "timestamp.txt").write_text("2026-11-29 03:00:00.123456 UTC", "utf-8")
    (folder / "submission_secret.txt").write_text("0123456789abcdef" * 8, "utf-8")
    return folder


@odd("'answer.zip/deep/hw.ipynb' was read as")
def archive_in_a_folder(folder: Path) -> Path:
    data = archive(("deep/hw.ipynb", json.dumps(right()).encode()))
    (folder / "answer.zip").write_bytes(data)
    return folder


@odd("2 files that could be", "'theirs.ipynb' answers the most")
def released_notebook_beside_the_answer(folder: Path) -> Path:
    save(folder / "00-start.ipynb", json.dumps(build_notebook(lesson())))
    save(folder / "theirs.ipynb", json.dumps(right()), STUB_AT)
    return folder


@odd()
def right_notebook_with_57_megabytes_of_outputs(folder: Path) -> Path:
    notebook = right()
    line = "step 0001: loss {[0.123456]}\n"
    stream = {"output_type": "stream", "name": "stdout", "text": [line] * 1000}
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 28 * 2**20}}
    cell(notebook, "mean")["outputs"] = [stream, picture, stream, picture]
    return write(folder, notebook)


@odd(problem="breaks off at line 1.")
def outputs_cut_short(folder: Path) -> Path:
    path = output = folder / "hw.ipynb"
    notebook = right()
    add(notebook, "1")
    notebook["cells"][-1]["outputs"] = [{"text": ["a\n"] * 1000}]
    output.write_text(json.dumps(notebook)[:-1000], encoding="utf-8")
    return path
