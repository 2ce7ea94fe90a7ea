"""Checks of a lesson's files that need nothing to be run."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from autograder.audit.chapter import Chapter
from autograder.grading.mutants import lesson_mutants
from autograder.student.hints import lesson_hints
from autograder.student.lesson import Lesson
from autograder.student.report import CourseError

COURSE_FILES = (
    "index.md",
    "lesson.toml",
    "exercise.py",
    "test_public.py",
    "hints.md",
    "figure.js",
    "trace.json",
)
TWIN_FILES = ("reference.py", "traces.py", "NOTES.md")
MOST_LINES = 600  # of a file of hidden tests

_TASK_CELL = re.compile(r"^# %%.*\btags=\[.*\"task\".*\].*\btask=\"(\w+)\"", re.M)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def missing_files(lesson: Lesson) -> Iterator[str]:
    """Yield each file of the lesson, or of its twin, that is absent or empty."""
    folders: list[tuple[Path, tuple[str, ...]]]
    folders = [(lesson.course_dir, COURSE_FILES)]
    if lesson.twin_dir is None:
        yield f"solutions/{lesson.id} is missing"
    else:
        folders.append((lesson.twin_dir, TWIN_FILES))
    for folder, names in folders:
        for name in names:
            path = folder / name
            if not path.is_file() or path.stat().st_size == 0:
                yield f"{folder.parent.name}/{folder.name}/{name} is missing or empty"


def contract_problems(lesson: Lesson, chapter: Chapter) -> Iterator[str]:
    """Yield what ``lesson.toml`` promises and the chapter does not keep."""
    names = {task.name for task in lesson.tasks}
    if len(lesson.outcomes) != 3:
        yield f"lesson.toml: {len(lesson.outcomes)} outcomes instead of three"
    for outcome in lesson.outcomes:
        if not names & set(re.findall(r"`(\w+)`", outcome)):
            yield f"lesson.toml: the outcome {outcome!r} names no task in backticks"
    for task in lesson.tasks:
        if task.chapter not in chapter.anchors:
            yield f"lesson.toml: task {task.name}: index.md has no #{task.chapter}"


def definition_problems(lesson: Lesson) -> Iterator[str]:
    """Yield where the stub and the reference differ in names or signatures."""
    stub = lesson.exercise_path.read_text(encoding="utf-8")
    reference = lesson.reference_path.read_text(encoding="utf-8")
    promised = [task.name for task in lesson.tasks]
    for name, text in (("exercise.py", stub), ("reference.py", reference)):
        cells = _TASK_CELL.findall(text)
        if cells != promised:
            yield f"{name}: task cells {cells}, lesson.toml has {promised}"
    in_stub, in_reference = _definitions(stub), _definitions(reference)
    for task in promised:
        if task not in in_stub:
            yield f"exercise.py: {task} is not defined"
        elif task not in in_reference:
            yield f"reference.py: {task} is not defined"
        else:
            yield from _differences(task, in_stub[task], in_reference[task])


def test_problems(lesson: Lesson) -> Iterator[str]:
    """Yield tests without one task mark, tasks that one test decides, and the like."""
    names = {task.name for task in lesson.tasks}
    yield from _public_test_problems(lesson.public_tests, names)
    seen: dict[str, str] = {}
    for task, path in zip(lesson.tasks, lesson.hidden_tests(), strict=True):
        if not path.is_file():
            yield f"hidden/{path.name} is missing"
            continue
        tests = list(_task_marks(path))
        for test, marks in tests:
            if marks != [task.name]:
                yield f"hidden/{path.name}: {test} needs the mark task({task.name!r})"
            if test in seen:
                yield f"hidden/{path.name}: {test} stands in {seen[test]} as well"
            seen[test] = path.name
        if len(tests) < 2:
            yield f"hidden/{path.name}: {len(tests)} test decides the whole task"
    known = {path.name for path in lesson.hidden_tests()}
    for path in sorted(lesson.hidden_dir.glob("*.py")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if path.name.startswith("test_") and path.name not in known:
            yield f"hidden/{path.name} is of no task"
        if lines > MOST_LINES:
            yield f"hidden/{path.name} has {lines} lines, more than {MOST_LINES}"


def _public_test_problems(path: Path, names: set[str]) -> Iterator[str]:
    tested: set[str] = set()
    for test, marks in _task_marks(path):
        if len(marks) != 1:
            yield f"{path.name}: {test} has {len(marks)} task marks, not one"
        for mark in marks:
            if mark not in names:
                yield f"{path.name}: {test}: lesson.toml has no task {mark!r}"
        tested |= set(marks)
    for name in sorted(names - tested):
        yield f"{path.name}: task {name} has no test"


def rest_problems(lesson: Lesson) -> Iterator[str]:
    """Yield what tasks rest on that cannot be lent: only functions can."""
    reference = _definitions(lesson.reference_path.read_text(encoding="utf-8"))
    for task in lesson.tasks:
        for name in task.rests_on:
            if not isinstance(reference.get(name), ast.FunctionDef):
                yield f"lesson.toml: {task.name} rests on {name}, which is no function"


def mutant_problems(lesson: Lesson) -> Iterator[str]:
    """Yield mutants that do not fit, sentences told twice, tasks without a mutant."""
    names = [task.name for task in lesson.tasks]
    reference = lesson.reference_path.read_text(encoding="utf-8")
    told: dict[str, str] = {}
    mutants = lesson_mutants(lesson)
    for mutant in mutants:
        if mutant.task not in names:
            yield f"{mutant.where}: lesson.toml has no task {mutant.task!r}"
        if mutant.says in told:
            yield f"{mutant.where}: says the same as {told[mutant.says]}"
        told[mutant.says] = mutant.name
        try:
            mutant.check(reference)
        except CourseError as error:
            yield str(error)
    for name in names:
        if name not in {mutant.task for mutant in mutants}:
            yield f"mutants: none is of task {name}"


def hint_problems(lesson: Lesson) -> Iterator[str]:
    """Yield the first thing for which the website, too, would refuse the hints."""
    try:
        lesson_hints(lesson)
    except CourseError as problem:
        yield str(problem)


def lint_problems(lesson: Lesson) -> Iterator[str]:
    """Yield what ruff complains of in the lesson's files, where ruff is installed."""
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    folders = [
        str(lesson.course_dir),
        *([str(lesson.twin_dir)] if lesson.twin_dir else []),
    ]
    if ruff is None:
        return
    for words in (["check", "--output-format=concise"], ["format", "--check"]):
        command = [ruff, *words, "--quiet", "--no-cache", *folders]
        done = subprocess.run(command, capture_output=True, text=True, cwd=lesson.root)
        lines = (done.stdout + done.stderr).splitlines() if done.returncode else []
        for line in lines[:_MOST_COMPLAINTS]:
            yield f"ruff {words[0]}: {line}"


