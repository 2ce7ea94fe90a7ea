"""Grades a lesson's own bank: its stub, reference, alternatives and mutants.

One ``Grader`` serves one lesson and seed, so the jail starts once a seed.
"""

from __future__ import annotations

from collections.abc import Iterator

from autograder.audit.result import LessonAudit
from autograder.grading.grade import Grader
from autograder.student.lesson import Lesson, Mutant
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report, TaskResult, Verdict
from autograder.student.testing.local import LocalSource, results_by_task, run_local

Key = tuple[str, str]  # ("mutant", "no-max")


def whole_bank(lesson: Lesson) -> dict[Key, Submission]:
    """Return every submission that the lesson keeps with the verdict it must get."""
    bank = {
        ("stub", ""): read_submission(lesson.exercise_path, lesson),
        ("reference", ""): read_submission(lesson.reference_path, lesson),
    }
    for path in lesson.alternatives():
        bank["alternative", path.stem] = read_submission(path, lesson)
    for mutant in lesson.mutants():
        bank["mutant", mutant.name] = mutant_submission(lesson, mutant)
    return bank


def mutant_submission(lesson: Lesson, mutant: Mutant) -> Submission:
    """Return what a student with that mistake would hand in: reference, then mutant."""
    reference = read_submission(lesson.reference_path, lesson)
    cells = [(cell.label, cell.source) for cell in reference.cells]
    cells.append((f"mutant {mutant.name}", mutant.source))
    return Submission.from_sources(f"{mutant.name}.py", cells)


def audit_bank(lesson: Lesson, audit: LessonAudit, seeds: int) -> None:
    """Grade the bank on seed 0 and the reference on every seed; note breaches.

    A mutant is graded in the task that it must lose.
    """
    bank = whole_bank(lesson)
    reference = {("reference", ""): bank["reference", ""]}
    for seed in range(seeds):
        reports = _grade(lesson, bank if seed == 0 else reference, seed)
        if seed == 0:
            audit.problems += _bank_problems(lesson, reports, audit)
        report = reports.get(("reference", ""))
        if report is not None:
            audit.reference_points[seed] = report.points
            audit.problems += _not_full(f"reference, seed {seed}", report)


def _grade(
    lesson: Lesson, submissions: dict[Key, Submission], seed: int
) -> dict[Key, Report]:
    reports: dict[Key, Report] = {}
    promised = {("mutant", m.name): (m.task,) for m in lesson.mutants()}
    Grader(lesson, seed).run(submissions.items(), reports.__setitem__, promised.get)
    return reports


def _bank_problems(
    lesson: Lesson, reports: dict[Key, Report], audit: LessonAudit
) -> Iterator[str]:
    for kind, name in whole_bank(lesson).keys() - reports.keys():
        yield f"{kind} {name}: the grader gave no report"
    for (kind, name), report in reports.items():
        if kind == "stub":
            audit.stub_points = report.points
            yield from _stub_problems(report)
        elif kind == "alternative":
            audit.alternatives_total += 1
            audit.alternatives_passed += report.points == report.max_points
            yield from _not_full(f"alternatives/{name}.py", report)
    for mutant in lesson.mutants():
        graded = reports.get(("mutant", mutant.name))
        if graded is not None and mutant.task in {t.name for t in lesson.tasks}:
            yield from _mutant_problems(mutant, graded, audit)


def _stub_problems(report: Report) -> Iterator[str]:
    if report.points:
        yield f"exercise.py: the untouched stub earns {report.points:g} points"
    for task in report.tasks:
        if task.verdict is not Verdict.NOT_ATTEMPTED:
            yield f"exercise.py: {task.task} untouched is {task.verdict}{_first(task)}"


def _mutant_problems(
    mutant: Mutant, report: Report, audit: LessonAudit
) -> Iterator[str]:
    where = f"mutants/{mutant.name}.py"
    task = report.task(mutant.task)
    audit.mutants_total += 1
    if task.verdict is Verdict.INFRA:
        yield f"{where}: the grader itself failed{_first(task)}"
    elif task.points == task.max_points:
        yield f"{where}: survives {mutant.task}"
    else:
        audit.mutants_killed += 1
        if task.diagnosis == mutant.name:
            audit.mutants_diagnosed += 1
        else:
            yield f"{where}: is taken for {task.diagnosis or 'nothing known'}"


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


def public_problems(lesson: Lesson) -> Iterator[str]:
    """Yield public tests that the reference fails: students could not pass them."""
    cells = read_submission(lesson.reference_path, lesson).cells
    (outcomes,) = run_local(lesson, lesson.public_tests, [LocalSource.load(cells)])
    for task in results_by_task(lesson, outcomes):
        if task.points != task.max_points:
            yield f"test_public.py: the reference fails in {task.task}{_first(task)}"
