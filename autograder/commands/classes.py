"""The commands of a class in an nbgrader course folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
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

if TYPE_CHECKING:
    from autograder.classroom.class_pages import ClassPages
    from autograder.classroom.folder import ClassFolder
    from autograder.classroom.records import Record
    from autograder.student.lesson import Lesson


def class_init(
    folder: Folder,
    lesson: OneLesson = None,
    seed: Seed = None,
    site: Site = None,
) -> None:
    """Make an nbgrader course folder from the course, or refresh one."""
    from autograder.classroom.class_setup import init_class
    from autograder.commands.trusted_course import trusted_course

    course = trusted_course()
    made = init_class(
        folder,
        course,
        lessons=None if lesson is None else [course.lesson(lesson)],
        seed=seed,
        site=site,
        watch=lambda name: print(f"releasing {name}", file=sys.stderr, flush=True),
    )
    print(f"{made.root}: {len(made.lessons())} lessons released; gradebook.db is ready")


def class_grade(
    folder: Folder,
    lesson: OneLesson = None,
    seed: Seed = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Grade submitted/ into nbgrader's gradebook and write the pages."""
    from autograder.classroom.class_pages import write_class_pages
    from autograder.classroom.folder import open_class
    from autograder.classroom.run_lock import only_run
    from autograder.commands.tables import exit_code, show_records

    opened = open_class(folder)
    options = _Run(seed, workers, scheduler, fresh)
    with only_run(opened.root):
        records = _grade_lessons(opened, _lessons(opened, lesson), options)
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


def _grade_lessons(
    opened: ClassFolder, lessons: Iterable[Lesson], run: _Run
) -> list[Record]:
    from autograder.classroom.class_run import grade_class
    from autograder.commands.progress import RunProgress
    from autograder.commands.tables import line_of

    submitted = opened.submitted()
    for name in submitted.strays:
        print(f"submitted/{name!r} is no student's folder: left out", file=sys.stderr)
    for problem in opened.roster.problems:
        print(problem, file=sys.stderr)
    records: list[Record] = []
    for chosen in lessons:
        hand_ins = submitted.of(chosen)
        if not hand_ins:
            continue
        with RunProgress(chosen.id, len(hand_ins)) as progress:
            for record in grade_class(
                opened,
                chosen,
                hand_ins,
                seed=run.seed,
                workers=run.workers,
                scheduler=run.scheduler,
                fresh=run.fresh,
                watch=progress.watch,
            ):
                records.append(record)
                progress.step(line_of(record))
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
