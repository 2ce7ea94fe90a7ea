"""Commands for students: look round, check, hand in."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from autograder.student.checking import CheckResult
    from autograder.student.commands.answers import Answer
    from autograder.student.commands.probes import Probe
    from autograder.student.lesson import Lesson
    from autograder.student.notebook.submission import Submission

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LessonName = Annotated[
    str, typer.Argument(metavar="LESSON", help="Number or name, such as 01.")
]
TaskName = Annotated[
    str | None, typer.Argument(metavar="[TASK]", help="One task; default: all.")
]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        "-f",
        help="Notebook or Python file; default: the lesson's that holds work.",
    ),
]
Notebook = Annotated[
    bool, typer.Option("--notebook", "-n", help="Read the lesson's notebook.")
]


def doctor(as_json: AsJson = False) -> None:
    """Tell what this machine can do, and how to add what is missing."""
    from autograder.student.commands.probes import student_probes

    print_probes(list(student_probes()), as_json=as_json)


def print_probes(probes: Sequence[Probe], *, as_json: bool) -> None:
    """Print one line a probe."""
    if as_json:
        print(json.dumps([probe.as_dict() for probe in probes], indent=2))
        return
    width = max(len(probe.name) for probe in probes)
    for probe in probes:
        print(
            f"{probe.name:{width}}  {'yes' if probe.found else 'no ':3}  {probe.text}"
        )


def list_lessons(as_json: AsJson = False) -> None:
    """List the lessons with their tasks and points."""
    from autograder.student.commands.show import print_lessons
    from autograder.student.lesson import find_course

    lessons = find_course().lessons
    if as_json:
        print(json.dumps([_as_dict(lesson) for lesson in lessons], indent=2))
    else:
        print_lessons(lessons)


def _as_dict(lesson: Lesson) -> dict[str, object]:
    written = lesson.written
    return {
        "id": lesson.id,
        "title": lesson.title,
        "part": lesson.part,
        "reading_minutes": lesson.reading,
        "solving_minutes": lesson.solving,
        "needs": list(lesson.needs),
        "tasks": [{"name": t.name, "points": t.points} for t in lesson.tasks],
        "written": written and {"name": written.name, "points": written.points},
        "points": sum(t.points for t in lesson.tasks)
        + (written.points if written else 0),
    }


def check(
    lesson: LessonName,
    task: TaskName = None,
    file: FileOption = None,
    notebook: Notebook = False,
    repro: Annotated[
        str | None,
        typer.Option(
            "--repro",
            metavar="TASK",
            help="Print a task's smallest failing case as Python to paste and run.",
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option(
            "--html",
            metavar="FILE",
            help="Write the results as a page too, with maps of where arrays differ.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the public tests on your answer, here and without a sandbox."""
    from autograder.student.commands.answers import answer_of, read_answer
    from autograder.student.commands.ending import interrupted, interruptible, leave
    from autograder.student.commands.show import as_dict, print_check, write_page
    from autograder.student.lesson import find_course

    found = find_course().lesson(lesson)
    for name in filter(None, (task, repro)):
        found.task(name)
    answer = answer_of(found, file, notebook=notebook)
    submission = read_answer(answer.path, found)
    if not as_json and repro is None:
        _announce("Checking", answer)
    try:
        with interruptible():
            if repro is not None:
                leave(0 if _repro(found, submission, answer.path, repro) else 1)
            result = _check(found, submission, task)
    except KeyboardInterrupt:
        interrupted()
    if as_json:
        others = {"not_read": [str(path) for path in answer.others]}
        print(json.dumps(as_dict(result, answer.path) | others, indent=2))
    else:
        print_check(result, answer.path)
        if result.passed and task is None:
            _remind(found, submission, answer.path)
    if page is not None:
        write_page(result, answer.path, page)
    leave(0 if result.passed else 1)


