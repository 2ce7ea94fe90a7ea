"""Runs a lesson's tests in this process, without a sandbox: for students and authors.

``python -m autograder.grading.local solutions/01-gradients --mutants`` prints what the
reference, the stub, the alternatives and every mutant earn. Grading never uses this.
"""

from __future__ import annotations

import argparse
import time
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.grading.plugin import GradingPlugin, Outcome, Runner, run_session
from autograder.grading.reference import Reference
from autograder.lesson import Lesson, Task, find_course
from autograder.report import TaskResult, Verdict
from autograder.sandbox.local import Cell, LoadFailures, LocalChannel
from autograder.sandbox.proxy import Session, StudentError

if TYPE_CHECKING:
    from autograder.sandbox.local_ranks import LocalParty


class LocalStudent:
    """A submission opened in this process."""

    def __init__(self, channel: LocalChannel) -> None:
        self._channel = channel
        self.session = Session(channel)
        self.cells = channel.cells
        self.tampered = False
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

    def close(self, passed: bool) -> float:
        """End it; CPU time is not measured here."""
        return 0.0


class LocalSource:
    """A submission loaded once in this process."""

    def __init__(self, channel: LocalChannel) -> None:
        self._channel = channel

    @classmethod
    def load(cls, cells: Sequence[Cell]) -> LocalSource:
        """Run the cells here."""
        return cls(LocalChannel.load(cells))

    @classmethod
    def over(cls, namespace: dict[str, object]) -> LocalSource:
        """Judge what a notebook's kernel holds."""
        module = types.ModuleType("submission")
        module.__dict__.update(namespace)
        cells = [
            (f"cell In[{number}]", text)
            for number, text in enumerate(_history(namespace))
            if text
        ]
        return cls(LocalChannel(module, LoadFailures(), cells))

    def open(self, task: Task, seed: int) -> LocalStudent:
        """Open it for one test."""
        return LocalStudent(self._channel.fresh())


def _history(namespace: dict[str, object]) -> list[str]:
    """What was typed into a notebook; a script has its own file."""
    typed, file = namespace.get("In"), namespace.get("__file__")
    if isinstance(typed, list):
        return [text for text in typed if isinstance(text, str)]
    if isinstance(file, str) and Path(file).is_file():
        return [Path(file).read_text(encoding="utf-8")]
    return []


def run_local(
    lesson: Lesson,
    tests: Path,
    sources: Iterable[LocalSource],
    *,
    seed: int = 0,
    wanted: Callable[[str, str], bool] = lambda test, task: True,
    reference: Reference | None = None,
) -> list[list[Outcome]]:
    """Run a test file over submissions in this process.

    Args:
        lesson: whose tasks the tests name.
        tests: the test file, public or hidden.
        sources: the submissions.
        seed: seed of the tests' random numbers.
        wanted: whether to run a test, given its name and its task.
        reference: for hidden tests.
    """
    found: list[list[Outcome]] = []

    def loop(runner: Runner) -> None:
        found.extend(list(runner.run(source, wanted)) for source in sources)

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


@dataclass(frozen=True)
class _File:
    label: str
    source: str
    names: tuple[str, ...] = ()


def _read(path: Path) -> _File:
    return _File(path.name, path.read_text(encoding="utf-8"))


def _line(name: str, results: Sequence[TaskResult], seconds: float) -> str:
    points = sum(result.points for result in results)
    most = sum(result.max_points for result in results)
    parts = [f"{r.task}={r.points:g}" for r in results if r.points < r.max_points]
    return f"{name:44} {points:5.1f}/{most:g}  {seconds:5.2f}s  {' '.join(parts)}"


def main() -> None:
    """Print what every known solution of a lesson earns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lesson", help="a lesson's number or folder")
    parser.add_argument("--mutants", action="store_true", help="run the mutants too")
    parser.add_argument("--only", default="", help="only mutants with this in the name")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    lesson = find_course().lesson(options.lesson)
    base = _read(lesson.reference_path)
    entries = [("reference", [base]), ("stub", [_read(lesson.exercise_path)])]
    entries += [(f"alternative {p.stem}", [_read(p)]) for p in lesson.alternatives()]
    promised = {}
    if options.mutants:
        for mutant in lesson.mutants():
            if options.only in mutant.name:
                promised[mutant.name] = mutant.task
                entries.append((mutant.name, [base, _read(mutant.path)]))
    reference = Reference(lesson.reference_path)

    def loop(runner: Runner) -> None:
        for name, cells in entries:
            start = time.perf_counter()
            outcomes = list(runner.run(LocalSource.load(cells)))
            results = results_by_task(lesson, outcomes)
            print(_line(name, results, time.perf_counter() - start))
            task = promised.get(name)
            if task and all(
                r.verdict is Verdict.PASSED for r in results if r.task == task
            ):
                print(f"    SURVIVED: loses nothing in {task}")
            if name == "reference" or (name in promised and options.only):
                for outcome in outcomes:
                    if outcome.result.verdict is not Verdict.PASSED:
                        print(f"    {outcome.result.test}: {outcome.result.verdict}")
                        print(f"      {outcome.result.message}")

    plugin = GradingPlugin(lesson, options.seed, loop, reference)
    run_session(plugin, lesson.hidden_tests)


if __name__ == "__main__":
    main()
