"""The command that grades files, without a class folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.commands.options import (
    AsJson,
    Fresh,
    FromForm,
    RosterFile,
    Scheduler,
    Seed,
    Site,
    Workers,
)

if TYPE_CHECKING:
    from autograder.classroom.arrivals.arrived import Arrived
    from autograder.classroom.records import Record, Roster
    from autograder.student.lesson import Lesson


def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            help="Files or students' folders, one folder that holds them, or what"
            " Canvas, Moodle, GitHub Classroom or nbgrader's collect gave.",
        ),
    ],
    lesson: Annotated[str, typer.Option("--lesson", "-l", help="Number or name.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Write reports, pages and grades.csv; resume from there."),
    ] = None,
    form: FromForm = None,
    roster: RosterFile = None,
    site: Site = None,
    seed: Seed = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Grade submissions of one lesson in the sandbox."""
    from autograder.classroom.arrivals.arrived import arrived
    from autograder.classroom.course_site import check_site
    from autograder.classroom.parallel import default_workers, grade_many
    from autograder.classroom.reader import Reader
    from autograder.classroom.records import Record, Roster, save_record
    from autograder.classroom.roster import read_roster
    from autograder.classroom.store import Store
    from autograder.classroom.user_cache import user_cache
    from autograder.commands.progress import RunProgress
    from autograder.commands.tables import exit_code, line_of, show_records
    from autograder.commands.trusted_course import trusted_course
    from autograder.student.report import CourseError

    chosen = trusted_course(paths).lesson(lesson)
    address = check_site(site or "")
    class_list = Roster() if roster is None else read_roster(roster)
    if out is not None and out.resolve() in [path.resolve() for path in paths]:
        raise CourseError(f"{out} is what is graded: name another folder with --out")
    records: dict[str, Record] = {}
    with arrived(paths, chosen, class_list, form=form, without=out) as found:
        _tell(found)
        hand_ins = found.ready
        times = {one.parcel.student: one.submitted for one in hand_ins}
        with (
            RunProgress(chosen.id, len(hand_ins)) as progress,
            Reader(chosen) as reader,
        ):
            reports = grade_many(
                chosen,
                ((one.parcel.student, reader.read(one.path)) for one in hand_ins),
                seed=seed or 0,
                workers=min(workers or default_workers(), len(hand_ins)),
                scheduler=scheduler,
                store=None if out is None else Store(out / ".autograder" / "store"),
                cache=user_cache("answers"),
                fresh=fresh,
                ahead=out is None,
                watch=progress.watch,
            )
            for student, report in reports:
                record = records[student] = Record(student, report, times[student])
                if out is not None:
                    save_record(out / "reports", record)
                progress.step(line_of(record))
    ordered = [records[one.parcel.student] for one in hand_ins]
    index = (
        None
        if out is None
        else _write_pages(out, ordered, found.people, chosen, address)
    )
    show_records(ordered, as_json=as_json)
    if index is not None and not as_json:
        print(f"Pages: {index}")
    raise typer.Exit(max(exit_code(ordered), 1 if found.refused else 0))


def _tell(found: Arrived) -> None:
    """Tell what was not taken in, and what is odd about what was."""
    for refusal in found.refused:
        print(f"not taken in: {refusal}", file=sys.stderr)
    for one in found.ready:
        late = ("late, as the platform says",) if one.parcel.is_late else ()
        notes = "; ".join((*late, *one.notes))
        if notes:
            print(f"{one.parcel.student}: {notes}", file=sys.stderr)


def _write_pages(
    out: Path, records: Sequence[Record], people: Roster, lesson: Lesson, site: str
) -> Path:
    """Write the students' pages and two tables; return the index of the pages."""
    from autograder.classroom.export import long_csv
    from autograder.classroom.feedback import write_feedback
    from autograder.classroom.files import write_if_changed
    from autograder.classroom.grades import gather
    from autograder.classroom.marks import marks_of
    from autograder.classroom.roster import roster_csv
    from autograder.student.lesson import Course

    grades = gather(records, Course(lesson.root), people)
    write_if_changed(out / "students.csv", roster_csv(people))
    write_if_changed(out / "grades.csv", long_csv(grades))
    lessons = {lesson.id: lesson}
    return write_feedback(out / "pages", marks_of(records, lessons), people, site=site)
