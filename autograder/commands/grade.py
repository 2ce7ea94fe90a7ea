"""The command that grades files, without a class folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.options import (
    AsJson,
    Fresh,
    Scheduler,
    Seed,
    Site,
    Workers,
)

if TYPE_CHECKING:
    from autograder.classroom.records import Record
    from autograder.student.lesson import Lesson


def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Files or students' folders, or one folder that holds them.",
        ),
    ],
    lesson: Annotated[str, typer.Option("--lesson", "-l", help="Number or name.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Write reports, pages and grades.csv; resume from there."),
    ] = None,
    site: Site = None,
    seed: Seed = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Grade submissions of one lesson in the sandbox."""
    from autograder.classroom.course_site import check_site
    from autograder.classroom.parallel import default_workers, grade_many
    from autograder.classroom.reader import Reader
    from autograder.classroom.records import Record, save_record
    from autograder.classroom.store import Store
    from autograder.classroom.submission_paths import find_submission_paths
    from autograder.classroom.user_cache import user_cache
    from autograder.commands.progress import RunProgress
    from autograder.commands.tables import exit_code, line_of, show_records
    from autograder.commands.trusted_course import trusted_course

    chosen = trusted_course(paths).lesson(lesson)
    address = check_site(site or "")
    found = find_submission_paths(paths)
    records: dict[str, Record] = {}
    with RunProgress(chosen.id, len(found)) as progress, Reader(chosen) as reader:
        reports = grade_many(
            chosen,
            ((one.student, reader.read(one.path)) for one in found),
            seed=seed or 0,
            workers=min(workers or default_workers(), len(found)),
            scheduler=scheduler,
            store=None if out is None else Store(out / ".autograder" / "store"),
            cache=user_cache("answers"),
            fresh=fresh,
            ahead=out is None,
            watch=progress.watch,
        )
        for student, report in reports:
            record = records[student] = Record(student, report)
            if out is not None:
                save_record(out / "reports", record)
            progress.step(line_of(record))
    ordered = [records[one.student] for one in found]
    index = None if out is None else _write_pages(out, ordered, chosen, address)
    show_records(ordered, as_json=as_json)
    if index is not None and not as_json:
        print(f"Pages: {index}")
    raise typer.Exit(exit_code(ordered))


def _write_pages(
    out: Path, records: Sequence[Record], lesson: Lesson, site: str
) -> Path:
    """Write the students' pages and grades.csv; return the index of the pages."""
    from autograder.classroom.export import plain_csv
    from autograder.classroom.feedback import write_feedback
    from autograder.classroom.files import write_if_changed
    from autograder.classroom.marks import marks_of
    from autograder.classroom.records import Roster

    write_if_changed(out / "grades.csv", plain_csv(records, Roster()))
    return write_feedback(
        out / "pages", marks_of(records, {lesson.id: lesson}), site=site
    )
