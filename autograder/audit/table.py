"""Shows audits to people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.audit.result import LessonAudit, mutation_score


def show(audits: list[LessonAudit], console: Console) -> None:
    """Print one row a lesson, the mutation score, and every problem."""
    table = Table(title="Audit of the course", title_justify="left")
    table.add_column("Lesson")
    for column in ("Tasks", "Points", "Stub", "Full on seeds", "Mutants killed"):
        table.add_column(column, justify="right")
    for column in ("Diagnosed", "Alternatives", "Seconds", "Problems"):
        table.add_column(column, justify="right")
    for audit in audits:
        table.add_row(*row(audit), style="" if audit.ok else "red")
    console.print(table)
    total = sum(audit.mutants_total for audit in audits)
    killed = sum(audit.mutants_killed for audit in audits)
    if total:
        score = mutation_score(audits)
        console.print(f"Mutation score: {killed} of {total} killed ({score:.1%})")
    for audit in audits:
        for problem in audit.problems:
            console.print(f"[red]{audit.lesson}[/red]: {escape(problem)}")


def row(audit: LessonAudit) -> list[str]:
    """Return the cells of one lesson."""
    return [
        audit.lesson,
        str(audit.tasks),
        f"{audit.points:g}",
        "-" if audit.stub_points is None else f"{audit.stub_points:g}",
        f"{audit.full_seeds}/{len(audit.reference_points)}",
        f"{audit.mutants_killed}/{audit.mutants_total}",
        f"{audit.mutants_diagnosed}/{audit.mutants_total}",
        f"{audit.alternatives_passed}/{audit.alternatives_total}",
        f"{audit.seconds:.1f}",
        str(len(audit.problems)),
    ]
