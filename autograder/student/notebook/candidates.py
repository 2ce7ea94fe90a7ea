"""What in a folder or an archive may be the submission, found at a glance.

A hand-in may be a copy of the whole course, an archive of one, or an answer among
twenty other files. Each file is looked at once, for the names of the tasks alone; the
reader then reads the few that say most.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath

from autograder.student.lesson import Lesson
from autograder.student.notebook.decode import TooMuch, Unreadable
from autograder.student.notebook.outputs import without_outputs
from autograder.student.notebook.unpack import (
    READABLE,
    Allowance,
    entries_of,
    is_zip,
    read_bytes,
    walk,
)

_WANTED = (*READABLE, ".zip", ".txt")  # hw.ipynb.txt is what some browsers save
_DEEPEST = 2  # an archive in an archive is read, one in that is not
_ID = re.compile(r"\d\d-[a-z][a-z0-9-]*")  # a lesson's


@dataclass(frozen=True)
class Glance:
    """What a look at a file's bytes tells, before anything is parsed."""

    defined: int  # tasks
    mentioned: int  # tasks
    stubs: int  # functions that give up

    @property
    def order(self) -> tuple[int, ...]:
        """Less for a file that seems to answer more."""
        return -self.defined, self.stubs, -self.mentioned


@dataclass(frozen=True)
class Candidate:
    """A file that may be the submission, and what a glance at it tells."""

    name: str  # its path in what was handed in
    data: bytes = field(repr=False)  # without the outputs of a notebook
    digest: str  # of the file on disk that holds it, an archive's for what is in it
    modified: float = 0.0
    file: Path | None = None  # on disk, where a folder was handed in
    problem: str | None = None  # why it cannot be read

    @property
    def path(self) -> PurePosixPath:
        """Its name as a path."""
        return PurePosixPath(self.name.replace("\\", "/"))

    def glance(self, lesson: Lesson) -> Glance:
        """Tell from the bytes alone how much of a lesson a file seems to answer."""
        text = self.data.replace(b"\0", b"")  # two bytes a letter, from Windows
        names = [task.name.encode() for task in lesson.tasks]
        mentioned = [name for name in names if name in text]
        defined = [n for n in mentioned if b"def " + n in text or b"class " + n in text]
        stubs = text.count(b"raise NotImplementedError")
        return Glance(len(defined), len(mentioned), stubs)


def digest_of(data: bytes) -> str:
    """Return the sha256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def candidates_in_folder(
    folder: Path, lesson: Lesson
) -> tuple[list[Candidate], list[Path]]:
    """Look at the files of a folder.

    Returns:
        What may be the submission; and the files beyond the limits, unread.
    """
    allowance = Allowance()
    first = ("course", lesson.id, "notebooks")
    paths = list(walk(folder, allowance, wanted=_WANTED, first=first))
    paths.sort(key=lambda path: _looked_at(path.relative_to(folder), lesson))
    found: list[Candidate] = []
    for number, path in enumerate(paths):
        name = path.relative_to(folder).as_posix()
        try:
            modified = float(int(path.stat().st_mtime))
            data = read_bytes(path)
            if len(data) > allowance.size:
                return found, paths[number:]
            allowance.spend(len(data))
            digest = digest_of(data)
            file = Candidate(name, data, digest, modified, path)
            found += _opened(file, lesson, allowance, name + "/")
        except (Unreadable, OSError) as error:
            problem = str(error) if isinstance(error, Unreadable) else "It is gone."
            found.append(Candidate(name, b"", "", 0.0, path, problem))
    return found, []


def candidates_in_file(name: str, data: bytes, lesson: Lesson) -> list[Candidate]:
    """Look at a file: it is the one candidate, or an archive of several.

    Raises:
        Unreadable: nothing of it can be read.
    """
    file = Candidate(name, data, digest_of(data))
    return list(_opened(file, lesson, Allowance(), ""))


def _opened(
    file: Candidate, lesson: Lesson, allowance: Allowance, prefix: str, depth: int = 0
) -> Iterator[Candidate]:
    """Yield a file without its outputs, or what is in it where it is an archive.

    Raises:
        Unreadable: it is an archive that cannot be read, or whose index cannot.
    """
    if not is_zip(file.data):
        is_json = file.data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
        data = without_outputs(file.data) if is_json else file.data
        yield _replaced(file, file.name, data)
        return
    if depth == _DEEPEST:
        raise Unreadable("It holds archives in archives: pack the notebook alone.")
    entries = entries_of(
        file.data, allowance, wanted=_WANTED, is_own=lambda path: is_own(path, lesson)
    )
    if not entries:
        raise Unreadable("The archive holds no .ipynb or .py file.")
    entries.sort(key=lambda entry: _looked_at(PurePosixPath(entry.name), lesson))
    for entry in entries:
        name = prefix + entry.name
        modified = entry.modified or file.modified
        try:
            inner = _replaced(file, name, entry.read(allowance), modified)
            yield from _opened(inner, lesson, allowance, name + "/", depth + 1)
        except TooMuch:
            raise
        except Unreadable as error:
            yield _replaced(file, name, b"", modified, str(error))


def _replaced(
    file: Candidate,
    name: str,
    data: bytes,
    modified: float | None = None,
    problem: str | None = None,
) -> Candidate:
    when = file.modified if modified is None else modified
    return Candidate(name, data, file.digest, when, file.file, problem)


def without_copies(candidates: list[Candidate]) -> list[Candidate]:
    """Return the candidates of which no earlier one holds the same."""
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        key = candidate.problem or digest_of(candidate.data)
        seen.setdefault(key, candidate)
    return list(seen.values())


def is_own(path: PurePath, lesson: Lesson) -> bool:
    """Return whether a path is where a copy of the course has a lesson's answer."""
    exercise = path.parts[-3:] == ("course", lesson.id, "exercise.py")
    return exercise or path.parts[-2:] == ("notebooks", f"{lesson.id}.ipynb")


def is_of_another(path: PurePath, lesson: Lesson) -> bool:
    """Return whether a path names another lesson, and not this one."""
    parts = [*path.parts[:-1], path.stem]
    named = [part for part in parts if _ID.fullmatch(part)]
    return bool(named) and lesson.id not in named


def _looked_at(path: PurePath, lesson: Lesson) -> tuple[bool, float, str]:
    """Return a key that sorts first what is most likely the answer."""
    return not is_own(path, lesson), -likeness(path, lesson), str(path)


def likeness(path: PurePath, lesson: Lesson) -> float:
    """Return how like the lesson's the name of a file or of its folder is, 0 to 1."""
    if path.parent.name == lesson.id:
        return 1.0
    return round(difflib.SequenceMatcher(None, path.stem[:80], lesson.id).ratio(), 2)
