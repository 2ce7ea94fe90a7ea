"""The command that writes the students' copy of the course."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import AsJson


def release(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that is new or empty.")
    ],
    as_json: AsJson = False,
) -> None:
    """Write the students' copy of the course: nothing of solutions/."""
    from autograder.student.lesson import find_course
    from autograder.student.report import CourseError

    course = find_course()
    if not course.has_solutions:
        raise CourseError(f"{course.root} is a students' copy already")
    from autograder.commands.students_copy import write_copy

    written = write_copy(course, directory)
    if as_json:
        print(json.dumps({"directory": str(directory), "files": written}, indent=2))
    else:
        print(f"Wrote {len(written)} files to {directory}, none from solutions/.")
