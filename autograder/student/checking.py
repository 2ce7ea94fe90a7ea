"""What notebooks and exercise files use: ``start``, ``check``, ``attempt``, ``points``.

Runs the public tests of a task against the names that the caller has defined, in the
caller's own process and without a sandbox. Outside a notebook or a script that is run
(when a file is imported, or graded) every function here does nothing.
"""

from __future__ import annotations

import contextlib
import html
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.student.lesson import Course, Lesson, find_course
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, Message, TaskResult, Verdict, gettext
from autograder.student.verdict_words import verdict_word

if TYPE_CHECKING:
    from autograder.student.error_map import Drawing
    from autograder.student.testing.mistakes import Mistake
    from autograder.student.testing.plugin import Outcome
    from autograder.student.testing.time_limit import WatchedSource

LESSON_ENV = "GRADIENTS_LESSON"  # names the lesson where nothing else does
_current: list[str] = []  # the lesson that start() named


@dataclass(frozen=True)
class CheckResult:
    """What the public tests of some tasks found; notebooks show it as a card."""

    lesson: Lesson
    tasks: tuple[TaskResult, ...]
    notes: tuple[str, ...] = ()
    printed: Mapping[str, str] = field(default_factory=dict)  # by task; "": by loading
    drawings: Mapping[str, Drawing] = field(default_factory=dict)  # by task

    @property
    def passed(self) -> bool:
        """Whether every task that was checked passed."""
        return all(task.verdict is Verdict.PASSED for task in self.tasks)

    @property
    def next_task(self) -> TaskResult | None:
        """The first task that still needs work."""
        open_tasks = (t for t in self.tasks if t.verdict is not Verdict.PASSED)
        return next(open_tasks, None)

    def __str__(self) -> str:
        return "\n".join([*map(task_text, self.tasks), *self.printed_texts])

    @property
    def printed_texts(self) -> list[str]:
        """What the student's code printed, each under the task that printed it."""
        order = ["", *(task.task for task in self.tasks)]
        return [
            printed_text(name, self.printed[name])
            for name in order
            if name in self.printed
        ]

    def __repr__(self) -> str:
        return "; ".join(f"{t.task}: {summary(t)}" for t in self.tasks)

    def _repr_html_(self) -> str:
        return "\n".join(map(self.card, self.tasks))

    def card(self, result: TaskResult) -> str:
        """Return a task's result as a piece of a page."""
        colour = _COLOURS.get(result.verdict, "#b3261e")
        anchor = self.lesson.task(result.task).chapter
        drawn = self.drawings.get(result.task)
        look = f"course/{self.lesson.id}/index.md#{anchor}"
        return (
            f'<div role="status" style="border-left:6px solid {colour};'
            'padding:.2em .8em;margin:.3em 0">'
            f"<strong>{html.escape(result.task)}</strong>:"
            f" {html.escape(summary(result))}<br>"
            f"<small>Chapter: <code>{html.escape(look)}</code></small>"
            f"{drawn.html() if drawn else ''}</div>"
        )


_COLOURS = {Verdict.PASSED: "#1b7f3b", Verdict.NOT_ATTEMPTED: "#6b6b6b"}


def start(lesson: str) -> None:
    """Say which lesson this notebook answers; the setup cell calls it."""
    _current[:] = [lesson]


def check(task: str | None = None) -> CheckResult | None:
    """Run the public tests of a task, or of all tasks, on what you have defined.

    Args:
        task: a task's name; all tasks of the lesson by default.

    Returns:
        A card for the notebook to show; None where this file is only imported.
    """
    namespace = sys._getframe(1).f_globals
    if namespace.get("__name__") != "__main__":
        return None
    try:
        result = _check_namespace(namespace, task)
    except CourseError as error:
        print(error)
        return None
    print(result)
    return result


def points(task: str) -> float:
    """Return the points that the public tests alone would give for a task.

    The grade comes from hidden tests; where only stock nbgrader runs a notebook, this
    number is what it can grade by.
    """
    namespace = sys._getframe(1).f_globals
    if namespace.get("__name__") != "__main__":
        return 0.0
    return float(_check_namespace(namespace, task).tasks[0].points)


