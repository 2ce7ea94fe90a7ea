"""Commands for instructors: grade submissions, run a class, export."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from autograder.classroom.folder import ClassFolder
    from autograder.classroom.records import Record
    from autograder.student.lesson import Lesson

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the hidden tests' numbers.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Worker processes; default: one a core.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="HOST:PORT", help="Grade on a Dask cluster instead."),
]
Fresh = Annotated[
    bool, typer.Option("--fresh", help="Grade again what is already graded.")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The class folder.")]
OneLesson = Annotated[
    str | None, typer.Option("--lesson", "-l", help="Number or name; default: all.")
]


class Format(StrEnum):
    """Where an export goes."""

    GRADESCOPE = "gradescope"
    CANVAS = "canvas"
    CSV = "csv"


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
    seed: Seed = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """Grade submissions of one lesson in the sandbox."""
    from autograder.classroom.parallel import default_workers, grade_many
    from autograder.classroom.records import Record, save_record
    from autograder.classroom.store import Store
    from autograder.classroom.submission_paths import find_submission_paths
    from autograder.commands.progress import RunProgress
    from autograder.student.lesson import find_course
    from autograder.student.notebook.reader import read_submission

    chosen = find_course().lesson(lesson)
    found = find_submission_paths(paths)
    records: dict[str, Record] = {}
    with RunProgress(chosen.id, len(found)) as progress:
        reports = grade_many(
            chosen,
            ((one.student, read_submission(one.path, chosen)) for one in found),
            seed=seed or 0,
            workers=min(workers or default_workers(), len(found)),
            scheduler=scheduler,
            store=None if out is None else Store(out / ".autograder" / "store"),
            fresh=fresh,
            watch=progress.watch,
        )
        for student, report in reports:
            record = records[student] = Record(student, report)
            if out is not None:
                save_record(out / "reports", record)
            progress.step(_line(record))
    ordered = [records[one.student] for one in found]
    if out is not None:
        _write_pages(out / "pages", ordered, [chosen], None)
        _write_csv(out / "grades.csv", ordered)
    _show(ordered, as_json=as_json)
    if out is not None and not as_json:
        print(f"Pages: {out / 'pages' / 'index.html'}")
    raise typer.Exit(_exit_code(ordered))


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


def class_init(
    folder: Folder,
    lesson: OneLesson = None,
    seed: Seed = None,
) -> None:
    """Make an nbgrader course folder from the course, or refresh one."""
    from autograder.classroom.class_setup import init_class
    from autograder.student.lesson import find_course

    course = find_course()
    made = init_class(
        folder,
        course,
        lessons=None if lesson is None else [course.lesson(lesson)],
        seed=seed,
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
    """Grade everything in submitted/ into nbgrader's gradebook."""
    from autograder.classroom.class_run import grade_class
    from autograder.classroom.folder import open_class
    from autograder.commands.progress import RunProgress

    opened = open_class(folder)
    for name in opened.strays():
        print(f"submitted/{name!r} is no student's folder: left out", file=sys.stderr)
    records: list[Record] = []
    for chosen in _lessons(opened, lesson):
        total = sum(1 for _ in opened.hand_ins(chosen))
        if not total:
            continue
        with RunProgress(chosen.id, total) as progress:
            for record in grade_class(
                opened,
                chosen,
                seed=seed,
                workers=workers,
                scheduler=scheduler,
                fresh=fresh,
                watch=progress.watch,
            ):
                records.append(record)
                progress.step(_line(record))
    records.sort(key=lambda record: (record.student, record.lesson))
    _show(records, as_json=as_json)
    raise typer.Exit(_exit_code(records))


def class_report(
    folder: Folder,
    lesson: OneLesson = None,
    as_json: AsJson = False,
) -> None:
    """Write the feedback pages and the class report; print the class's numbers."""
    from dataclasses import asdict

    from autograder.classroom.class_report import class_report as page_of
    from autograder.classroom.class_report import class_statistics
    from autograder.classroom.folder import open_class
    from autograder.classroom.records import load_records
    from autograder.classroom.store import write_atomically

    opened = open_class(folder)
    chosen = _lessons(opened, lesson)
    wanted = {found.id: found for found in chosen}
    records = [r for r in load_records(opened.reports) if r.lesson in wanted]
    _write_pages(opened.pages, records, chosen, opened)
    page = opened.pages / "class.html"
    write_atomically(page, page_of(records, wanted, opened.roster))
    statistics = class_statistics(records)
    if as_json:
        print(json.dumps([asdict(one) for one in statistics], indent=2))
        return
    from autograder.commands.tables import show_statistics

    show_statistics(statistics)
    print(f"Class report: {page}")
    print(f"Students' pages: {opened.pages / 'index.html'}")


