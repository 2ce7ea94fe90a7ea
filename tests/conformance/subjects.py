"""All that is tried on Triton: the conformance kernels, and the lessons' own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autograder.kernels.calls import (
    Recorded,
    calls_of,
    imported,
    kernel_lessons,
    record_call,
)
from autograder.student.lesson import Course
from tests.conformance.cases import CASES, SEEDS

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Subject:
    """What can be recorded with a seed."""

    name: str
    group: str
    tolerance: float
    record: Callable[[int], Recorded]
    seeds: range


def lesson_subjects() -> Iterator[Subject]:
    """Yield every call that a lesson lists, of its reference and its alternatives."""
    for lesson, listed in kernel_lessons(Course(ROOT)):
        files = (lesson.reference_path, *lesson.alternatives())
        modules = [(path.stem, imported(path)) for path in files]
        for call in calls_of(lesson, listed.CALLS):
            for stem, module in modules:
                kind = "references" if stem == "reference" else "alternatives"
                yield Subject(
                    f"{call.name} of {stem}",
                    f"{lesson.id}, {kind}",
                    call.tolerance,
                    lambda seed, call=call, module=module: record_call(
                        call, module, seed
                    ),
                    range(1),
                )


SUBJECTS = [
    *(
        Subject(c.name, "conformance kernels", c.tolerance, c.recorded, SEEDS)
        for c in CASES
    ),
    *lesson_subjects(),
]


def keep(folder: Path, name: str, recorded: Recorded) -> None:
    """Write a recorded call where `triton_side` finds it."""
    (folder / f"{name}.call.json").write_text(json.dumps(recorded.evidence))
    np.savez(folder / f"{name}.call.npz", *recorded.inputs)
