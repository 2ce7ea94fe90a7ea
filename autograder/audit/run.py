"""Audits lessons part by part, over a few processes, and remembers what was found.

A part is a lesson's text, what its chapter measured, its stub, reference and
alternatives, the known mistakes of one task, or the public tests over all of them.
Each depends on files of its own, by whose digest its result is remembered.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

from autograder.audit import chapter as chapters
from autograder.audit import contract, figures
from autograder.audit.memory import Memory, key_of
from autograder.audit.result import (
    LessonAudit,
    MutantAudit,
    PublicAudit,
    mark_problems,
    public_test_problems,
)
from autograder.grading.needs import prepare
from autograder.grading.public_bank import put
from autograder.student.lesson import Course, Lesson, graded_files
from autograder.student.report import CourseError
from autograder.student.testing.mistakes import kept_file

SEEDS = 5
WORKERS = 2
_MEASURED, _BANK, _MUTANTS, _PUBLIC = "measured", "bank", "mutants", "public"


@dataclass(frozen=True)
class Part:
    """One part of a lesson's audit that takes a while."""

    lesson: str
    kind: str
    task: str = ""  # of known mistakes
    seeds: int = 0  # of stub, reference and alternatives


def audit_course(
    course: Course,
    names: Sequence[str],
    *,
    seeds: int = SEEDS,
    workers: int = WORKERS,
    memory: Memory | None = None,
    only_public: bool = False,
    on_done: Callable[[LessonAudit], None] = lambda audit: None,
) -> list[LessonAudit]:
    """Audit the lessons named, in parallel, and return them in the course's order.

    Args:
        course: the course.
        names: the lessons' folders.
        seeds: on how many seeds the reference must be full.
        workers: processes that share the work.
        memory: what earlier audits found; nothing by default.
        only_public: run the public tests over the known mistakes, and no other part.
        on_done: told each lesson's audit when it is complete.
    """
    audits = {name: _begun(course, name, not only_public) for name in sorted(names)}
    for name, problem in _shared_tasks(course):
        if name in audits:
            audits[name].problems.append(problem)
    parts = [
        part
        for name, audit in audits.items()
        if audit.ok or audit.tasks
        for part in parts_of(course.lesson(name), seeds)
        if part.kind == _PUBLIC or not only_public
    ]
    parts.sort(key=lambda part: part.kind != _MEASURED)  # the longest part is of these
    left = {name: sum(p.lesson == name for p in parts) for name in audits}
    for name in (name for name, count in left.items() if not count):
        on_done(audits[name])
    for part, found in _found(course, parts, workers, memory or Memory(None)):
        audit = audits[part.lesson]
        _take(audit, part, found)
        left[part.lesson] -= 1
        if not left[part.lesson]:
            audit.mutants.sort(key=lambda m: m.name)
            on_done(audit)
    return [audits[name] for name in audits]


def audit_named(root: Path, name: str, seeds: int = SEEDS) -> LessonAudit:
    """Audit one lesson of the course at ``root`` in this process."""
    course = Course(root)
    audit = _begun(course, name, is_read=True)
    if audit.tasks:
        for part in parts_of(course.lesson(name), seeds):
            _take(audit, part, run_part(root, part))
    return audit


def parts_of(lesson: Lesson, seeds: int = SEEDS) -> list[Part]:
    """Return the parts of a lesson's audit that are run."""
    return [
        *(Part(lesson.id, _MUTANTS, task=task.name) for task in lesson.tasks),
        Part(lesson.id, _BANK, seeds=seeds),
        Part(lesson.id, _PUBLIC),
        Part(lesson.id, _MEASURED),
    ]


def run_part(root: Path, part: Part) -> dict[str, Any]:
    """Run one part; return its problems, its numbers and the CPU seconds it took."""
    from autograder.audit.bank import audit_bank, audit_mutants
    from autograder.audit.public import audit_public, public_problems

    start = _cpu_s()
    lesson = Course(root).lesson(part.lesson)
    prepare(lesson)
    audit, jailed = LessonAudit(part.lesson), list[float]()

    def run(lesson: Lesson) -> Iterable[str]:
        if part.kind == _MEASURED:
            yield from measured_problems(lesson)
            yield from student_problems(lesson)
        elif part.kind == _PUBLIC:
            yield from public_problems(lesson)
            audit.public += audit_public(lesson)
        elif part.kind == _BANK:
            audit_bank(lesson, audit, part.seeds)
        else:
            audit.mutants += audit_mutants(lesson, part.task, on_cpu=jailed.append)

    audit.problems += guarded(run, lesson)
    found = asdict(audit)
    if part.kind == _PUBLIC and kept_file(lesson).is_file():
        found["mistakes"] = base64.b64encode(kept_file(lesson).read_bytes()).decode()
    found["reference_points"] = list(audit.reference_points.items())
    # The kernel does not add up what a jail's processes used: their group does.
    return found | {"cpu_s": _cpu_s() - start + audit.cpu_s + sum(jailed)}


def _cpu_s() -> float:
    """Return CPU seconds of this process and of what it has started and waited for."""
    import resource

    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    return time.process_time() + used[1].ru_utime + used[1].ru_stime


def _begun(course: Course, name: str, is_read: bool) -> LessonAudit:
    """Check that a lesson is there, and what reading its files is enough to see."""
    try:
        lesson = course.lesson(name)
    except CourseError as error:
        return LessonAudit(name, problems=[str(error)])
    audit = LessonAudit(lesson.id, points=sum(task.points for task in lesson.tasks))
    audit.problems += contract.missing_files(lesson)
    if audit.ok:
        audit.tasks = len(lesson.tasks)
        if is_read:
            audit.problems += guarded(read_problems, lesson)
    return audit


