"""Commands for those who write the course: audit, traces, demo, bench."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.student.lesson import Lesson

LessonName = Annotated[
    str | None,
    typer.Argument(metavar="[LESSON]", help="Number or name; default: every lesson."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def audit(
    lesson: LessonName = None,
    task: Annotated[
        str | None, typer.Argument(help="The known mistakes of this task alone.")
    ] = None,
    mutant: Annotated[
        str | None, typer.Argument(help="This known mistake alone, in seconds.")
    ] = None,
    as_json: AsJson = False,
    seeds: Annotated[
        int, typer.Option(min=1, help="Seeds on which the reference must be full.")
    ] = 5,
    update: Annotated[
        bool, typer.Option("--update", help="Rewrite trace.json before auditing.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes to share it.")] = 2,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run again what is known to be unchanged.")
    ] = False,
    public: Annotated[
        bool,
        typer.Option(
            "--public", help="The public tests' part alone: a release needs it as well."
        ),
    ] = False,
) -> None:
    """Hold every lesson to its contract; print the mutation score.

    With a lesson it also prints what each known mistake keeps of its task's points.
    Results are remembered in your cache, for all copies of the course on this machine,
    until a file that they depend on changes.
    """
    from rich.console import Console

    from autograder.audit.memory import Memory
    from autograder.audit.result import LessonAudit, mutation_score
    from autograder.audit.run import audit_course
    from autograder.audit.table import show, show_mutants
    from autograder.classroom.user_cache import user_cache
    from autograder.student.lesson import find_course
    from autograder.student.report import CourseError

    course = find_course()
    if not course.has_solutions:
        raise CourseError("this copy of the course has no solutions to audit")
    console = Console()
    console = console if console.is_terminal else Console(width=150)
    if lesson and task:
        _audit_task(course.lesson(lesson), task, mutant, console, as_json=as_json)
    names = [course.lesson(lesson).id] if lesson else list(course.ids)
    if update:
        for name in names:
            _update(name)

    def tell(audit: LessonAudit) -> None:
        state = "ok" if audit.ok else f"{len(audit.problems)} problems"
        print(f"{audit.lesson}: {state}, {audit.cpu_s:.0f} CPU s", file=sys.stderr)

    memory = Memory(None if fresh else user_cache("audit"))
    audits = audit_course(
        course,
        names,
        seeds=seeds,
        workers=workers,
        memory=memory,
        only_public=public,
        on_done=tell,
    )
    if as_json:
        data = {
            "lessons": [audit.as_dict() for audit in audits],
            "mutation_score": mutation_score(audits),
            "ok": all(audit.ok for audit in audits),
        }
        print(json.dumps(data, indent=2))
    elif public:
        for audit in audits:
            for problem in audit.problems:
                console.print(f"{audit.lesson}: {problem}", style="red", soft_wrap=True)
    else:
        if lesson:
            show_mutants(audits[0].mutants, audits[0].public, console)
        show(audits, console)
    raise typer.Exit(0 if all(audit.ok for audit in audits) else 1)


def _audit_task(
    lesson: Lesson, task: str, mutant: str | None, console: Console, *, as_json: bool
) -> NoReturn:
    """Audit the known mistakes of one task, or one of them."""
    from dataclasses import asdict

    from autograder.audit.bank import audit_mutants
    from autograder.audit.public import audit_public
    from autograder.audit.result import mark_problems
    from autograder.audit.table import show_mutants
    from autograder.grading.mutants import lesson_mutants
    from autograder.student.report import CourseError

    name = lesson.task(task).name
    known = [m.name for m in lesson_mutants(lesson) if m.task == name]
    if mutant is not None and mutant not in known:
        raise CourseError(
            f"{name} has no mistake {mutant!r}; it has {', '.join(known)}"
        )
    found = audit_mutants(lesson, name, None if mutant is None else {mutant})
    public = [m for m in audit_public(lesson, name) if mutant in (None, m.name)]
    marks = [] if mutant else list(mark_problems(name, found))
    if as_json:
        students = {one.name: asdict(one) for one in public}
        each = [asdict(m) | {"public_tests": students[m.name]} for m in found]
        print(json.dumps(each, indent=2))
    else:
        show_mutants(found, public, console)
        for problem in marks:
            console.print(problem, style="red", soft_wrap=True)
    good = not marks and not any(problem for m in found for problem in m.problems())
    raise typer.Exit(0 if good else 1)


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


class Benched(StrEnum):
    """What `bench` measures instead of the grader."""

    KERNELS = "kernels"


def bench(
    what: Annotated[
        Benched | None,
        typer.Argument(
            metavar="kernels",
            help="The lessons' kernels on this machine; default: the grader.",
        ),
    ] = None,
    as_json: AsJson = False,
    scale: Annotated[
        bool, typer.Option("--scale", help="Predict large classes on a cluster.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option(exists=True, help="With kernels: renew this machine's table."),
    ] = None,
) -> None:
    """Measure the grader against stock nbgrader, and what the sandbox costs.

    `bench kernels` times reference kernels against library operators on a GPU; without
    one it counts bytes and compares the simulator with Triton's interpreter.
    """
    if page is not None and what is not Benched.KERNELS:
        raise typer.BadParameter("the page has the tables of `bench kernels` alone")
    if what is Benched.KERNELS:
        from autograder.kernels.bench import run_kernels

        run_kernels(as_json=as_json, page=page)
        return
    if scale:
        from autograder.scale.bench import run_scale

        run_scale(as_json=as_json)
        return
    from autograder.bench import run_bench

    run_bench(as_json=as_json)


def _update(name: str) -> dict[str, str]:
    from autograder.audit.figures import recompute, write_trace
    from autograder.student.lesson import find_course

    lesson = find_course().lesson(name)
    figure, claims, _ = recompute(lesson)
    write_trace(lesson, figure)
    return claims