_MOST_COMPLAINTS = 5


def _definitions(source: str) -> dict[str, Definition]:
    return {
        node.name: node
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def _differences(name: str, stub: Definition, reference: Definition) -> Iterator[str]:
    if isinstance(stub, ast.ClassDef) and isinstance(reference, ast.ClassDef):
        theirs = _methods(reference)
        for method, definition in _methods(stub).items():
            if method not in theirs:
                yield f"reference.py: {name} has no method {method}"
            else:
                yield from _differences(f"{name}.{method}", definition, theirs[method])
    elif isinstance(stub, ast.ClassDef) or isinstance(reference, ast.ClassDef):
        yield f"{name} is a class in one of exercise.py and reference.py only"
    elif _signature(stub) != _signature(reference):
        yield (
            f"{name}: exercise.py has {_signature(stub)},"
            f" reference.py {_signature(reference)}"
        )


def _methods(node: ast.ClassDef) -> dict[str, ast.FunctionDef]:
    return {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"({ast.unparse(node.args)}){returns}"


def _task_marks(path: Path) -> Iterator[tuple[str, list[str]]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name, list(_marks(node))


def _marks(node: ast.FunctionDef) -> Iterator[str]:
    for decorator in node.decorator_list:
        if (
            isinstance(decorator, ast.Call)
            and ast.unparse(decorator.func) == "pytest.mark.task"
            and decorator.args
            and isinstance(decorator.args[0], ast.Constant)
        ):
            yield str(decorator.args[0].value)
