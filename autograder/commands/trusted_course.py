"""Which course an instructor grades with: never one that was handed in."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from autograder.student.lesson import COURSE_ENV, Course, find_course
from autograder.student.report import CourseError


def trusted_course(submissions: Sequence[Path] = ()) -> Course:
    """Return the course whose hidden tests may run on this machine.

    It is the one that the variable names; else the copy that this command belongs to;
    else the one in which the instructor stands, unless the submissions lie in it or it
    among them: a hand-in may hold a ``course`` and a ``solutions`` folder.

    Raises:
        CourseError: there is none, or it may be a student's.
    """
    if os.environ.get(COURSE_ENV):
        return find_course()
    own = Course(Path(__file__).resolve().parents[2])
    if own.ids and own.has_solutions:
        return own
    found = find_course()
    root = found.root.resolve()
    for path in (path.resolve() for path in submissions):
        if path.is_relative_to(root) or root.is_relative_to(path):
            raise CourseError(
                f"the course in {root} may be part of a submission: set {COURSE_ENV} to"
                " the course to grade with"
            )
    return found
