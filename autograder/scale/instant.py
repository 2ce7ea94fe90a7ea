"""A grader that takes no time: what is left is what a cluster costs besides grading.

With ``dask worker --preload autograder.scale.instant`` its `answer` takes the place of
the real one. Each file's name says which of the reports in the folder
``AUTOGRADER_REPORTS`` it gets.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autograder.classroom import remote
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report

REPORTS_ENV = "AUTOGRADER_REPORTS"


def answer(
    bundle: bytes,
    lesson_id: str,
    seed: int,
    submission: Submission,
    tasks: Sequence[str] | None = None,
) -> str:
    """Return a report that was made before, as this submission's."""
    report = _report(Path(submission.name).stem)
    return replace(report, submission=submission.digest).to_json()


@functools.cache
def _report(kind: str) -> Report:
    path = Path(os.environ[REPORTS_ENV], f"{kind}.json")
    return Report.from_json(path.read_text(encoding="utf-8"))


def dask_setup(worker: object) -> None:
    """Put `answer` in its place; called by Dask in a worker."""
    remote.grade_here = answer
