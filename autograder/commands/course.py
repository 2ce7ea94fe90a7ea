"""Commands for those who write the course: audit, traces, demo, bench."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

LessonName = Annotated[
    str | None,
    typer.Argument(metavar="[LESSON]", help="Number or name; default: every lesson."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def audit(
    lesson: LessonName = None,
    as_json: AsJson = False,
    seeds: Annotated[
        int, typer.Option(min=1, help="Seeds on which the reference must be full.")
    ] = 5,
    update: Annotated[
        bool, typer.Option("--update", help="Rewrite trace.json before auditing.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Lessons audited at once.")] = 2,
) -> None:
    """Hold every lesson to its contract; print the mutation score."""
    from rich.console import Console

    from autograder.audit.result import LessonAudit, mutation_score
    from autograder.audit.run import audit_course
    from autograder.audit.table import show
    from autograder.student.lesson import find_course
    from autograder.student.report import CourseError

    course = find_course()
    if not course.has_solutions:
        raise CourseError("this copy of the course has no solutions to audit")
    names = [course.lesson(lesson).id] if lesson else list(course.ids)
    if update:
        for name in names:
            _update(name)

    def tell(audit: LessonAudit) -> None:
        state = "ok" if audit.ok else f"{len(audit.problems)} problems"
        print(f"{audit.lesson}: {state}, {audit.seconds:.0f} s", file=sys.stderr)

    audits = audit_course(course, names, seeds=seeds, workers=workers, on_done=tell)
    if as_json:
        data = {
            "lessons": [audit.as_dict() for audit in audits],
            "mutation_score": mutation_score(audits),
            "ok": all(audit.ok for audit in audits),
        }
        print(json.dumps(data, indent=2))
    else:
        console = Console()
        show(audits, console if console.is_terminal else Console(width=110))
    raise typer.Exit(0 if all(audit.ok for audit in audits) else 1)


def traces(
    lesson: LessonName = None,
    as_json: AsJson = False,
) -> None:
    """Recompute and write the data of the figures; print the measured claims."""
    from autograder.student.lesson import find_course

    course = find_course()
    names = [course.lesson(lesson).id] if lesson else list(course.ids)
    claims = {name: _update(name) for name in names}
    if as_json:
        print(json.dumps(claims, indent=2))
        return
    for name, texts in claims.items():
        print(f"{name}: wrote trace.json")
        for key, text in sorted(texts.items()):
            print(f"  {key} = {text}")


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the class; made anew.")] = Path(
        "build/demo"
    ),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Default: one a core.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Grade a bundled class, hostile submissions included, and show every result."""
    from autograder.demo.run import run_demo

    raise typer.Exit(run_demo(out, workers, as_json=as_json))


def bench(as_json: AsJson = False) -> None:
    """Measure the grader against stock nbgrader, and what the sandbox costs."""
    from autograder.bench import run_bench

    run_bench(as_json=as_json)


def _update(name: str) -> dict[str, str]:
    from autograder.audit.figures import recompute, write_trace
    from autograder.student.lesson import find_course

    lesson = find_course().lesson(name)
    figure, claims = recompute(lesson)
    write_trace(lesson, figure)
    return claims
