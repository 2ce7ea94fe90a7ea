"""Shows audits to people."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.audit.result import (
    LessonAudit,
    MutantAudit,
    PublicAudit,
    caught,
    mutation_score,
    names_right,
)

_COLUMNS = (
    *("tasks", "points", "stub", "full on seeds", "killed", "diagnosed"),
    *("idea keeps", "edge keeps", "public tests", "check names"),
    *("alternatives", "CPU s", "problems"),
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
    total = sum(len(audit.mutants) for audit in audits)
    killed = sum(audit.killed for audit in audits)
    if total:
        score = mutation_score(audits)
        console.print(f"Mutation score: {killed} of {total} killed ({score:.1%})")
        console.print(
            "Keeps: the share of its task's points that a mistake keeps, median and"
            " most. Public tests: the share of ideas, and of all mistakes, that they"
            " catch. Check names: how many mistakes; how many of the names are right.",
            style="dim",
        )
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
        f"{audit.killed}/{len(audit.mutants)}",
        f"{audit.diagnosed}/{len(audit.mutants)}",
        _spread(audit.kept("idea")),
        _spread(audit.kept("edge")),
        f"{caught(audit.public, 'idea'):.0%}, {caught(audit.public):.0%}",
        f"{audit.named}, {names_right(audit.public):.0%}",
        f"{audit.alternatives_passed}/{audit.alternatives_total}",
        f"{audit.cpu_s:.1f}",
        str(len(audit.problems)),
    ]


def _in_public(one: PublicAudit | None) -> tuple[str, str]:
    if one is None or not one.is_caught:
        return ("-", "-") if one is None else ("pass", "-")
    if one.is_named:
        return "catch it", "yes"
    return "catch it", "as " + ", ".join(sorted(set(one.names))) if one.names else "no"


def _spread(shares: Sequence[float]) -> str:
    if not shares:
        return "-"
    return f"{statistics.median(shares):.0%}, {max(shares):.0%}"


def show_mutants(
    mutants: Sequence[MutantAudit], public: Sequence[PublicAudit], console: Console
) -> None:
    """Print one row a known mistake, task by task, and each task's spread.

    Args:
        mutants: what each gets.
        public: what each comes to in the students' tests.
        console: where to print.
    """
    students = {one.name: one for one in public}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "mistake", "severity"):
        table.add_column(column, overflow="fold")
    table.add_column("keeps", justify="right")
    table.add_column("core check fails")
    table.add_column("told as itself")
    table.add_column("public tests")
    table.add_column("check names it")
    for task in dict.fromkeys(mutant.task for mutant in mutants):
        mine = [mutant for mutant in mutants if mutant.task == task]
        for mutant in sorted(mine, key=lambda m: (m.severity != "idea", m.name)):
            known = mutant.diagnosis == mutant.name
            bad = list(mutant.problems())
            table.add_row(
                task,
                mutant.name,
                mutant.severity,
                f"{mutant.kept:.0%}",
                "yes" if mutant.core else "no",
                "yes" if known else f"as {mutant.diagnosis or 'nothing known'}",
                *_in_public(students.get(mutant.name)),
                style="red" if bad else "",
            )
    console.print(table)
    for task in dict.fromkeys(mutant.task for mutant in mutants):
        kept = {
            severity: _spread(
                [m.kept for m in mutants if (m.task, m.severity) == (task, severity)]
            )
            for severity in ("idea", "edge")
        }
        theirs = [one for one in public if one.task == task]
        console.print(
            f"{task}: idea keeps {kept['idea']}; edge keeps {kept['edge']};"
            f" public tests catch {caught(theirs, 'idea'):.0%} of idea,"
            f" {caught(theirs):.0%} of all",
            soft_wrap=True,
        )
    for mutant in mutants:
        for problem in mutant.problems():
            console.print(f"[red]{escape(problem)}[/]", soft_wrap=True)
