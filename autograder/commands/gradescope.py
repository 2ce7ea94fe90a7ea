"""The command that builds a lesson's autograder for Gradescope."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import Seed


def gradescope(
    lesson: Annotated[str, typer.Argument(help="Number or name.")],
    out: Annotated[Path, typer.Option(help="The archive to write.")] = Path(
        "autograder.zip"
    ),
    seed: Seed = None,
) -> None:
    """Build the autograder.zip with which Gradescope grades a lesson.

    It holds the lesson's hidden tests and reference: upload it, and publish it nowhere.
    Without --seed the numbers of the hidden tests are new ones.
    """
    from autograder.classroom.gradescope_zip import gradescope_zip
    from autograder.commands.trusted_course import trusted_course
    from autograder.student.report import CourseError

    if out.is_dir():
        raise CourseError(f"{out} is a folder: name the archive to write")
    course = trusted_course()
    chosen = course.lesson(lesson)
    chosen_seed = secrets.randbelow(2**31) if seed is None else seed
    content = gradescope_zip(course, chosen, chosen_seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(content)
    size = f"{len(content) / 2**20:.1f} MB"
    print(f"{out}: {chosen.id}, {size}, seed {chosen_seed}")
