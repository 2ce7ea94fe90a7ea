"""Remembers what became of each hand-in, so that the next run leaves it alone.

A note says what a run read and what it wrote. As long as both are the same, nothing is
read, graded or written again. It is written last: a run that stops before does its work
again.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from autograder.classroom.files import write_if_changed
from autograder.classroom.folder import ClassFolder, HandIn
from autograder.classroom.records import Record, find_record, record_path
from autograder.grading.versions import source_digest, versions
from autograder.student.lesson import Lesson
from autograder.student.report import Verdict

#: Of a larger hand-in no note is made: to compare it would take too long.
_MOST_BYTES, _MOST_FILES = 64 * 2**20, 1000


@dataclass(frozen=True)
class Note:
    """Digests of what a run read and wrote for one hand-in."""

    files: str  # what was handed in
    rest: str  # all else that the result depends on
    notebook: str
    record: str
    has_written: bool  # whether there is an answer in words for a person


class Memory:
    """The notes of one lesson of a class."""

    def __init__(self, folder: ClassFolder, lesson: Lesson, seed: int) -> None:
        self._folder, self._lesson = folder, lesson
        rest = {
            "lesson": lesson.digest,
            "released": _digest(folder.released(lesson.id)),
            "seed": seed,
            "renderer": source_digest(["classroom"]),
            **versions(),
        }
        self._rest = hashlib.sha256(json.dumps(rest).encode()).hexdigest()

    def recall(self, hand_in: HandIn) -> tuple[Record, Note] | None:
        """Return a student's record and note if all is as the last run left it."""
        try:
            note = Note(**json.loads(self._path(hand_in).read_bytes()))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        if note != self._note(hand_in, files_digest(hand_in.folder), note.has_written):
            return None
        reports = self._folder.reports
        record = find_record(reports, hand_in.lesson, hand_in.student)
        return None if record is None else (record, note)

    def keep(
        self, hand_in: HandIn, record: Record, files: str | None, has_written: bool
    ) -> None:
        """Note what was read, and what is written by now.

        Args:
            hand_in: What was graded.
            record: What came of it; a failure of ours is not remembered.
            files: `files_digest` of it, from before it was read.
            has_written: Whether there is an answer in words for a person.
        """
        note = self._note(hand_in, files, has_written)
        if note is not None and record.report.verdict is not Verdict.INFRA:
            write_if_changed(self._path(hand_in), json.dumps(asdict(note)))

    def _note(
        self, hand_in: HandIn, files: str | None, has_written: bool
    ) -> Note | None:
        """Return the note of what stands there now; None if something is missing."""
        student, lesson = hand_in.student, hand_in.lesson
        place = self._folder.autograded(student, lesson)
        notebook = _digest(place / f"{lesson}.ipynb")
        record = _digest(record_path(self._folder.reports, lesson, student))
        if files is None or notebook is None or record is None:
            return None
        return Note(files, self._rest, notebook, record, has_written)

    def _path(self, hand_in: HandIn) -> Path:
        notes = self._folder.root / ".autograder" / "notes"
        return notes / hand_in.lesson / f"{hand_in.student}.json"


def files_digest(folder: Path) -> str | None:
    """Return a digest of the names and bytes of a folder's files.

    None where something in it is no ordinary file, cannot be read, or is too much.
    """
    digest, left = hashlib.sha256(), _MOST_BYTES
    try:
        for number, path in enumerate(_files(folder)):
            kind = path.lstat()
            left -= kind.st_size
            if number >= _MOST_FILES or left < 0 or not stat.S_ISREG(kind.st_mode):
                return None
            name = os.fsencode(path.relative_to(folder))
            digest.update(b"%d %d " % (len(name), kind.st_size) + name)
            digest.update(path.read_bytes())
    except (OSError, RecursionError):
        return None
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry)
        else:
            yield entry


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
