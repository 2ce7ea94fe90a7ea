"""Builds the bundled class, grades it in parallel and shows every result."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.classroom.folder import SETTINGS, ClassFolder
from autograder.classroom.records import Record
from autograder.commands.progress import RunProgress
from autograder.demo.entries import LESSONS, Entry, entries
from autograder.demo.students import roster_csv
from autograder.demo.table import show
from autograder.student.lesson import Lesson, find_course
from autograder.student.report import CourseError

SEED = 20_26


def run_demo(out: Path, workers: int | None, *, as_json: bool) -> int:
    """Grade the bundled class.

    Args:
        out: The class folder to make; an earlier demo's is replaced.
        workers: Worker processes; None for one a core.
        as_json: Whether to print JSON instead of a table.

    Returns:
        The exit code: 0 when every submission got what it must get, else 1.
    """
    course = find_course()
    lessons = [course.lesson(name) for name in LESSONS]
    submitted = entries(course)
    folder = _make_class(out, lessons, submitted)
    records = _grade(folder, lessons, len(submitted), workers)
    wrong = _compare(submitted, records)
    pages = _write_pages(folder)
    if as_json:
        print(json.dumps(_as_json(submitted, records, wrong, pages), indent=2))
    else:
        show(submitted, records, wrong, pages)
    return 1 if wrong else 0


def _make_class(
    out: Path, lessons: Sequence[Lesson], submitted: Sequence[Entry]
) -> ClassFolder:
    from autograder.classroom.class_setup import init_class
    from autograder.classroom.files import write_atomically

    if out.exists() and any(out.iterdir()) and not (out / SETTINGS).exists():
        raise CourseError(f"{out} is not empty and not an earlier demo")
    shutil.rmtree(out, ignore_errors=True)
    folder = init_class(
        out,
        find_course(),
        lessons=lessons,
        seed=SEED,
        watch=lambda name: print(f"releasing {name}", file=sys.stderr, flush=True),
    )
    write_atomically(folder.root / "students.csv", roster_csv())
    for entry in submitted:
        place = folder.root / "submitted" / entry.student / entry.lesson
        place.mkdir(parents=True)
        for name, data in entry.files.items():
            (place / name).write_bytes(data)
    expected = [
        {
            "student": entry.student,
            "lesson": entry.lesson,
            "what": entry.what,
            **entry.expected.as_dict(),
        }
        for entry in submitted
    ]
    text = json.dumps(expected, indent=2, ensure_ascii=False)
    write_atomically(folder.root / "expected.json", text)
    return folder


def _grade(
    folder: ClassFolder, lessons: Sequence[Lesson], total: int, workers: int | None
) -> dict[tuple[str, str], Record]:
    from autograder.classroom.class_run import grade_class

    records: dict[tuple[str, str], Record] = {}
    submitted = folder.submitted()
    with RunProgress("grading the class", total) as progress:
        for lesson in lessons:
            for record in grade_class(
                folder,
                lesson,
                submitted.of(lesson),
                workers=workers,
                watch=progress.watch,
            ):
                records[record.student, record.lesson] = record
                report = record.report
                progress.step(
                    f"{record.student} {record.lesson} {report.points:g} of"
                    f" {report.max_points:g}, {report.verdict}"
                )
    return records


def _compare(
    submitted: Sequence[Entry], records: dict[tuple[str, str], Record]
) -> dict[tuple[str, str], str]:
    """Return every submission that did not get what it must get, and how."""
    wrong: dict[tuple[str, str], str] = {}
    for entry in submitted:
        key = (entry.student, entry.lesson)
        record = records.get(key)
        found = (
            "not graded" if record is None else entry.expected.mismatch(record.report)
        )
        if found is not None:
            wrong[key] = found
    return wrong


def _write_pages(folder: ClassFolder) -> dict[str, Path]:
    from autograder.classroom.class_pages import write_class_pages
    from autograder.classroom.class_similarity import compare_class, write_similar_page

    found = compare_class(folder, [folder.course.lesson(name) for name in LESSONS])
    similar = write_similar_page(folder, found)
    pages = write_class_pages(folder)
    return {
        "Class report": pages.report,
        "Students' pages": pages.index,
        "Resembling each other": similar,
        "Gradebook": folder.root / "gradebook.db",
        "What each must get": folder.root / "expected.json",
    }


def _as_json(
    submitted: Sequence[Entry],
    records: dict[tuple[str, str], Record],
    wrong: dict[tuple[str, str], str],
    pages: dict[str, Path],
) -> dict[str, Any]:
    rows = []
    for entry in submitted:
        key = (entry.student, entry.lesson)
        record = records.get(key)
        row: dict[str, Any] = {
            "student": entry.student,
            "lesson": entry.lesson,
            "what": entry.what,
            "expected": entry.expected.as_dict(),
            "mismatch": wrong.get(key),
        }
        if record is not None:
            row["report"] = record.report.as_dict()
        rows.append(row)
    paths = {name: str(path) for name, path in pages.items()}
    return {"submissions": rows, "mismatches": len(wrong), "paths": paths}
