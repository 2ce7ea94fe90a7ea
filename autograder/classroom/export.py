"""Renders graded records for other systems: Gradescope, Canvas, plain CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograder.classroom.records import Record, Roster
from autograder.classroom.wording import how_marked, verdict_word
from autograder.student.report import Report, TaskResult, Verdict, gettext

#: (student, lesson) to points, where a gradebook knows better than the reports: it adds
#: the answers that a person graded and takes off what lateness costs.
Totals = Mapping[tuple[str, str], float]

_PLAIN_COLUMNS = (
    "student",
    "last_name",
    "first_name",
    "email",
    "lesson",
    "submitted",
    "task",
    "points",
    "max_points",
    "verdict",
    "diagnosis",
)
_FORMULA_STARTS = ("=", "+", "-", "@")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV table that a spreadsheet shows rather than runs.

    Text that starts like a formula gets an apostrophe in front, and line breaks
    and other control characters become blanks; numbers stay numbers.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return stream.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    if isinstance(value, int):
        return value
    text = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", str(value))
    return f"'{text}" if text.lstrip().startswith(_FORMULA_STARTS) else text


def plain_csv(records: Iterable[Record], roster: Roster) -> str:
    """Return one row a student and task, with verdict and diagnosis."""
    return csv_text(
        _PLAIN_COLUMNS,
        (
            (
                record.student,
                roster[record.student].last_name,
                roster[record.student].first_name,
                roster[record.student].email,
                record.lesson,
                record.submitted,
                task.task,
                "" if task.verdict is Verdict.INFRA else float(task.points),
                float(task.max_points),
                str(task.verdict),
                task.diagnosis or "",
            )
            for record in records
            for task in record.report.tasks
        ),
    )


def canvas_csv(
    records: Iterable[Record], roster: Roster, totals: Totals | None = None
) -> str:
    """Return Canvas's gradebook import: one row a student, one column a lesson.

    A student who handed nothing in has an empty field, which Canvas leaves as it is;
    so has a lesson that the grader could not finish.
    """
    by_student: dict[str, dict[str, Report]] = {}
    most: dict[str, float] = {}
    for record in records:
        by_student.setdefault(record.student, {})[record.lesson] = record.report
        most[record.lesson] = max(
            most.get(record.lesson, 0.0), record.report.max_points
        )
    lessons = sorted(most)
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *lessons]
    # Canvas finds this row by its name, blanks included.
    possible = ["    Points Possible", "", "", "", "", *(most[key] for key in lessons)]
    rows: list[list[object]] = [possible]
    for key in roster.ids(by_student):
        student = roster[key]
        names = [part for part in (student.last_name, student.first_name) if part]
        name = ", ".join(names) or key
        points: list[object] = []
        for lesson in lessons:
            report = by_student.get(key, {}).get(lesson)
            known = (totals or {}).get((key, lesson))
            if known is not None:
                points.append(float(known))
            elif report is None or report.verdict is Verdict.INFRA:
                points.append("")
            else:
                points.append(float(report.points))
        rows.append([name, student.lms_user_id, key, key, "", *points])
    return csv_text(header, rows)


def gradescope_results(report: Report) -> dict[str, Any]:
    """Return Gradescope's results.json for one submission.

    Raises nothing: a failure of ours is told in words and gives no score, which
    Gradescope shows as an autograder error instead of a zero.
    """
    results: dict[str, Any] = {
        "output": "\n".join(report.notes),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(
            sum(test.wall_s for task in report.tasks for test in task.tests), 2
        ),
        "tests": [
            _gradescope_test(number, task)
            for number, task in enumerate(report.tasks, start=1)
        ],
        "extra_data": {"isolation": report.isolation, "versions": report.versions},
    }
    if report.verdict is Verdict.INFRA:
        results["output"] = gettext("The grader failed. This is not your fault.")
        for test in results["tests"]:
            test.pop("score")
    else:
        results["score"] = report.points
    return results


def _gradescope_test(number: int, task: TaskResult) -> dict[str, Any]:
    output = [verdict_word(task.verdict)]
    if task.message is not None:
        output.append(str(task.message))
    if task.diagnosis_text:
        output.append(
            gettext("Looks like: {mistake}").format(mistake=task.diagnosis_text)
        )
    output += how_marked(task)
    return {
        "number": str(number),
        "name": task.task,
        "name_format": "text",
        "score": task.points,
        "max_score": task.max_points,
        "status": "passed" if task.verdict is Verdict.PASSED else "failed",
        "output": "\n".join(output),
        "output_format": "text",
        "visibility": "visible",
        "tags": [task.diagnosis] if task.diagnosis else [],
    }
