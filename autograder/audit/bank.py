"""Grades a lesson's own bank: its stub, reference, alternatives and mutants.

Mutants are graded task by task, each in the task that it must lose, and by that task's
tests alone. What they answer is kept, so that recognising each among the others costs
no further run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from multiprocessing.util import Finalize

from autograder.audit.result import LessonAudit, MutantAudit
from autograder.grading.grade import Grader, warm
from autograder.grading.mutants import Mutant, lesson_mutants
from autograder.grading.public_bank import mutant_submission
from autograder.sandbox.jail import Jail
from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report, TaskResult, Verdict
from autograder.student.testing.answers import Answers
from autograder.student.testing.failure import Failure
from autograder.student.testing.plugin import Outcome

Key = tuple[str, str]  # ("alternative", "matrix_duals")


def audit_bank(lesson: Lesson, audit: LessonAudit, seeds: int) -> None:
    """Grade stub and alternatives on seed 0, the reference on every seed.

    On further seeds only what a seed changes is run again.
    """
    reference = read_submission(lesson.reference_path, lesson)
    bank: dict[Key, Submission] = {
        ("stub", ""): read_submission(lesson.exercise_path, lesson),
        ("reference", ""): reference,
    }
    for path in lesson.alternatives():
        bank["alternative", path.stem] = read_submission(path, lesson)
    first: Report | None = None  # of the reference
    for seed in range(seeds):
        submissions = bank if seed == 0 else {("reference", ""): reference}
        reports: dict[Key, Report] = {}
        grader = Grader(
            lesson,
            seed,
            jail=_jail(warm(lesson)),
            diagnose=False,
            seeded_only=seed > 0,
        )
        grader.run(submissions.items(), reports.__setitem__)
        audit.cpu_s += grader.jailed_cpu_s or 0.0
        for (kind, name), report in reports.items():
            if kind == "stub":
                audit.stub_points = report.points
                audit.problems += _stub_problems(report)
            elif kind == "alternative":
                audit.alternatives_total += 1
                audit.alternatives_passed += report.points == report.max_points
                audit.problems += _not_full(f"alternatives/{name}.py", report)
            else:
                first = report if first is None else _renewed(first, report)
                audit.reference_points[seed] = first.points
                audit.problems += _not_full(f"reference, seed {seed}", first)
        for kind, name in submissions.keys() - reports.keys():
            audit.problems.append(f"{kind} {name}: the grader gave no report")


def _renewed(known: Report, again: Report) -> Report:
    """Return a report with the results of tests that were run again."""
    results = {test.test: test for task in again.tasks for test in task.tests}
    tasks = (
        replace(task, tests=tuple(results.get(t.test, t) for t in task.tests))
        for task in known.tasks
    )
    return replace(known, seed=again.seed, tasks=tuple(tasks))


def audit_mutants(
    lesson: Lesson,
    task: str,
    only: Collection[str] | None = None,
    on_cpu: Callable[[float], None] = lambda cpu_s: None,
) -> list[MutantAudit]:
    """Grade a task's known mistakes in that task.

    Args:
        lesson: the lesson.
        task: the task that they must lose.
        only: these alone; the others are run only where that is needed to tell them
            apart.
        on_cpu: told the CPU seconds that the jail took, where they can be counted.
    """
    mutants = [m for m in lesson_mutants(lesson) if m.task == task]
    if only is not None:
        return _audit_some(lesson, task, [m for m in mutants if m.name in only])
    answers: dict[str, dict[str, Answers]] = {}
    failures: dict[str, Failure] = {}
    reports: dict[str, Report] = {}

    def keep(name: str, outcomes: Sequence[Outcome]) -> None:
        read = {o.result.test: Answers.of(o) for o in outcomes}
        answers[name] = read
        failures[name] = Failure.of(outcomes, lambda o: read[o.result.test])

    grader = Grader(
        lesson,
        jail=_jail(warm(lesson)),
        diagnose=False,
        only={task},
        ours=True,
        on_outcomes=keep,
    )
    submissions = ((m.name, mutant_submission(lesson, m)) for m in mutants)
    grader.run(submissions, reports.__setitem__)
    on_cpu(grader.jailed_cpu_s or 0.0)
    found = []
    for mutant in mutants:
        failure = failures[mutant.name]
        taken_for = None
        if failure.tells:
            likely = (
                other.name
                for other in mutants
                if failure.explained_by(answers[other.name].__getitem__)
            )
            taken_for = next(likely, None)
        found.append(_audited(mutant, reports[mutant.name], taken_for))
    return found


def _audit_some(
    lesson: Lesson, task: str, mutants: Sequence[Mutant]
) -> list[MutantAudit]:
    reports: dict[str, Report] = {}
    submissions = ((m.name, mutant_submission(lesson, m)) for m in mutants)
    Grader(lesson, only={task}, ours=True).run(submissions, reports.__setitem__)
    return [
        _audited(m, r, r.task(task).diagnosis)
        for m in mutants
        if (r := reports[m.name])
    ]


@functools.cache
def _jail(modules: tuple[str, ...]) -> Jail:
    """Return this process's jail: to start one takes as long as twenty mistakes."""
    jail = Jail(modules)
    Finalize(None, jail.close, exitpriority=0)
    return jail


def _audited(mutant: Mutant, report: Report, taken_for: str | None) -> MutantAudit:
    task = report.task(mutant.task)
    problem = ""
    if task.verdict is Verdict.INFRA:
        problem = f"the grader itself failed{_first(task)}"
    elif not task.tests:
        problem = f"{mutant.task} has no test"
    return MutantAudit(
        mutant.name,
        mutant.where,
        mutant.task,
        mutant.severity,
        task.points / task.max_points,
        any(t.core and t.verdict is not Verdict.PASSED for t in task.tests),
        taken_for,
        problem,
    )


def _stub_problems(report: Report) -> Iterator[str]:
    if report.points:
        yield f"exercise.py: the untouched stub earns {report.points:g} points"
    for task in report.tasks:
        if task.verdict is not Verdict.NOT_ATTEMPTED:
            yield f"exercise.py: {task.task} untouched is {task.verdict}{_first(task)}"


def _not_full(what: str, report: Report) -> Iterator[str]:
    for task in report.tasks:
        if task.points != task.max_points:
            yield (
                f"{what}: {task.points:g} of {task.max_points:g} points in"
                f" {task.task}{_first(task)}"
            )


def _first(task: TaskResult) -> str:
    message = task.message
    return "" if message is None else f": {' / '.join(str(message).splitlines())}"
