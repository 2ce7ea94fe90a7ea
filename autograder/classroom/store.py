"""Keeps reports by what decides them, so that a class run resumes where it stopped."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from autograder.report import CourseError, Report, Verdict


class Store:
    """A folder of reports: ``<lesson digest>/<submission digest>-<seed>.json``.

    Files are written whole or not at all, so a run may be stopped at any moment.
    Reports of our own failures are never kept: the next run tries again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, lesson: str, submission: str, seed: int, name: str) -> Report | None:
        """Return the report kept for these digests and this seed, if any.

        Args:
            lesson: The lesson's digest.
            submission: The submission's digest.
            seed: The class run's seed.
            name: File name that the report carries; two students may hand in the
                same bytes under different names.
        """
        try:
            text = self._path(lesson, submission, seed).read_text(encoding="utf-8")
            report = Report.from_json(text)
        except (OSError, UnicodeDecodeError, CourseError):
            return None  # absent, or damaged by hand: grade again
        found = (report.lesson_digest, report.submission, report.seed)
        if found != (lesson, submission, seed):
            return None
        return replace(report, name=name)

    def put(self, report: Report) -> None:
        """Keep a report, unless it tells of a failure of ours."""
        if report.verdict is Verdict.INFRA:
            return
        path = self._path(report.lesson_digest, report.submission, report.seed)
        write_atomically(path, report.to_json())

    def _path(self, lesson: str, submission: str, seed: int) -> Path:
        return self.folder / lesson[:16] / f"{submission}-{seed}.json"


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name[:32]}-", suffix=".part"
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
