"""Shows audits to people."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.audit.result import LessonAudit, mutation_score

_COLUMNS = (
    *("tasks", "points", "stub", "full on seeds", "killed", "diagnosed"),
    *("alternatives", "seconds", "problems"),
)


def show(audits: list[LessonAudit], console: Console) -> None:
    """Print one row a lesson, the mutation score, and every problem."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("lesson", no_wrap=True)
    for column in _COLUMNS:
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
            console.print(f"[red]{audit.lesson}[/]: {escape(problem)}", soft_wrap=True)


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
