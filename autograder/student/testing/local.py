"""Runs a lesson's tests in this process, without a sandbox: for students and authors.

Grading never uses this.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from autograder.student.lesson import Lesson, Task
from autograder.student.loading import Cell, LoadFailures
from autograder.student.notebook.decode import RawCell, parse_python
from autograder.student.notebook.select import select_cells
from autograder.student.notebook.stub import stub_of
from autograder.student.proxy import Session, StudentError
from autograder.student.report import TaskResult
from autograder.student.testing.in_process import LocalChannel
from autograder.student.testing.plugin import (
    GradingPlugin,
    Outcome,
    Runner,
)
from autograder.student.testing.session import run_session

if TYPE_CHECKING:
    from autograder.student.testing.in_process_ranks import LocalParty


class LocalStudent:
    """A submission opened in this process."""

    def __init__(self, channel: LocalChannel) -> None:
        self._channel = channel
        self.session = Session(channel)
        self.cells = channel.cells
        self.ended_by: StudentError | None = None
        self.text: str | None = None  # kernels may come from anywhere here

    def clean(self) -> Session:
        """Return a session without the submission's names."""
        return Session(self._channel.clean())

    explorer = clean

    def ranks(self, n: int) -> LocalParty:
        """Return n copies that share no data."""
        return self._channel.ranks(n)

    def explain(self, name: str) -> StudentError:
        """Tell why the submission does not define a name."""
        return self._channel.explain(name)

    def close(self, passed: bool, goes_on: bool) -> float:
        """End it; CPU time is not measured here."""
        return 0.0


class LocalSource:
    """A submission loaded once in this process."""

    def __init__(self, channel: LocalChannel) -> None:
        self._channel = channel

    @property
    def cells(self) -> Sequence[tuple[str, str]]:
        """The label and the source of every cell."""
        return self._channel.cells

    @classmethod
    def load(cls, cells: Sequence[Cell]) -> Self:
        """Run the cells here."""
        return cls(LocalChannel.load(cells))

    @classmethod
    def over(cls, namespace: dict[str, object], lesson: Lesson) -> Self:
        """Judge what a notebook's kernel holds, or what a script has defined.

        What reads source gets of it what grading would: no examples, no checks.
        """
        module = types.ModuleType("submission")
        module.__dict__.update(namespace)
        chosen = select_cells(_typed(namespace), stub_of(lesson)).cells
        cells = [(cell.label, cell.source) for cell in chosen]
        return cls(LocalChannel(module, LoadFailures(), cells))

    def open(self, task: Task, seed: int) -> LocalStudent:
        """Open it for one test."""
        return LocalStudent(self._channel.fresh())


def _typed(namespace: dict[str, object]) -> list[RawCell]:
    """The cells of a notebook, in the order in which they ran, or of a script."""
    typed, file = namespace.get("In"), namespace.get("__file__")
    if isinstance(typed, list):
        return [
            RawCell(f"cell In[{number}]", "code", text)
            for number, text in enumerate(typed)
            if isinstance(text, str) and text
        ]
    if isinstance(file, str) and Path(file).is_file():
        return parse_python(Path(file).read_text(encoding="utf-8"), Path(file).name)
    return []


def run_local(
    lesson: Lesson,
    tests: Sequence[Path],
    sources: Iterable[LocalSource],
    *,
    seed: int = 0,
    wanted: Callable[[str, str], bool] = lambda test, task: True,
    reference: object | None = None,
    on_done: Callable[[list[Outcome]], None] = lambda outcomes: None,
) -> list[list[Outcome]]:
    """Run test files over submissions in this process.

    Args:
        lesson: whose tasks the tests name.
        tests: the test files, public or hidden.
        sources: the submissions.
        seed: seed of the tests' random numbers.
        wanted: whether to run a test, given its name and its task.
        reference: for hidden tests.
        on_done: told the outcomes of each submission when they are complete.
    """
    found: list[list[Outcome]] = []

    def loop(runner: Runner) -> None:
        for source in sources:
            found.append(list(runner.run(source, wanted)))
            on_done(found[-1])

    run_session(GradingPlugin(lesson, seed, loop, reference), tests)
    return found


def results_by_task(lesson: Lesson, outcomes: Sequence[Outcome]) -> list[TaskResult]:
    """Group outcomes into task results, in the lesson's order."""
    return [
        TaskResult(
            task.name,
            task.points,
            tuple(o.result for o in outcomes if o.result.task == task.name),
        )
        for task in lesson.tasks
    ]