def watch(
    lesson: LessonName,
    task: TaskName = None,
    file: FileOption = None,
    notebook: Notebook = False,
) -> None:
    """Check again at each save, until you press Ctrl+C."""
    from autograder.student.commands.answers import answer_of, read_answer
    from autograder.student.commands.ending import interruptible, leave
    from autograder.student.commands.show import print_check
    from autograder.student.lesson import find_course
    from autograder.student.report import CourseError

    found = find_course().lesson(lesson)
    if task is not None:
        found.task(task)
    answer = answer_of(found, file, notebook=notebook)
    path = answer.path
    if not path.is_file():
        raise CourseError(f"{path} is not a file")
    _announce("Watching", answer)
    print("Ctrl+C ends it.", flush=True)
    with contextlib.suppress(KeyboardInterrupt), interruptible():
        for number in _saves(path):
            if number:
                print(f"\nSaved, check {number + 1}:", flush=True)
            try:
                print_check(_check(found, read_answer(path, found), task), path)
            except CourseError as error:  # half-written: the next save may be whole
                print(error, flush=True)
    print()
    leave(0)


def submit(
    lesson: LessonName,
    file: FileOption = None,
    notebook: Notebook = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="Where the archive goes; default: nbgrader's exchange, else here.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make sure that your work can be read, pack it, and hand it in."""
    from autograder.student.commands.answers import answer_of
    from autograder.student.commands.handing_in import hand_in
    from autograder.student.lesson import find_course

    found = find_course().lesson(lesson)
    receipt = hand_in(found, answer_of(found, file, notebook=notebook), to)
    print(json.dumps(receipt.as_dict(), indent=2) if as_json else receipt)


def notebooks(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Where they go; default: the course's place."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the notebook of every lesson; one that holds work stays as it is."""
    from autograder.student.commands.answers import shown, work_in
    from autograder.student.lesson import find_course
    from autograder.student.notebook.build import (
        build_notebook,
        chapter_beside,
        write_notebook,
    )

    paths = []
    for lesson in find_course().lessons:
        path = shown(lesson.notebook_path)
        path = path if out is None else out / path.name
        holds_work = path.exists() and work_in(path, lesson) > 0
        if not holds_work:
            chapter = chapter_beside(lesson) if out is None else ""
            write_notebook(build_notebook(lesson, chapter=chapter), path)
        paths.append(path)
        if not as_json:
            print(f"{path} holds work and stays as it is" if holds_work else path)
    if as_json:
        print(json.dumps([str(path) for path in paths], indent=2))


def _announce(doing: str, answer: Answer) -> None:
    """Name the file that is read, and those that are not."""
    print(f"{doing} {answer.path}", flush=True)
    if answer.warning:
        print(f"Warning: {answer.warning}", flush=True)


def _check(lesson: Lesson, submission: Submission, task: str | None) -> CheckResult:
    from autograder.student.checking import check_submission
    from autograder.student.commands.ending import stuck

    return check_submission(lesson, submission, task, stuck)


def _repro(lesson: Lesson, submission: Submission, path: Path, task: str) -> bool:
    from autograder.student.commands.repro import print_case
    from autograder.student.report import Verdict

    verdict = print_case(lesson, submission, path, task)
    return verdict is Verdict.PASSED


def _remind(lesson: Lesson, submission: Submission, path: Path) -> None:
    """Name the question in words, where that is all that is left."""
    from autograder.student.notebook.written import written_answer

    written = lesson.written
    if written is not None and written_answer(submission, lesson) is None:
        points = f"{written.points:g} points"
        print(f"The question in words, {points}, has no answer yet: the end of {path}.")


def _saves(path: Path, pause_s: float = 0.3) -> Iterator[int]:
    """Yield 0, 1, 2, ... at once and then each time that the file is saved."""
    import time

    number, seen = 0, None
    while True:
        try:
            status = path.stat()
            now: tuple[int, int] | None = (status.st_mtime_ns, status.st_size)
        except OSError:  # editors replace a file by moving another over it
            now = None
        if now is not None and now != seen:
            seen = now
            yield number
            number += 1
        time.sleep(pause_s)
