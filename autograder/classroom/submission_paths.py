"""Finds the submissions among paths of a command line, and whose each one is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.student.notebook.unpack import READABLE, is_noise
from autograder.student.report import CourseError

_MOST_BYTES = 150  # of a student's name
_SUFFIXES = (*READABLE, ".zip", ".txt")


@dataclass(frozen=True)
class SubmissionPath:
    """Where one submission stands, and the student it is of."""

    student: str  # safe as a file name
    path: Path  # a file, or the folder of one student


def find_submission_paths(paths: Sequence[Path]) -> list[SubmissionPath]:
    """Return one submission a file or student's folder, in the order given.

    One folder alone is a folder of submissions: each file and each folder in it is a
    student's. Among several paths, a folder is one student's.

    Raises:
        CourseError: a path does not exist, or holds nothing to grade.
    """
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise CourseError(f"{path} does not exist")
        if len(paths) == 1 and path.is_dir():
            found += _of_folder(path)
        else:
            found.append(path)
    if not found:
        raise CourseError(f"{paths[0]} holds no .ipynb, .py or .zip file")
    named: dict[str, SubmissionPath] = {}
    for path in found:
        name = own = _student(path)
        number = 1
        while own in named:
            number += 1
            own = f"{name}-{number}"
        named[own] = SubmissionPath(own, path)
    return list(named.values())


def _of_folder(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or is_noise(Path(path.name)):
            continue
        if path.is_dir() or path.suffix.lower() in _SUFFIXES:
            yield path


def _student(path: Path) -> str:
    name = path.resolve().name if path.is_dir() else path.name
    while Path(name).suffix.lower() in _SUFFIXES:  # hw.ipynb.txt
        name = Path(name).stem
    safe = re.sub(r"[^\w.@+' -]|\.\.+", "-", name)[:100]
    # The name of a file: so many bytes at most, cut between two characters.
    safe = safe.encode()[:_MOST_BYTES].decode(errors="ignore").strip(" .-+@'")
    return safe or "submission"
