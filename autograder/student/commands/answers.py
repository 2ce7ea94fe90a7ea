"""Which of a lesson's files holds a student's answer: the notebook, or exercise.py."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import attempted, read_submission
from autograder.student.notebook.submission import Submission
from autograder.student.notebook.written import written_answer
from autograder.student.report import CourseError, gettext


@dataclass(frozen=True)
class Answer:
    """The file that is read, and those that hold work as well."""

    path: Path
    others: tuple[Path, ...] = ()

    @property
    def warning(self) -> str | None:
        """What to tell where work stands in more than one file."""
        if not self.others:
            return None
        names = ", ".join(map(str, self.others))
        text = gettext(
            "{others} holds work too and was not read; --notebook or --file PATH"
            " chooses"
        )
        return text.format(others=names)


@dataclass(frozen=True)
class _Form:
    """One file that may hold the answer."""

    path: Path
    is_notebook: bool
    work: int  # tasks tried, and the answer in words
    saved: int  # seconds; finer times differ in a copy, by the order of copying


def answer_of(
    lesson: Lesson, file: Path | None = None, *, notebook: bool = False
) -> Answer:
    """Choose the file that holds a student's answer.

    Of those that hold work it is the one saved last. Untouched files are as good as
    each other, whenever they were saved: of them it is exercise.py.

    Args:
        lesson: Whose answer it is.
        file: What the student asks for, if anything.
        notebook: Whether the student asks for the notebook.

    Raises:
        CourseError: there is no such file, or the student asks for two.
    """
    if file is not None and notebook:
        raise CourseError("--notebook and --file choose two files: give one of them")
    if file is not None:
        return Answer(file)
    forms = [form for form in _forms(lesson) if form.is_notebook or not notebook]
    if not forms:
        raise CourseError(_nothing(lesson, notebook))
    worked = [form for form in forms if form.work]
    if not worked:
        return Answer(min(forms, key=lambda form: form.is_notebook).path)
    best = max(worked, key=lambda form: (form.saved, form.work, not form.is_notebook))
    return Answer(best.path, tuple(form.path for form in worked if form is not best))


def choosing(lesson: Lesson, path: Path) -> str:
    """Return the option with which a command reads a file; "" if it does anyway."""
    path = path.absolute()
    with contextlib.suppress(CourseError):
        if answer_of(lesson).path.absolute() == path:
            return ""
    if path == lesson.notebook_path.absolute():
        return " --notebook"
    return f" --file {shlex.quote(str(shown(path)))}"


def work_in(path: Path, lesson: Lesson) -> int:
    """Count the tasks that a file tries, and its answer in words."""
    read = read_submission(path, lesson)
    words = written_answer(read, lesson) is not None
    return sum(attempted(read, lesson).values()) + words


def read_answer(path: Path, lesson: Lesson) -> Submission:
    """Read the file that holds a student's answer.

    Raises:
        CourseError: nothing of it can be read.
    """
    submission = read_submission(path, lesson)
    if submission.problem is not None:
        raise CourseError(f"{path}: {submission.problem}{_kept_stub(lesson, path)}")
    return submission


def _kept_stub(lesson: Lesson, path: Path) -> str:
    """Tell, of a damaged exercise.py, where the exercise as handed out is kept."""
    is_kept = lesson.stub_path != lesson.exercise_path
    if not is_kept or path.absolute() != lesson.exercise_path:
        return ""
    text = gettext(" The exercise as handed out is {stub}: copy it to begin again.")
    return text.format(stub=shown(lesson.stub_path))


def shown(path: Path) -> Path:
    """Return a path as a message names it: from here, if it is below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _forms(lesson: Lesson) -> Iterator[_Form]:
    here, root = Path.cwd(), lesson.root
    places = (here, lesson.course_dir, lesson.notebook_path.parent, root)
    paths = [folder / f"{lesson.id}.ipynb" for folder in places]
    paths += [here / f"{lesson.id}.py", lesson.exercise_path]
    for path in dict.fromkeys(paths):
        if path.is_file():
            work, saved = work_in(path, lesson), int(path.stat().st_mtime)
            yield _Form(shown(path), path.suffix == ".ipynb", work, saved)


def _nothing(lesson: Lesson, notebook: bool) -> str:
    if notebook:
        text = gettext("there is no {notebook}: make it with: autograder notebooks")
        return text.format(notebook=shown(lesson.notebook_path))
    text = gettext("{exercise} is missing, and so is {notebook}.{stub}")
    return text.format(
        exercise=shown(lesson.exercise_path),
        notebook=shown(lesson.notebook_path),
        stub=_kept_stub(lesson, lesson.exercise_path),
    )