def class_similar(
    folder: Folder,
    lesson: OneLesson = None,
    threshold: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="Share in common to report.")
    ] = 0.6,
    as_json: AsJson = False,
) -> None:
    """List pairs of submissions too alike: for a person to look at, never a verdict."""
    from dataclasses import asdict

    from autograder.classroom.folder import open_class
    from autograder.classroom.graded_notebook import sources_of
    from autograder.classroom.similarity import similar_pairs
    from autograder.student.notebook.reader import read_submission

    opened = open_class(folder)
    found: dict[str, Any] = {}
    for chosen in _lessons(opened, lesson):
        stub = sources_of(read_submission(chosen.exercise_path, chosen))
        sources = {
            hand_in.student: sources_of(read_submission(hand_in.folder, chosen))
            for hand_in in opened.hand_ins(chosen)
        }
        found[chosen.id] = similar_pairs(sources, stub, threshold=threshold)
    if as_json:
        plain = {name: [asdict(p) for p in pairs] for name, pairs in found.items()}
        print(json.dumps(plain, indent=2))
        return
    from autograder.commands.tables import show_pairs

    show_pairs(found)


def export(
    to: Annotated[Format, typer.Argument(help="gradescope, canvas or csv.")],
    source: Annotated[
        Path,
        typer.Argument(help="A class folder, a grade --out folder, or a JSON file."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="File to write; for several Gradescope results, a folder."),
    ] = None,
    lesson: Annotated[str | None, typer.Option("--lesson", "-l")] = None,
) -> None:
    """Export graded submissions to another system."""
    from autograder.classroom import export as formats
    from autograder.classroom.records import load_records, read_roster
    from autograder.classroom.store import write_atomically
    from autograder.student.lesson import find_course

    name = find_course().lesson(lesson).id if lesson else None
    records = load_records(source, name)
    roster = read_roster(source / "students.csv")
    if to is Format.GRADESCOPE:
        _export_gradescope(records, out)
        return
    if to is Format.CANVAS:
        text = formats.canvas_csv(records, roster, _totals(source))
    else:
        text = formats.plain_csv(records, roster)
    if out is None:
        sys.stdout.write(text)
    else:
        write_atomically(out, text)
        print(f"{out}: {len(records)} reports")


def _export_gradescope(records: Sequence[Record], out: Path | None) -> None:
    from autograder.classroom.export import gradescope_results
    from autograder.classroom.records import check_student_id
    from autograder.classroom.store import write_atomically
    from autograder.student.report import CourseError

    texts = {
        (r.lesson, check_student_id(r.student)): json.dumps(
            gradescope_results(r.report), indent=2
        )
        for r in records
    }
    if len(records) == 1 and (out is None or out.suffix == ".json"):
        (text,) = texts.values()
        if out is None:
            print(text)
        else:
            write_atomically(out, text)
        return
    if out is None:
        raise CourseError("several reports need --out DIR for their results.json")
    for (lesson, student), text in texts.items():
        write_atomically(out / lesson / student / "results.json", text)
    print(f"{out}: {len(records)} results.json")


def _totals(source: Path) -> dict[tuple[str, str], float] | None:
    """Return what the gradebook says, where there is one."""
    path = source / "gradebook.db"
    if not path.exists():
        return None
    from autograder.classroom.gradebook import ClassGradebook

    with ClassGradebook(path) as book:
        return {(t.student, t.lesson): t.points for t in book.totals()}


def _lessons(folder: ClassFolder, name: str | None) -> list[Lesson]:
    if name is not None:
        return [folder.course.lesson(name)]
    return [folder.course.lesson(found) for found in folder.lessons()]


def _write_pages(
    place: Path,
    records: Sequence[Record],
    lessons: Iterable[Lesson],
    folder: ClassFolder | None,
) -> None:
    from autograder.classroom.feedback import site_of, write_feedback

    known = {lesson.id: lesson for lesson in lessons}
    site = next((site_of(lesson.root) for lesson in known.values()), "")
    roster = None if folder is None else folder.roster
    write_feedback(place, records, known, roster, site)


def _write_csv(path: Path, records: Sequence[Record]) -> None:
    from autograder.classroom.export import plain_csv
    from autograder.classroom.records import Roster
    from autograder.classroom.store import write_atomically

    write_atomically(path, plain_csv(records, Roster()))


def _line(record: Record) -> str:
    report = record.report
    return (
        f"{record.student} {record.lesson}"
        f" {report.points:g}/{report.max_points:g} {report.verdict}"
    )


def _show(records: Sequence[Record], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([record.report.as_dict() for record in records], indent=2))
        return
    from autograder.commands.tables import show_records

    show_records(records)


def _exit_code(records: Iterable[Record]) -> int:
    return max((record.report.exit_code for record in records), default=0)
