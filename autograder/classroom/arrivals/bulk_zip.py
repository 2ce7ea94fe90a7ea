"""Unpacks what a platform packed for a teacher, file by file, within limits.

The archive holds what students uploaded, so each file is unpacked in a process of its
own limits (`autograder.classroom.bounded`). What is refused costs one sentence, and the
rest goes on.
"""

from __future__ import annotations

import os
import stat
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from autograder.classroom.arrivals.naming import platform_of, top_names
from autograder.classroom.bounded import BoundedProcess, TooMuch
from autograder.student.notebook.submission import printable
from autograder.student.notebook.unpack import MOST_BYTES, is_noise, is_zip
from autograder.student.report import CourseError

MOST_UNPACKED = 8 * 2**30  # bytes, of a whole class
_MOST_FILES = 200_000
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF8 = 0x800  # the flag of a name that is in UTF-8
_TIMES = 0x5455  # the extra field that holds a time in UTC
_PIECE = 2**20


@dataclass(frozen=True)
class Refused:
    """Something that arrived and was not taken in, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{printable(self.name)}: {self.reason}"


def is_bulk(path: Path, process: BoundedProcess) -> bool:
    """Return whether a file is what a platform packs for a teacher."""
    try:
        with path.open("rb") as file:
            if not is_zip(file.read(4)):
                return False
        names = process.call(_tops, path.resolve())
    except (OSError, TooMuch):
        return False
    return platform_of(names) is not None


def unpack(path: Path, target: Path, process: BoundedProcess) -> list[Refused]:
    """Unpack an archive into a folder, with the times of its files.

    Returns:
        What was left out.

    Raises:
        CourseError: it is no archive, or holds too many files.
    """
    path = path.resolve()
    try:
        count = process.call(_count, path)
    except TooMuch as error:
        raise CourseError(f"{path} cannot be unpacked: {error}") from None
    if isinstance(count, str):
        raise CourseError(f"{path} cannot be unpacked: {count}")
    refused: list[Refused] = []
    left = MOST_UNPACKED
    for number in range(count):
        try:
            name, size, reason = process.call(_unpack_one, path, number, target, left)
        except TooMuch as error:
            name, size, reason = f"file {number + 1}", 0, str(error)
        left -= size
        if reason:
            refused.append(Refused(f"{path.name}/{name}", reason))
    return refused


# What follows runs in the bounded process.


@lru_cache(maxsize=1)
def _opened(path: Path) -> tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]:
    archive = zipfile.ZipFile(path)
    # Not is_dir: it fails for a file without a name.
    entries = [one for one in archive.infolist() if not one.filename.endswith("/")]
    return archive, entries


def _tops(path: Path) -> list[str]:
    try:
        _, entries = _opened(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return []
    paths = [PurePosixPath(_name(entry).replace("\\", "/")) for entry in entries]
    paths = [path for path in paths if path.parts and not is_noise(path)]
    names = top_names(paths)
    if len(names) != 1 or platform_of(names):
        return names
    return top_names(path.relative_to(names[0]) for path in paths)  # one folder down


def _count(path: Path) -> int | str:
    try:
        _, entries = _opened(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return "it is no zip archive, or a damaged one: download it again"
    if len(entries) > _MOST_FILES:
        return f"it holds {len(entries)} files, and at most {_MOST_FILES} are unpacked"
    return len(entries)


def _unpack_one(
    path: Path, number: int, target: Path, left: int
) -> tuple[str, int, str]:
    """Unpack one file; return its name, its bytes and why it was refused."""
    archive, entries = _opened(path)
    entry = entries[number]
    name = _name(entry)
    inside = PurePosixPath(name.replace("\\", "/"))
    if is_noise(inside):
        return name, 0, ""
    reason = _reason(entry, name, inside)
    if reason:
        return name, 0, reason
    place = target / inside
    size = 0
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, place.open("xb") as file:
            while piece := packed.read(_PIECE):
                size += len(piece)
                if size > min(MOST_BYTES, left):
                    raise _TooLarge
                file.write(piece)
        when = _seconds(entry)
        os.utime(place, (when, when))
    except _TooLarge:
        place.unlink()
        most = "the archive unpacks to too much" if size > left else _too_large()
        return name, size, most
    except FileExistsError:  # the name of a file before, or of a folder
        return name, size, "another file of the archive has its name"
    except OSError as error:  # a name that is too long
        return name, size, f"it cannot be written: {error.strerror}"
    except Exception as error:  # zipfile raises eight kinds for damaged archives
        place.unlink(missing_ok=True)
        return name, size, f"it is damaged ({type(error).__name__})"
    return name, size, ""


class _TooLarge(Exception):
    """A file is larger than what is read."""


def _too_large() -> str:
    return f"it is larger than {MOST_BYTES // 2**20} MB"


def _reason(entry: zipfile.ZipInfo, name: str, inside: PurePosixPath) -> str:
    if not inside.parts:
        return "it has no name"
    # A drive's letter; elsewhere a colon is part of a course's or a student's name.
    drive = inside.parts[0][1:2] == ":"
    if inside.is_absolute() or ".." in inside.parts or drive:
        return "its path leads outside the archive"
    # Not all that is hidden: names have narrow blanks, and emoji have joiners.
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in name):
        return "its name holds control characters"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "it is a link to another file"
    if entry.flag_bits & 1:
        return "it is encrypted"
    if entry.compress_type not in _PLAIN:
        return "it is packed in a way that is not read here: use ordinary zip"
    return ""


def _name(entry: zipfile.ZipInfo) -> str:
    """Return an entry's name; UTF-8 also where nobody said that it is."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _seconds(entry: zipfile.ZipInfo) -> float:
    """Return when a file was packed: in UTC if it is told, else by the clock here."""
    for kind, data in _extras(entry.extra):
        if kind == _TIMES and len(data) >= 5 and data[0] & 1:
            return float(int.from_bytes(data[1:5], "little", signed=True))
    try:
        return time.mktime((*entry.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0


def _extras(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        kind = int.from_bytes(data[:2], "little")
        size = int.from_bytes(data[2:4], "little")
        yield kind, data[4 : 4 + size]
        data = data[4 + size :]
