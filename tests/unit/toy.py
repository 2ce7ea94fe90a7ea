"""A lesson of two tasks, written to a folder: small enough to know every answer."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from autograder.student.lesson import Course, Lesson

FILES = {
    "course/00-toy/lesson.toml": """
        title = "Toy"
        part = "Start here"
        reading = 10
        solving = 20
        outcomes = ["a `mean`", "b `Box`", "c `mean`"]
        reveal_expected = true
        [[task]]
        name = "mean"
        points = 10
        seconds = 1
        memory_mb = 256
        chapter = "step-1"
        [[task]]
        name = "Box"
        points = 5
        seconds = 1
        memory_mb = 256
        chapter = "step-2"
    """,
    "course/00-toy/exercise.py": """
        import numpy as np
        def mean(x):
            raise NotImplementedError("mean: chapter, step 1")
        class Box:
            def __init__(self, value):
                raise NotImplementedError("Box: chapter, step 2")
        def apply(f, value):
            raise NotImplementedError("apply: chapter, step 2")
    """,
    "solutions/00-toy/reference.py": """
        import numpy as np
        def mean(x):
            if len(x) == 0:
                raise ValueError("nothing to average")
            return float(np.sum(x) / len(x))
        class Box:
            def __init__(self, value):
                self.value = value
            def __add__(self, other):
                more = other.value if isinstance(other, Box) else other
                return Box(self.value + more)
            __radd__ = __add__
            def get(self):
                return self.value
        def apply(f, value):
            return f(Box(value)).get()
    """,
    "solutions/00-toy/mutants/mean.toml": """
        [[mutant]]
        name = "off-by-one"
        says = "The sum is divided by n - 1."
        look = "Chapter, step 1."
        severity = "idea"
        find = "/ len(x))"
        put = "/ max(len(x) - 1, 1))"

        [[mutant]]
        name = "sum-only"
        says = "The sum is never divided."
        look = "Chapter, step 1."
        severity = "idea"
        find = "np.sum(x) / len(x)"
        put = "np.sum(x)"
    """,
    "solutions/00-toy/hidden/common.py": """
        STEP_1 = "Chapter, step 1."
    """,
    "solutions/00-toy/hidden/test_mean.py": """
        import numpy as np
        import pytest
        from autograder.student.testing import check
        from hidden.common import STEP_1

        @pytest.mark.task("mean", core=True)
        def test_mean(student, reference, rng):
            x = rng.normal(size=50)
            check.close(student.mean(x), reference.mean(x), rtol=1e-12,
                        where="mean of 50 numbers", look=STEP_1)

        @pytest.mark.task("mean")
        def test_nothing(student):
            check.raises(ValueError, student.mean, np.array([]), where="of nothing")
    """,
    "solutions/00-toy/hidden/test_Box.py": """
        import pytest
        from autograder.student.testing import check

        @pytest.mark.task("Box", weight=2)
        def test_box(student):
            box = student.Box(3)
            check.equal((1 + box + box).get(), 7, where="adding boxes")
            f = check.counted(lambda z: z + 1 + z)
            check.equal(student.apply(f, 2), 5, where="apply")
            check.equal(f.calls, 1, where="apply: calls of f")
    """,
}


@dataclass(frozen=True)
class Cell:
    """One cell of a submission."""

    label: str
    source: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handed:
    """A submission made of sources."""

    name: str
    cells: tuple[Cell, ...]
    digest: str = "0" * 64
    notes: tuple[str, ...] = ()
    problem: str | None = None


def write_course(root: Path) -> Lesson:
    """Write the toy course and return its only lesson."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).strip() + "\n", encoding="utf-8")
    return Course(root).lesson("00-toy")


def handed(name: str, *sources: str, names: tuple[str, ...] = ()) -> Handed:
    """Return a submission with one cell a source."""
    cells = (
        Cell(f"cell {i}", textwrap.dedent(source).strip() + "\n", names)
        for i, source in enumerate(sources, 1)
    )
    return Handed(name, tuple(cells))