def _found(
    course: Course, parts: Sequence[Part], workers: int, memory: Memory
) -> Iterator[tuple[Part, dict[str, Any]]]:
    """Yield what each part found: remembered ones first, then as they are done."""
    keys = {}
    for part in parts:
        files = _files_of(course.lesson(part.lesson), part)
        keys[part] = key_of(course.lesson(part.lesson), repr(part), files)
    todo = []
    for part in parts:
        known = memory.get(keys[part])
        if known is None:
            todo.append(part)
        else:
            if "mistakes" in known:  # found in another copy of the course, perhaps
                put(course.lesson(part.lesson), base64.b64decode(known["mistakes"]))
            yield part, known | {"cpu_s": 0.0}
    if not todo:
        return
    context = get_context("spawn")  # a jail dislikes a forked parent
    count = min(workers, len(todo))
    with ProcessPoolExecutor(count, context, _leave_at_once) as pool:
        futures = {pool.submit(run_part, course.root, part): part for part in todo}
        for future in as_completed(futures):
            part, found = futures[future], future.result()
            memory.put(keys[part], found)
            yield part, found


def _leave_at_once() -> None:
    """Let this process end after its jails: Triton complains as Python takes leave."""
    Finalize(None, os._exit, (0,), exitpriority=-1)


def _files_of(lesson: Lesson, part: Part) -> list[Path]:
    """Return what a part depends on."""
    assert lesson.twin_dir is not None
    if part.kind == _MEASURED:
        folders = (lesson.course_dir, lesson.twin_dir)
        return [p for folder in folders for p in folder.rglob("*") if _is_source(p)]
    files = [*graded_files(lesson.course_dir), *graded_files(lesson.twin_dir)]
    if part.kind == _BANK:
        return [p for p in files if p.parent.name != "mutants"]
    if part.kind == _PUBLIC:
        return [p for p in files if p.parent != lesson.hidden_dir]
    own = f"test_{part.task}.py"
    others = {path for path in lesson.hidden_tests() if path.name != own}
    others |= set((lesson.twin_dir / "mutants").glob("*.toml"))
    others -= {lesson.twin_dir / "mutants" / f"{part.task}.toml"}
    others |= set(lesson.alternatives()) | {lesson.public_tests}
    return [path for path in files if path not in others]


def _is_source(path: Path) -> bool:
    noise = path.name == "NOTES.md" or "__pycache__" in path.parts
    return path.is_file() and not noise


def _take(audit: LessonAudit, part: Part, found: dict[str, Any]) -> None:
    """Add what a part found to its lesson's audit."""
    audit.problems += found["problems"]
    audit.cpu_s += found["cpu_s"]
    if part.kind == _BANK:
        audit.stub_points = found["stub_points"]
        audit.reference_points = dict(found["reference_points"])
        audit.alternatives_total = found["alternatives_total"]
        audit.alternatives_passed = found["alternatives_passed"]
    mutants = [MutantAudit(**mutant) for mutant in found["mutants"]]
    audit.mutants += mutants
    for mutant in mutants:
        audit.problems += mutant.problems()
    if part.kind == _PUBLIC:
        audit.public = [
            PublicAudit(**{**one, "names": tuple(one["names"])})
            for one in found["public"]
        ]
        audit.problems += public_test_problems(audit.public)
    if part.kind == _MUTANTS:
        audit.problems += mark_problems(part.task, mutants)


def _shared_tasks(course: Course) -> Iterator[tuple[str, str]]:
    """Yield tasks whose name another lesson has: ``check()`` could not tell them."""
    first: dict[str, str] = {}
    for name in course.ids:
        try:
            lesson = course.lesson(name)
        except CourseError:
            continue  # told elsewhere
        for task in lesson.tasks:
            if task.name in first:
                yield (
                    lesson.id,
                    f"lesson.toml: {first[task.name]} has a task {task.name} as well",
                )
            first.setdefault(task.name, lesson.id)


def read_problems(lesson: Lesson) -> Iterable[str]:
    """Yield what reading the lesson's files is enough to see."""
    text = (lesson.course_dir / "index.md").read_text(encoding="utf-8")
    chapter = chapters.Chapter(text)
    yield from chapters.problems(chapter)
    yield from contract.contract_problems(lesson, chapter)
    yield from contract.definition_problems(lesson)
    yield from contract.test_problems(lesson)
    yield from contract.rest_problems(lesson)
    yield from contract.mutant_problems(lesson)
    yield from contract.hint_problems(lesson)
    yield from contract.lint_problems(lesson)


def measured_problems(lesson: Lesson) -> Iterable[str]:
    """Yield numbers of the chapter and data of its figure that are not measured."""
    text = (lesson.course_dir / "index.md").read_text(encoding="utf-8")
    figure, claims, foreign = figures.recompute(lesson)
    yield from foreign
    yield from figures.trace_problems(lesson, figure)
    yield from chapters.claim_problems(chapters.Chapter(text), claims)


def student_problems(lesson: Lesson) -> Iterable[str]:
    """Yield that the notebook of the stub stops early."""
    from autograder.audit.stub_notebook import notebook_problems

    yield from notebook_problems(lesson)


def guarded(step: Callable[[Lesson], Iterable[str]], lesson: Lesson) -> list[str]:
    """Run a step to its first error, which becomes a problem like any other."""
    found: list[str] = []
    try:
        for problem in step(lesson):
            found.append(problem)
    except Exception as error:  # a lesson in progress may break anything
        found.append(f"{type(error).__name__}: {error}")
    return found