@contextlib.contextmanager
def attempt() -> Iterator[None]:
    """Run a cell that needs a task's answer, and say so calmly if there is none yet."""
    try:
        yield
    except NotImplementedError as error:
        print(
            verdict_word(Verdict.NOT_ATTEMPTED) + (f" ({error})" if str(error) else "")
        )
    except ModuleNotFoundError as error:
        needs = gettext("this cell needs the package {name}: pip install {name}")
        print(needs.format(name=error.name))


def check_submission(
    lesson: Lesson,
    submission: Submission,
    task: str | None = None,
    when_stuck: Callable[[str], None] = lambda what: None,
) -> CheckResult:
    """Run the public tests on a submission read from a file, in this process.

    Args:
        lesson: the lesson that it answers.
        submission: its cells.
        task: the one task to check; all by default.
        when_stuck: told, in another thread, whose code cannot be ended.

    Raises:
        CourseError: the lesson has no such task.
    """
    wanted = _wanted(lesson, task)
    source = load_watched(lesson, submission, when_stuck)
    return replace(_run(lesson, wanted, source), notes=submission.notes)


def load_watched(
    lesson: Lesson, submission: Submission, when_stuck: Callable[[str], None]
) -> WatchedSource:
    """Load a submission whose tests are ended when their time is up.

    Raises:
        CourseError: loading it does not end, or a package that it needs is missing.
    """
    from autograder.student.errors import TimeUp
    from autograder.student.testing.time_limit import Watch, WatchedSource

    lesson.import_needs()
    try:
        with Watch(_LOAD_SECONDS, lambda: when_stuck(submission.name)):
            source = WatchedSource.load(submission.cells)
    except TimeUp:
        raise CourseError(
            f"{submission.name} was stopped after {_LOAD_SECONDS:.0f} s of loading:"
            " what stands outside functions takes too long"
        ) from None
    source.when_stuck = when_stuck
    return source


_LOAD_SECONDS = 20.0


def _check_namespace(namespace: dict[str, Any], task: str | None) -> CheckResult:
    from autograder.student.testing.time_limit import WatchedSource

    lesson = _find_lesson(namespace, task)
    lesson.import_needs()
    source = WatchedSource.over(namespace, lesson)
    return _run(lesson, _wanted(lesson, task), source, _cell_names())


def _wanted(lesson: Lesson, task: str | None) -> tuple[str, ...]:
    names = tuple(t.name for t in lesson.tasks)
    return names if task is None else (lesson.task(task).name,)


def _run(
    lesson: Lesson,
    wanted: Sequence[str],
    source: WatchedSource,
    cell_names: dict[str, str] | None = None,
) -> CheckResult:
    from autograder.student.testing.local import results_by_task
    from autograder.student.testing.mistakes import known_to, name_mistakes

    outcomes = _outcomes(lesson, wanted, source)
    drawings: dict[str, Drawing] = {}
    for outcome in outcomes:
        if outcome.failed is not None and outcome.failed.drawing is not None:
            drawings.setdefault(outcome.result.task, outcome.failed.drawing)
    results = results_by_task(lesson, outcomes)
    is_right = all(result.verdict is Verdict.PASSED for result in results)
    known = [] if is_right else known_to(lesson)
    named = name_mistakes(lesson, known, outcomes)
    tasks = tuple(
        _relabelled(_with_mistake(result, named.get(result.task)), cell_names or {})
        for result in results
        if result.task in wanted
    )
    return CheckResult(lesson, tasks, printed=source.printed, drawings=drawings)


def _outcomes(
    lesson: Lesson, wanted: Sequence[str], source: WatchedSource
) -> list[Outcome]:
    from autograder.student.testing.local import run_local

    source.lesson = lesson
    (outcomes,) = run_local(
        lesson,
        [lesson.public_tests],
        [source],
        wanted=lambda _test, task: task in wanted,
    )
    return outcomes


