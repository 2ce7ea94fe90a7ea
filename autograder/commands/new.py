"""The command that begins a lesson."""

from __future__ import annotations

from typing import Annotated

import typer


def new(
    lesson: Annotated[
        str, typer.Argument(metavar="NN-NAME", help="Such as 02-quadratic-forms.")
    ],
    title: Annotated[
        str | None,
        typer.Option(help="Default: as planned on the home page, or the name's words."),
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(help="Default: as planned, or that of the lesson before."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(help="Its function. Default: the lesson's name.")
    ] = None,
) -> None:
    """Begin a lesson: both folders from a template that passes the audit.

    It also gets its line in the website's menu, and leaves the home page's plan.
    """
    from autograder.new_lesson.make import EDITED, check_copy, planned_files, write
    from autograder.new_lesson.names import names_of
    from autograder.student.lesson import find_course

    course = find_course()
    check_copy(course)
    names = names_of(course, lesson, title, part, task)
    files = planned_files(course, names)
    write(course, files)
    print(f"Made {names.lesson}, {names.title!r}, in {names.part}, with one task:")
    for name in files:
        print(f"  {'edited' if name in EDITED else 'new   '}  {name}")
    where = f"course/{names.lesson} solutions/{names.lesson}"
    print(
        f"Next: autograder audit {names.lesson[:2]} finds no problem. Keep it so with"
        " each step.\n"
        f"Replace the example, file by file; grep -rn 'Template:' {where} finds what"
        " each place is for.\n"
        "Tick off the checklist in CONTRIBUTING.md, 'Adding a lesson'."
    )
