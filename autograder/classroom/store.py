"""Keeps reports by what decides them, so that a class run resumes where it stopped."""

from __future__ import annotations

import hashlib
from pathlib import Path

from autograder.classroom.files import write_atomically
from autograder.grading.versions import versions
from autograder.student.notebook.submission import Submission
from autograder.student.report import CourseError, Report, Verdict, fit_notes


class Store:
    """A folder of reports: ``<lesson digest>/<submission digest>-<name>-<seed>.json``.

    Files are written whole or not at all, so a run may be stopped at any moment.
    Reports of our own failures are never kept: the next run tries again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, lesson: str, submission: Submission, seed: int) -> Report | None:
        """Return the report kept for this lesson, submission and seed, if any.

        A report of another grader, or of other versions of what computes, is none.

        Args:
            lesson: The lesson's digest.
            submission: The submission. Its file's name and its notes count as well as
                its bytes, for messages quote them.
            seed: The class run's seed.
        """
        digest, name, notes = submission.digest, submission.name, submission.notes
        try:
            path = self._path(lesson, digest, seed, name, notes)
            report = Report.from_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, CourseError):
            return None  # absent, or damaged by hand: grade again
        found = (report.lesson_digest, report.submission, report.seed, report.name)
        is_current = report.versions == versions()
        return report if is_current and found == (lesson, digest, seed, name) else None

    def put(self, report: Report) -> None:
        """Keep a report, unless it tells of a failure of ours."""
        if report.verdict is Verdict.INFRA:
            return
        path = self._path(
            report.lesson_digest,
            report.submission,
            report.seed,
            report.name,
            report.notes,
        )
        write_atomically(path, report.to_json())

    def _path(
        self, lesson: str, digest: str, seed: int, name: str, notes: tuple[str, ...]
    ) -> Path:
        told = hashlib.sha256(repr((name, fit_notes(notes))).encode()).hexdigest()[:12]
        return self.folder / lesson[:16] / f"{digest}-{told}-{seed}.json"
