"""Audits one lesson, or all of them over a few processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from autograder.audit import chapter as chapters
from autograder.audit import contract, figures
from autograder.audit.result import LessonAudit
from autograder.student.lesson import Course, Lesson
from autograder.student.report import CourseError

SEEDS = 5
WORKERS = 2


def audit_course(
    course: Course,
    names: Iterable[str],
    *,
    seeds: int = SEEDS,
    workers: int = WORKERS,
    on_done: Callable[[LessonAudit], None] = lambda audit: None,
) -> list[LessonAudit]:
    """Audit the lessons named, in parallel, and return them in the course's order."""
    done: dict[str, LessonAudit] = {}
    context = get_context("spawn")  # a jail and torch dislike a forked parent
    with ProcessPoolExecutor(
        workers, mp_context=context, max_tasks_per_child=1
    ) as pool:
        futures = [pool.submit(audit_named, course.root, n, seeds) for n in names]
        for future in as_completed(futures):
            audit = future.result()
            done[audit.lesson] = audit
            on_done(audit)
    return [done[name] for name in sorted(done)]


def audit_named(root: Path, name: str, seeds: int = SEEDS) -> LessonAudit:
    """Audit one lesson of the course at ``root``; a broken contract is a problem."""
    try:
        lesson = Course(root).lesson(name)
    except CourseError as error:
        return LessonAudit(name, problems=[str(error)])
    return audit_lesson(lesson, seeds)


def audit_lesson(lesson: Lesson, seeds: int = SEEDS) -> LessonAudit:
    """Hold one lesson to its whole contract."""
    audit = LessonAudit(
        lesson.id,
        tasks=len(lesson.tasks),
        points=sum(task.points for task in lesson.tasks),
    )
    start = time.perf_counter()
    audit.problems += contract.missing_files(lesson)
    if audit.ok:
        steps: tuple[Callable[[Lesson], Iterable[str]], ...] = (
            read_problems,
            measured_problems,
            lambda lesson: _bank_problems(lesson, audit, seeds),
        )
        for step in steps:
            audit.problems += guarded(step, lesson)
    audit.seconds = time.perf_counter() - start
    return audit


def read_problems(lesson: Lesson) -> Iterable[str]:
    """Yield what reading the lesson's files is enough to see."""
    text = (lesson.course_dir / "index.md").read_text(encoding="utf-8")
    chapter = chapters.Chapter(text)
    yield from chapters.problems(chapter)
    yield from contract.contract_problems(lesson, chapter)
    yield from contract.definition_problems(lesson)
    yield from contract.test_problems(lesson)
    yield from contract.mutant_problems(lesson)
    yield from contract.hint_problems(lesson)


def measured_problems(lesson: Lesson) -> Iterable[str]:
    """Yield what the chapter says that it measured and the reference does not give."""
    text = (lesson.course_dir / "index.md").read_text(encoding="utf-8")
    figure, claims = figures.recompute(lesson)
    yield from figures.trace_problems(lesson, figure)
    yield from chapters.claim_problems(chapters.Chapter(text), claims)


def _bank_problems(lesson: Lesson, audit: LessonAudit, seeds: int) -> Iterable[str]:
    from autograder.audit.bank import audit_bank, public_problems

    yield from public_problems(lesson)
    audit_bank(lesson, audit, seeds)


def guarded(step: Callable[[Lesson], Iterable[str]], lesson: Lesson) -> list[str]:
    """Run a step to its first error, which becomes a problem like any other."""
    found: list[str] = []
    try:
        for problem in step(lesson):
            found.append(problem)
    except Exception as error:  # a lesson in progress may break anything
        found.append(f"{type(error).__name__}: {error}")
    return found
