"""Reads what was handed in for a lesson, away from the process that grades a class.

Nothing is raised over a submission: what cannot be read within the limits of
`autograder.classroom.bounded` is a submission with a ``problem``, one sentence long.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.classroom.bounded import BoundedProcess, TooMuch
from autograder.classroom.fingerprints import Prints, Source, fingerprints
from autograder.classroom.graded_notebook import (
    Notebook,
    with_answers,
    with_grades,
)
from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.submission import Submission, printable
from autograder.student.notebook.written import written_answer
from autograder.student.report import Report, gettext

_NOTHING = hashlib.sha256(b"").hexdigest()
_MOST_SHOWN = 200_000  # characters of code that a person compares
_MOST_BYTES, _MOST_FILES = 64 * 2**20, 1000  # of a folder, for telling it from others


@dataclass(frozen=True)
class GradedNotebook:
    """What a person opens in formgrader."""

    text: str  # JSON, fit for UTF-8
    has_written: bool  # whether there is an answer in words to grade


class Reader:
    """Reads submissions of one lesson in a process that is replaced if it breaks."""

    def __init__(self, lesson: Lesson) -> None:
        """Prepare a reader; its process starts with the first file."""
        self._lesson = lesson
        self._process = BoundedProcess()

    def read(self, path: Path) -> Submission:
        """Read a file, or one student's folder."""
        path = Path(os.path.abspath(path))  # the process stands elsewhere
        try:
            found = self._process.call(read_submission, path, self._lesson)
        except TooMuch as error:
            problem = gettext("The file cannot be read: {reason}.").format(reason=error)
            found = Submission(printable(path.name), _NOTHING, problem=problem)
        if found.digest != _NOTHING:
            return found
        # Nothing was read, so nothing of it tells this submission from another.
        try:
            digest = self._process.call(digest_of, path)
        except TooMuch:
            digest = _NOTHING
        told = f"{digest} {found.problem}".encode("utf-8", "replace")
        return replace(found, digest=hashlib.sha256(told).hexdigest())

    def graded_notebook(
        self, released: Notebook, submission: Submission, report: Report
    ) -> GradedNotebook:
        """Return the released notebook with a student's answers and grades in it."""
        call = self._process.call
        try:
            return call(_graded, released, self._lesson, submission, report)
        except TooMuch:
            note = gettext("The answers take too much to show: open the file itself.")
            report = replace(report, notes=(*report.notes, note))
            bare = replace(submission, cells=(), prose=())
            shown = call(_graded, released, self._lesson, bare, report)
            return replace(shown, has_written=self._lesson.written is not None)

    def restored_notebook(self, released: Notebook, submission: Submission) -> str:
        """Return the released notebook with a student's answers in it, as JSON.

        Without them where they take too much to show.
        """
        call = self._process.call
        try:
            return call(_restored, released, self._lesson, submission)
        except TooMuch:
            bare = replace(submission, cells=(), prose=())
            return call(_restored, released, self._lesson, bare)

    def written_answer(self, submission: Submission) -> str | None:
        """Return a submission's answer in words; none if it takes too much to find."""
        try:
            return self._process.call(written_answer, submission, self._lesson)
        except TooMuch:
            return None

    def code(self, path: Path) -> tuple[Prints, list[Source]]:
        """Return a submission's fingerprints and code; none if it takes too much."""
        path = Path(os.path.abspath(path))
        try:
            return self._process.call(_code, path, self._lesson)
        except TooMuch:
            return fingerprints([]), []

    def close(self) -> None:
        """End the process."""
        self._process.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


# What follows runs in the reader's process.


def digest_of(path: Path) -> str:
    """Return a digest of the bytes of a file, or of the files of a folder."""
    digest = hashlib.sha256()
    left = _MOST_BYTES
    for file in _files(path):
        try:
            kind = file.lstat().st_mode
            digest.update(os.fsencode(f"\0{file.relative_to(path)} {kind}\0"))
            if stat.S_ISREG(kind) and left > 0:
                with file.open("rb") as stream:
                    data = stream.read(left)
                digest.update(data)
                left -= len(data)
        except OSError as error:
            digest.update(str(error.errno).encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    yield path
    if path.is_symlink() or not path.is_dir():
        return
    count = 0
    for place, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            count += 1
            if count > _MOST_FILES:
                return
            yield Path(place, name)


def _restored(released: Notebook, lesson: Lesson, submission: Submission) -> str:
    written = written_answer(submission, lesson)
    notebook = with_answers(released, submission, lesson, written)
    return _plain(json.dumps(notebook, ensure_ascii=False))


def _graded(
    released: Notebook, lesson: Lesson, submission: Submission, report: Report
) -> GradedNotebook:
    written = written_answer(submission, lesson)
    notebook = with_answers(released, submission, lesson, written)
    notebook = with_grades(notebook, report, lesson)
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    return GradedNotebook(_plain(text), written is not None)


def _code(path: Path, lesson: Lesson) -> tuple[Prints, list[Source]]:
    cells = read_submission(path, lesson).cells
    sources = [Source(cell.label, cell.source, cell.first_line) for cell in cells]
    prints = fingerprints(sources)
    is_short = sum(len(source.text) for source in sources) <= _MOST_SHOWN
    return prints, sources if is_short else []


def _plain(text: str) -> str:
    """Replace halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
