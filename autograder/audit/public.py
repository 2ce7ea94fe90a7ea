"""Audits the tests that students have: what they catch, and what check makes of it."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.audit.result import PublicAudit
from autograder.grading.mutants import lesson_mutants
from autograder.grading.public_bank import keep, public_outcomes, told
from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import read_submission
from autograder.student.report import Verdict
from autograder.student.testing.draws import STEPS
from autograder.student.testing.local import LocalSource
from autograder.student.testing.mistakes import name_mistakes, pack, unpack
from autograder.student.testing.plugin import GradingPlugin, Runner
from autograder.student.testing.session import run_session


def audit_public(lesson: Lesson, task: str | None = None) -> list[PublicAudit]:
    """Run the public tests over the known mistakes, as a student's check would.

    Args:
        lesson: the lesson.
        task: the mistakes of this task alone; all by default.
    """
    mutants = [m for m in lesson_mutants(lesson) if task in (None, m.task)]
    answered = list(public_outcomes(lesson, mutants))
    mistakes = [told(mutant, outcomes) for mutant, outcomes in answered]
    if task is None:
        keep(lesson, mistakes)
    mistakes = unpack(lesson, pack(lesson, mistakes))
    return [
        PublicAudit(
            mutant.name,
            mutant.task,
            mutant.severity,
            any(
                outcome.result.verdict is not Verdict.PASSED
                for outcome in outcomes
                if outcome.result.task == mutant.task
            ),
            tuple(m.name for m in name_mistakes(lesson, mistakes, outcomes).values()),
        )
        for mutant, outcomes in answered
    ]


def public_problems(lesson: Lesson) -> Iterator[str]:
    """Yield public tests that a right solution fails: students could not pass them."""
    sources = {
        f"{p.parent.name}/{p.name}": LocalSource.load(read_submission(p, lesson).cells)
        for p in lesson.alternatives()
    }
    reference = LocalSource.load(read_submission(lesson.reference_path, lesson).cells)
    problems: dict[tuple[str, str], str] = {}  # one for each solution and task

    def ask(runner: Runner, name: str, source: LocalSource, *steps: float) -> None:
        for step in (None, *steps):
            draws = "" if step is None else f", draws rounded to {step:g}"
            for result in (one.result for one in runner.run(source, step=step)):
                if result.verdict is not Verdict.PASSED:
                    said = " / ".join(str(result.message).splitlines())
                    told = f"{name} fails in {result.task}{draws}: {said}"
                    problems.setdefault((name, result.task), told)

    def loop(runner: Runner) -> None:
        ask(runner, "the reference", reference, *STEPS)
        for name, source in sources.items():
            ask(runner, name, source, STEPS[0])  # the coarsest: it has the most ties

    run_session(GradingPlugin(lesson, 0, loop), [lesson.public_tests])
    for problem in problems.values():
        yield f"test_public.py: {problem}"
