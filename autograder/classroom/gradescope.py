"""Renders a report as the results.json that Gradescope reads.

Source: Gradescope, Autograder specifications, "Output format".
"""

from __future__ import annotations

from typing import Any

from autograder.classroom.standing import Part, Standing
from autograder.classroom.wording import how_marked, late_text, verdict_word
from autograder.student.lesson import Written
from autograder.student.report import Report, TaskResult, Verdict, fit_notes, gettext


def gradescope_results(
    report: Report,
    written: Written | None = None,
    standing: Standing | None = None,
    answer: str = "",
) -> dict[str, Any]:
    """Return Gradescope's results.json for one submission.

    A failure of ours is told in words and gives no score, which Gradescope shows as an
    autograder error instead of a zero.

    Args:
        report: what grading found.
        written: the lesson's question in words. While nobody has graded it, its entry
            has no points: they are given by hand in Gradescope.
        standing: what people decided, where there is a gradebook.
        answer: the answer in words, for whoever grades it.
    """
    parts = {part.name: part for part in standing.parts} if standing else {}
    tests = [
        _test(number, task, parts.pop(task.task, None))
        for number, task in enumerate(report.tasks, start=1)
    ]
    is_graded = all("score" in test for test in tests)
    if written is not None:
        part = parts.pop(written.name, None)
        tests.append(_answer(len(tests) + 1, written, part, answer))
    for part in parts.values():  # an instructor's own cells
        tests.append(_entry(len(tests) + 1, part.name, part.comment) | _graded(part))
    results: dict[str, Any] = {
        "output": "\n".join(report.notes),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(
            sum(test.wall_s for task in report.tasks for test in task.tests), 2
        ),
        "tests": tests,
        "extra_data": {"isolation": report.isolation, "versions": report.versions},
    }
    if is_graded:
        results["score"] = standing.points if standing else report.points
    else:
        results |= failed_results()
        for test in tests:
            test.pop("score", None)
    if standing is not None and standing.penalty:
        late = late_text(standing.penalty)
        results["output"] = "\n".join(filter(None, (results["output"], late)))
    return results


def failed_results() -> dict[str, Any]:
    """Return what is said where grading failed, without a score."""
    return {
        "output": gettext("The grader failed. This is not your fault."),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
    }


def _test(number: int, task: TaskResult, part: Part | None) -> dict[str, Any]:
    output = [verdict_word(task.verdict)]
    if task.message is not None:
        output.append(str(task.message))
    if task.diagnosis_text:
        output.append(
            gettext("Looks like: {mistake}").format(mistake=task.diagnosis_text)
        )
    output += how_marked(task)
    if part is not None and part.comment:
        output.append(part.comment)
    is_graded = task.verdict is not Verdict.INFRA
    points: float | None = task.points if is_graded else None
    if part is not None and (is_graded or part.manual is not None):
        points = part.points
    graded = {
        "score": points,
        "status": "passed" if task.verdict is Verdict.PASSED else "failed",
    }
    return {
        **_entry(number, task.task, "\n".join(output)),
        **(graded if points is not None else {}),
        "max_score": task.max_points,
        "tags": [task.diagnosis] if task.diagnosis else [],
    }


def _answer(
    number: int, written: Written, part: Part | None, answer: str
) -> dict[str, Any]:
    if part is None or part.needs_manual_grade:
        text = gettext("A person grades this answer: {points} points.")
        told = [text.format(points=f"{written.points:g}"), *fit_notes([answer])]
        return _entry(number, written.name, "\n\n".join(filter(None, told)))
    return _entry(number, written.name, part.comment) | _graded(part)


def _graded(part: Part) -> dict[str, float]:
    if part.auto is None and part.manual is None:
        return {}
    return {"score": part.points, "max_score": part.max_points}


def _entry(number: int, name: str, output: str) -> dict[str, Any]:
    return {
        "number": str(number),
        "name": name,
        "name_format": "text",
        "output": output,
        "output_format": "text",
        "visibility": "visible",
    }
