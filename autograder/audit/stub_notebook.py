"""Runs a lesson's notebook from top to bottom before anything is solved.

Each check has to say so, and no task may earn points.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.student.lesson import COURSE_ENV, Lesson
from autograder.student.notebook.build import build_notebook
from autograder.student.report import Verdict
from autograder.student.verdict_words import verdict_word

_CELL_S = 60


def notebook_problems(lesson: Lesson) -> Iterator[str]:
    """Yield what is wrong with the untouched notebook, run in a real kernel."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import (
        CellExecutionError,
        CellTimeoutError,
        DeadKernelError,
    )

    notebook = nbformat.from_dict(build_notebook(lesson))
    client = NotebookClient(
        notebook,
        timeout=_CELL_S,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(lesson.course_dir)}},
    )
    try:
        client.execute(env=_environment(lesson.root))
    except CellExecutionError as error:
        yield f"the untouched notebook raises {error.ename}: {error.evalue}"
    except (CellTimeoutError, DeadKernelError) as error:
        yield f"the untouched notebook does not end: {type(error).__name__}"
    else:
        cells = {cell.id: cell.get("outputs", []) for cell in notebook.cells}
        for task in lesson.tasks:
            word = f"{task.name}: {verdict_word(Verdict.NOT_ATTEMPTED)}"
            if word not in _text(cells.get(f"check-{task.name}", [])):
                yield f"the untouched notebook's check does not say {word!r}"
            if _text(cells.get(f"grade-{task.name}", [])) != "0.0":
                yield f"the untouched notebook earns points in {task.name}"


def _text(outputs: list[Any]) -> str:
    """Return what a cell printed, and the value that it ended with."""
    texts = (
        one["text"] if one["output_type"] == "stream" else one["data"]["text/plain"]
        for one in outputs
        if one["output_type"] in ("stream", "execute_result")
    )
    return "".join(texts)


def _environment(root: Path) -> dict[str, str]:
    import os

    return os.environ | {COURSE_ENV: str(root), "MPLBACKEND": "agg"}
