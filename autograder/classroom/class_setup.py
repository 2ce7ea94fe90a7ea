"""Makes an nbgrader course folder from the course."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from autograder.classroom.course_site import check_site
from autograder.classroom.files import write_atomically
from autograder.classroom.folder import SETTINGS, ClassFolder, open_class, save_settings
from autograder.classroom.gradebook_place import (
    GradebookPlace,
    create_gradebook,
    find_gradebook,
)
from autograder.classroom.run_lock import only_run
from autograder.student.lesson import Course, Lesson
from autograder.student.notebook.build import (
    NBGRADER_CONFIG,
    build_notebook,
    write_notebook,
)
from autograder.student.report import CourseError

_ADDRESS = re.compile(r"^c\.CourseDirectory\.db_url = .*$", re.MULTILINE)
_MARK = "# Made by `autograder class init`."
_CONFIG = f"""{_MARK} nbgrader and formgrader read it.
# Add settings of your own below the last line; init keeps this file once it is there.
c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "gradients-to-kernels"
# First our own step: the released notebook with the student's code in it, so that a
# deleted, copied or edited cell never stops a run. Then nbgrader's own steps.
c.Autograde.sanitize_preprocessors = [
    "autograder.classroom.nbgrader_plugin.RestoreNotebook",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# The sandbox judges instead of a kernel; nbgrader keeps the scores.
c.Autograde.autograde_preprocessors = [
    "autograder.classroom.nbgrader_plugin.GradeNotebook",
    "autograder.classroom.nbgrader_plugin.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# What a release puts in place of a solution: nothing, the stub is there already.
"""


def init_class(
    root: Path,
    course: Course,
    *,
    lessons: Iterable[Lesson] | None = None,
    seed: int | None = None,
    site: str | None = None,
    database: str | None = None,
    watch: Callable[[str], None] = lambda lesson: None,
) -> ClassFolder:
    """Make or refresh a class folder: sources, releases, gradebook.

    Args:
        root: The folder; new, empty, or made by this function before.
        course: An instructor's copy of the course.
        lessons: Which lessons; default: all.
        seed: The class run's seed; default: a secret one, or the one already there.
        site: Address of the course's website, for links; default: the one already
            there, or none.
        database: Address of the gradebook's database; default: the one that the
            folder's nbgrader_config.py names, or a file in the folder.
        watch: Called with each lesson's id as it is released.

    Raises:
        CourseError: the course has no solutions, the folder holds something else, or
            nbgrader refuses.
    """
    if not course.has_solutions:
        raise CourseError(f"{course.root} is a student's copy: it has no solutions/")
    if root.exists() and not (root / SETTINGS).exists() and any(root.iterdir()):
        raise CourseError(f"{root} is not empty and not a class folder")
    site = None if site is None else check_site(site)
    if database is not None:
        GradebookPlace(root, database).check()
    if (root / SETTINGS).exists():
        before = open_class(root)
        seed = before.seed if seed is None else seed
        site = before.site if site is None else site
    root.mkdir(parents=True, exist_ok=True)
    seed = secrets.randbelow(2**31) if seed is None else seed
    with only_run(root):
        save_settings(root, course.root.resolve(), seed, site or "")
        _configure(root, database)
        _fill(root, course.lessons if lessons is None else lessons, watch)
    return open_class(root)


def _configure(root: Path, database: str | None) -> None:
    """Write nbgrader's configuration where there is none; put an address into it."""
    config = root / "nbgrader_config.py"
    if config.exists():
        text = config.read_text(encoding="utf-8")
    else:
        text = _CONFIG + "".join(
            f"c.{section}.{key} = {value!r}\n"
            for section, values in NBGRADER_CONFIG.items()
            for key, value in values.items()
        )
        write_atomically(config, text)
    if database is None:
        return
    create_gradebook(GradebookPlace(root.resolve(), database))
    line = f"c.CourseDirectory.db_url = {database!r}"
    text, found = _ADDRESS.subn(lambda _: line, text)
    # The address may hold a password.
    write_atomically(config, text if found else f"{text}{line}\n", mode=0o600)


def _fill(root: Path, lessons: Iterable[Lesson], watch: Callable[[str], None]) -> None:
    """Write gradebook and releases."""
    from autograder.classroom import gradebook

    (root / "submitted").mkdir(exist_ok=True)
    create_gradebook(find_gradebook(root))
    site = open_class(root).site
    for lesson in lessons:
        watch(lesson.id)
        source = root / "source" / lesson.id / f"{lesson.id}.ipynb"
        chapter = f"{site.rstrip('/')}/{lesson.id}/" if site else ""
        notebook = build_notebook(lesson, with_reference=True, chapter=chapter)
        write_notebook(notebook, source)
        gradebook.release(root.resolve(), lesson.id)
