"""The way of a student with nothing but a release: set up, solve, check, hand in.

The release lies in a folder whose name holds blanks and letters of three scripts, in
an environment that holds what its README installs. What is handed in is graded here, as
an instructor would.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from students_kit import (
    COURSE,
    LESSONS,
    WORDS,
    WRONG_LESSON,
    Student,
    grade,
    set_up,
    solve_notebook,
    solve_python,
)

from autograder.classroom.gradebook import ClassGradebook
from autograder.classroom.gradebook_place import find_gradebook
from autograder.student.lesson import Lesson

pytestmark = [pytest.mark.registry, pytest.mark.jail]
START = COURSE.lesson("00-start")


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Student:
    """The release as it was unpacked and set up; no test writes into it."""
    return set_up(tmp_path_factory.mktemp("release") / "Kurs 2026, Übungen 課程")


@pytest.fixture
def student(release: Student, tmp_path: Path) -> Student:
    """A copy of the untouched release, as cp -r or a drive makes it."""
    return release.copied(tmp_path / "meine Übungen 課程")


def told(student: Student, *words: str, code: int = 0) -> str:
    """Run the command; return what it says on the way to an exit code."""
    done = student.run("autograder", *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def full_marks(lesson: Lesson) -> dict[str, float]:
    return {task.name: task.points for task in lesson.tasks}


def hand_in(student: Student, lesson: Lesson, to: Path, *words: str) -> Path:
    """Submit, and return the archive under a name of its own."""
    place = student.root / "handed in"  # of this copy: two forms hand in at once
    text = told(student, "submit", lesson.id, "--to", str(place), "--json", *words)
    receipt = json.loads(text)
    written = [lesson.written.name] if lesson.written else []
    assert receipt["attempted"] == [*full_marks(lesson), *written]
    assert receipt["not_attempted"] == []
    to.parent.mkdir(exist_ok=True)
    return Path(receipt["place"]).rename(to)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_both_forms_from_untouched_to_full_marks(
    release: Student, tmp_path: Path, lesson: Lesson
) -> None:
    def as_python() -> Path:
        student = release.copied(tmp_path / "python")
        exercise = student.exercise(lesson)
        text = told(student, "check", lesson.id, code=1)
        assert text.startswith(f"Checking course/{lesson.id}/exercise.py\n")
        assert text.count("not attempted yet") == len(lesson.tasks)
        text = told(student, "submit", lesson.id, code=2)
        assert "no task is attempted yet, so there is nothing to hand in" in text
        solve_python(exercise, lesson)
        text = told(student, "check", lesson.id)
        assert text.count(" passed\n") == len(lesson.tasks)
        assert f"autograder submit {lesson.id}" in text
        return hand_in(student, lesson, tmp_path / "in" / "python.zip")

    def as_notebook() -> Path:
        student = release.copied(tmp_path / "notebook")
        solve_notebook(student.notebook(lesson), lesson)
        assert student.execute(lesson) == full_marks(lesson)
        return hand_in(student, lesson, tmp_path / "in" / "notebook.zip")

    (tmp_path / "in").mkdir()
    with ThreadPoolExecutor() as both:
        forms = [both.submit(as_python), both.submit(as_notebook)]
        handed = [form.result() for form in forms]
    assert grade(lesson, *handed) == [full_marks(lesson)] * 2


def test_untouched_notebook_runs_to_its_end(student: Student) -> None:
    assert student.execute(START) == dict.fromkeys(full_marks(START), 0.0)
    assert "Checking course/00-start/exercise.py" in told(student, "check", "0", code=1)
    text = told(student, "check", "0", "--notebook", code=1)
    assert text.startswith("Checking notebooks/00-start.ipynb\n")


def test_half_solved_work_is_handed_in(student: Student, tmp_path: Path) -> None:
    solve_python(student.exercise(START), START, tasks=1)
    text = told(student, "check", "00", code=1)
    assert "2 of 2  passed" in text
    assert text.count("not attempted yet") == 2
    assert "Next: normalise in course/00-start/exercise.py" in text
    text = told(student, "submit", "00", "--to", str(tmp_path))
    assert "not attempted: normalise, halvings, explain_time_limit" in text
    assert grade(START, tmp_path / "00-start.zip") == [
        {"mean": 2.0, "normalise": 0.0, "halvings": 0.0}
    ]


def test_names_the_question_in_words_where_only_that_is_left(
    student: Student,
) -> None:
    exercise = student.exercise(START)
    solve_python(exercise, START)
    text = exercise.read_text("utf-8")
    exercise.write_text(text.replace(WORDS, "YOUR ANSWER HERE"), "utf-8")
    left = "The question in words, 2 points, has no answer yet: the end of course/00"
    assert left in told(student, "check", "00")
    assert "not attempted: explain_time_limit" in told(student, "submit", "00")
    exercise.write_text(text, "utf-8")
    assert "question in words" not in told(student, "check", "00")


def test_work_in_both_forms_is_told(student: Student) -> None:
    exercise, notebook = student.exercise(START), student.notebook(START)
    solve_python(exercise, START, tasks=1)
    solve_notebook(notebook, START)
    os.utime(exercise, (1_700_000_500, 1_700_000_500))
    os.utime(notebook, (1_700_000_400, 1_700_000_400))
    text = told(student, "check", "00", code=1)
    assert text.startswith("Checking course/00-start/exercise.py\n")
    assert "notebooks/00-start.ipynb holds work too and was not read" in text
    text = told(student, "submit", "00")
    assert "file     course/00-start/exercise.py" in text
    assert "notebooks/00-start.ipynb holds work too and was not read" in text
    assert "holds work too" not in told(student, "check", "00", "--notebook")
    text = told(student, "check", "00", "--file", "notebooks/00-start.ipynb")
    assert text.startswith("Checking notebooks/00-start.ipynb\n")


def test_in_a_copy_the_form_with_work_is_read(
    release: Student, student: Student, tmp_path: Path
) -> None:
    solve_python(student.exercise(START), START)
    copy = student.copied(tmp_path / "copy")
    os.utime(copy.notebook(START))
    assert "Checking course/00-start/exercise.py" in told(copy, "check", "00")
    shutil.copy(release.exercise(START), copy.exercise(START))
    solve_notebook(copy.notebook(START), START)
    os.utime(copy.notebook(START), (0, 0))
    assert "Checking notebooks/00-start.ipynb" in told(copy, "check", "00")


def class_command(*words: str) -> None:
    """Run a command of the instructor's."""
    command = [sys.executable, "-m", "autograder", "class", *words]
    done = subprocess.run(command, cwd=COURSE.root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _broken(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, "utf-8")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": Path.unlink,
    "renamed": lambda path: path.rename(path.with_name("old.py")),
    "empty": _broken(""),
    "binary": lambda path: path.write_bytes(b"\x89PNG\0\xff" * 100),
    "not Python": _broken("def mean(x:\n    <<<<<<< mine\n"),
    "of another lesson": _broken(WRONG_LESSON),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_whatever_became_of_the_exercise_the_notebook_counts(
    student: Student, damage: Callable[[Path], object]
) -> None:
    lesson = COURSE.lesson("01-gradients")  # its stub binds more than its tasks
    solve_notebook(student.notebook(lesson), lesson)
    damage(student.exercise(lesson))
    text = told(student, "check", "01", "--notebook")
    assert text.count(" passed\n") == len(lesson.tasks)
    text = told(student, "submit", "01", "--notebook")
    assert "answered partial, gradient, directional, steepest, Dual" in text
    assert "not attempted" not in text


def test_notebook_runs_beside_a_damaged_exercise(student: Student) -> None:
    solve_notebook(student.notebook(START), START)
    DAMAGES["binary"](student.exercise(START))
    assert student.execute(START) == full_marks(START)


@pytest.mark.parametrize("damage", ["deleted", "binary"])
def test_says_where_to_find_a_lost_exercise(student: Student, damage: str) -> None:
    DAMAGES[damage](student.exercise(START))
    student.notebook(START).unlink()
    text = told(student, "check", "00", code=2)
    assert "The exercise as handed out is autograder/stubs/00-start.py" in text
    assert text.count("\n") == 1
    told(student, "notebooks")
    assert "Checking notebooks/00" in told(student, "check", "00", "-n", code=1)


def test_what_is_missing_is_installed_as_the_readme_says(student: Student) -> None:
    text = told(student, "doctor")
    assert "for lessons 10, 11: python3 set_up.py torch\n" in text
    assert "set_up.py torch" in (student.root / "README.md").read_text("utf-8")


def test_making_notebooks_again_keeps_work(student: Student) -> None:
    solve_notebook(student.notebook(START), START)
    before = student.notebook(START).read_bytes()
    text = told(student, "notebooks")
    assert "notebooks/00-start.ipynb holds work and stays as it is" in text
    assert student.notebook(START).read_bytes() == before


def test_words_in_a_python_file_reach_the_gradebook(
    student: Student, tmp_path: Path
) -> None:
    solve_python(student.exercise(START), START)
    folder = tmp_path / "class"
    class_command("init", str(folder), "--lesson", START.id)
    handed = folder / "submitted" / "ada" / START.id
    handed.mkdir(parents=True)
    hand_in(student, START, handed / "00-start.zip")
    class_command("grade", str(folder))
    with ClassGradebook(find_gradebook(folder)) as book:
        (total,) = book.standings(COURSE)
    assert (total.points, total.needs_manual_grade) == (10.0, True)
    graded = folder / "autograded" / "ada" / START.id / f"{START.id}.ipynb"
    cells = json.loads(graded.read_text("utf-8"))["cells"]
    assert WORDS in ["".join(cell["source"]) for cell in cells]
