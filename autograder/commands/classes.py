"""The commands of a class in an nbgrader course folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.options import (
    AsJson,
    Folder,
    Fresh,
    OneLesson,
    Scheduler,
    Seed,
    Site,
    Workers,
)
from autograder.student.report import CourseError

if TYPE_CHECKING:
    from autograder.classroom.class_pages import ClassPages
    from autograder.classroom.folder import ClassFolder
    from autograder.classroom.records import Record
    from autograder.student.lesson import Lesson


def class_init(
    folder: Folder,
    lesson: Annotated[
        list[str] | None,
        typer.Option(
            "--lesson", "-l", help="Number or name; may be repeated; default: all."
        ),
    ] = None,
    seed: Seed = None,
    site: Site = None,
    database: Annotated[
        str | None,
        typer.Option(
            "--db",
            metavar="URL",
            help="Where the gradebook is; default: gradebook.db in the folder.",
        ),
    ] = None,
) -> None:
    """Make an nbgrader course folder from the course, or refresh one."""
    from autograder.classroom.class_setup import init_class
    from autograder.commands.trusted_course import trusted_course

    course = trusted_course()
    made = init_class(
        folder,
        course,
        lessons=[course.lesson(name) for name in lesson] if lesson else None,
        seed=seed,
        site=site,
        database=database,
        watch=lambda name: print(f"releasing {name}", file=sys.stderr, flush=True),
    )
    count = len(made.lessons())
    print(f"{made.root}: {count} lesson{'s'[: count != 1]} released")
    print(f"Gradebook: {made.gradebook}")


def class_grade(
    folder: Folder,
    lesson: OneLesson = None,
    student: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="This student alone; may be repeated."),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="Grade this task again; all other tasks stay as they are."),
    ] = None,
    seed: Seed = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Grade submitted/ into nbgrader's gradebook and write the pages.

    What is as the last run left it is not graded again, unless --fresh or --task ask.
    """
    from autograder.classroom.class_pages import write_class_pages
    from autograder.classroom.folder import open_class
    from autograder.classroom.run_lock import only_run
    from autograder.commands.tables import exit_code, show_records

    opened = open_class(folder)
    _ = opened.roster  # a mistake in the class list is told before anything is graded
    options = _Run(seed, workers, scheduler, fresh, task)
    chosen = _lessons(opened, lesson)
    if task is not None:
        if lesson is None:
            raise CourseError("--task needs the lesson: --lesson LESSON")
        chosen[0].task(task)  # there must be one
    with only_run(opened.root):
        records = _grade_lessons(opened, chosen, student or [], options)
        records.sort(key=lambda record: (record.student, record.lesson))
        show_records(records, as_json=as_json)
        if records:
            pages = write_class_pages(opened)
            if not as_json:
                _print_paths(pages)
    raise typer.Exit(exit_code(records))


@dataclass(frozen=True)
class _Run:
    """The options that say how a class is graded."""

    seed: int | None
    workers: int | None
    scheduler: str | None
    fresh: bool
    task: str | None


def _grade_lessons(
    opened: ClassFolder, lessons: Sequence[Lesson], students: Sequence[str], run: _Run
) -> list[Record]:
    from autograder.classroom.class_run import grade_class
    from autograder.commands.progress import RunProgress
    from autograder.commands.tables import line_of

    submitted = opened.submitted()
    for name in submitted.strays:
        print(f"submitted/{name!r} is no student's folder: left out", file=sys.stderr)
    for name in sorted(set(opened.course.ids) - set(opened.lessons())):
        if count := len(submitted.of(opened.course.lesson(name), students)):
            print(
                f"{name}: {count} handed in, but it is not released here: left out;"
                f" autograder class init {opened.root} --lesson {name}",
                file=sys.stderr,
            )
    todo = {one.id: submitted.of(one, students) for one in lessons}
    found = {hand_in.student for hand_ins in todo.values() for hand_in in hand_ins}
    for name in students:
        if name not in found:
            of = lessons[0].id if len(lessons) == 1 else "any lesson"
            raise CourseError(f"submitted/ holds nothing of {name!r} for {of}")
    records: list[Record] = []
    for chosen in lessons:
        hand_ins = todo[chosen.id]
        if not hand_ins:
            continue
        with RunProgress(chosen.id, len(hand_ins)) as progress:
            for record in grade_class(
                opened,
                chosen,
                hand_ins,
                task=run.task,
                seed=run.seed,
                workers=run.workers,
                scheduler=run.scheduler,
                fresh=run.fresh,
                watch=progress.watch,
            ):
                records.append(record)
                progress.step(line_of(record))
    left_out = found - {record.student for record in records}
    for name in sorted(left_out):
        told = "what was handed in is gone, and is left out"
        if run.task is not None:
            told = "handed in since the last run, and is left out: grade without --task"
        print(f"{name}: {told}", file=sys.stderr)
    return records


def class_report(
    folder: Folder,
    lesson: OneLesson = None,
    as_json: AsJson = False,
) -> None:
    """Print the class's numbers; write the pages of what was graded before."""
    from autograder.classroom.class_pages import write_class_pages
    from autograder.classroom.folder import open_class

    opened = open_class(folder)
    wanted = {chosen.id for chosen in _lessons(opened, lesson)}
    pages = write_class_pages(opened)
    reports = [one for one in pages.lessons if one.lesson.id in wanted]
    if as_json:
        print(json.dumps([one.as_dict() for one in reports], indent=2))
        return
    from autograder.commands.tables import show_reports

    show_reports(reports)
    _print_paths(pages)


def class_similar(
    folder: Folder,
    lesson: OneLesson = None,
    threshold: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="Share in common to report.")
    ] = 0.6,
    out: Annotated[
        Path | None, typer.Option(help="Write similar.html there, not to pages/.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List submissions too alike: for a person to look at, never a verdict."""
    from autograder.classroom.class_similarity import compare_class, write_similar_page
    from autograder.classroom.folder import open_class

    opened = open_class(folder)
    found = compare_class(opened, _lessons(opened, lesson), threshold)
    page = write_similar_page(opened, found, out)
    if as_json:
        print(json.dumps([one.as_dict() for one in found], indent=2))
        return
    from autograder.commands.tables import show_groups

    show_groups(found)
    print(f"Side by side: {page}")


def _print_paths(pages: ClassPages) -> None:
    print(f"Class report: {pages.report}")
    print(f"Students' pages: {pages.index}")


def _lessons(folder: ClassFolder, name: str | None) -> list[Lesson]:
    if name is not None:
        return [folder.course.lesson(name)]
    return [folder.course.lesson(found) for found in folder.lessons()]
