"""What a judge does once, in its own process, for a lesson that needs more packages."""

from __future__ import annotations

import sys

from autograder.student.lesson import Lesson


def prepare(lesson: Lesson) -> None:
    """Import what a lesson needs, before the first submission comes.

    One thread is enough for torch: those that it starts do not survive a fork, whose
    next large product would then wait for ever, and one adds alike on all machines.

    Raises:
        CourseError: a package is not installed.
    """
    lesson.import_needs()
    if "torch" in lesson.needs:
        sys.modules["torch"].set_num_threads(1)