def _with_mistake(result: TaskResult, mistake: Mistake | None) -> TaskResult:
    if mistake is None:
        return result
    return replace(result, diagnosis=mistake.name, diagnosis_text=mistake.text)


def _find_lesson(namespace: dict[str, Any], task: str | None) -> Lesson:
    """Find the lesson that a notebook or a script belongs to.

    ``start`` in the setup cell tells; else the environment, the file's place or name,
    or the one lesson that has such a task.
    """
    course = find_course(_course_hint(namespace))
    for name in (*_current, os.environ.get(LESSON_ENV, "")):
        if name:
            return course.lesson(name)
    for path in _files(namespace):
        for part in (path.parent.name, path.stem):
            fits = [i for i in course.ids if i == part or part.startswith(i)]
            if len(fits) == 1:
                return course.lesson(fits[0])
    holders = [lesson for lesson in course.lessons if _has(lesson, task)]
    if len(holders) == 1:
        return holders[0]
    raise CourseError(
        'check() does not know the lesson: put start("01-gradients"), with your'
        " lesson's name, into the setup cell"
    )


def _has(lesson: Lesson, task: str | None) -> bool:
    return any(t.name == task for t in lesson.tasks)


def _files(namespace: dict[str, Any]) -> Iterator[Path]:
    """Yield what may be the path of the running notebook or script."""
    for key in ("__vsc_ipynb_file__", "__session__", "__file__"):
        value = namespace.get(key)
        if isinstance(value, str):
            yield Path(value).absolute()
    if os.environ.get("JPY_SESSION_NAME"):
        yield Path(os.environ["JPY_SESSION_NAME"]).absolute()


def _course_hint(namespace: dict[str, Any]) -> Path | None:
    """Return the place of a script, so that its own copy of the course is used."""
    for path in _files(namespace):
        folders: tuple[Path, ...] = tuple(path.parents)
        if any(Course(folder).ids for folder in folders):
            return path.parent
    return None


def _cell_names() -> dict[str, str]:
    """Map the file names that IPython gives to cells to what a student calls them."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    names = getattr(getattr(shell, "compile", None), "_filename_map", None)
    if not isinstance(names, dict):
        return {}
    return {str(file): f"cell In[{number}]" for file, number in names.items()}


def _relabelled(result: TaskResult, names: dict[str, str]) -> TaskResult:
    """Name notebook cells in messages instead of temporary files."""

    def told(text: str) -> str:
        for file, name in names.items():
            text = text.replace(file, name)
        return text

    return replace(
        result,
        tests=tuple(
            replace(
                test,
                message=test.message
                and Message(
                    told(test.message.where),
                    told(test.message.evidence),
                    told(test.message.look),
                ),
            )
            for test in result.tests
        ),
    )


def summary(result: TaskResult) -> str:
    """Tell a task's verdict and how many public tests passed, on one line."""
    if result.verdict is Verdict.NOT_ATTEMPTED:
        return verdict_word(result.verdict)
    good = sum(test.verdict is Verdict.PASSED for test in result.tests)
    text = gettext("{verdict} ({good} of {all} public tests)")
    return text.format(
        verdict=verdict_word(result.verdict), good=good, all=len(result.tests)
    )


def task_text(result: TaskResult) -> str:
    """Return a task's verdict and, where something failed, the three lines."""
    head = f"{result.task}: {summary(result)}"
    unattempted = result.verdict is Verdict.NOT_ATTEMPTED
    if result.message is None or unattempted:
        return head
    return f"{head}\n{failure_text(result)}"


def failure_text(result: TaskResult) -> str:
    """Return the three lines of a failing task, and the mistake where it is known."""
    lines = [str(result.message)]
    if result.diagnosis_text:
        text = gettext("Looks like: {mistake}").format(mistake=result.diagnosis_text)
        lines.append(f"  {text}")
    return "\n".join(lines)


def printed_text(task: str, text: str) -> str:
    """Return what was printed, under the name of the task that printed it."""
    head = gettext("{task} printed:") if task else gettext("loading printed:")
    return head.format(task=task) + "\n" + textwrap.indent(text.rstrip("\n"), "  ")
