"""The command that writes the students' copy of the course."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.options import AsJson, Site

if TYPE_CHECKING:
    from rich.progress import Progress

    from autograder.release.refresh import Refreshed


def release(
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A new folder, a new repository, or an older release."
        ),
    ],
    lesson: Annotated[
        list[str] | None,
        typer.Option(
            "--lesson",
            "-l",
            help="Release this one and those released before; may be repeated."
            " Default: all.",
        ),
    ] = None,
    site: Site = None,
    as_json: AsJson = False,
) -> None:
    """Write the students' copy of the course: nothing of solutions/.

    An older release is brought up to date in place. Files that somebody changed there
    stay as they are; the new ones are put beside them.
    """
    from autograder.student.lesson import find_course
    from autograder.student.report import CourseError

    course = find_course()
    if not course.has_solutions:
        raise CourseError(f"{course.root} is a students' copy already")
    from autograder.commands.students_copy import write_copy

    with _Asked() as asked:
        done = write_copy(
            course, directory, lessons=lesson or (), site=site, watch=asked.watch
        )
    if as_json:
        print(json.dumps({"directory": str(directory)} | asdict(done), indent=2))
    else:
        _tell(done, directory)


def _tell(done: Refreshed, directory: Path) -> None:
    print(
        f"{directory} holds {len(done.files)} files for {', '.join(done.lessons)};"
        f" none is from solutions/. Written: {len(done.written)},"
        f" removed: {len(done.removed)}."
    )
    for name in done.beside:
        print(f"{name} was changed there and stays; the new one is {name}.new")
    for name in done.kept:
        print(f"{name} is no longer released; it was changed there and stays")


class _Asked:
    """Shows how far the known mistakes are, which take minutes the first time."""

    def __init__(self) -> None:
        self._lesson = ""
        self._bar: Progress | None = None

    def __enter__(self) -> _Asked:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def watch(self, lesson: str, done: int, total: int) -> None:
        """Take note of how many mistakes of a lesson have answered."""
        from rich.console import Console
        from rich.progress import Progress

        if lesson != self._lesson:
            self.__exit__()
            told = f"{lesson}: {total} known mistakes answer the public tests, once"
            print(told, file=sys.stderr, flush=True)
            self._lesson = lesson
            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(lesson, total=total)
            self._bar.start()
        if self._bar is not None:
            self._bar.update(self._task, completed=done)
