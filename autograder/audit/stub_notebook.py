"""Runs a lesson's notebook from top to bottom before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.student.lesson import COURSE_ENV, Lesson
from autograder.student.notebook.build import build_notebook

_CELL_S = 60


def notebook_problems(lesson: Lesson) -> Iterator[str]:
    """Yield the first cell of the untouched notebook that raises, in a real kernel."""
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


def _environment(root: Path) -> dict[str, str]:
    import os

    return os.environ | {COURSE_ENV: str(root), "MPLBACKEND": "agg"}
