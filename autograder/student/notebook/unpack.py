"""Gets bytes off the disk and out of archives, within limits, writing nothing."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PurePath, PurePosixPath

from autograder.student.notebook.decode import TooMuch, Unreadable
from autograder.student.notebook.submission import printable

MOST_BYTES = 100 * 2**20  # of one file; outputs included, which are left out unread
MOST_UNPACKED = 128 * 2**20  # of all files of one folder or archive together
MOST_ENTRIES = 5000  # of all archives together, or files looked at in one folder
MOST_NAMES = 100_000  # the same, where most are no hand-in's: build folders, packages
READABLE = (".ipynb", ".py")
_TOO_MUCH = "The archive unpacks to too much: pack less into it."
_NOISE = {
    *("__MACOSX", ".ipynb_checkpoints", "__pycache__", "node_modules"),
    *(".venv", "venv", "site-packages", ".git", "Thumbs.db", "desktop.ini"),
    *("timestamp.txt", "submission_secret.txt"),  # nbgrader's, beside a submission
    "arrival.json",  # ours, likewise
    *("test_public.py", "conftest.py"),  # the course's, beside an exercise
}
#: What the package is made of, where a student hands in a whole copy of the course.
_PACKAGE = ("student", "lab", "stubs", "__init__.py", "cli.py")
_ENVIRONMENT = "pyvenv.cfg"  # stands at the top of a virtual environment
#: What browsers, mailers and systems put after a file's own suffix.
_AFTER = re.compile(r"(?:\.json|\.download|_|[ .]|\(\d+\))+$")
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass
class Allowance:
    """What may still be read for one submission, archives in archives included."""

    size: int = MOST_UNPACKED  # bytes
    entries: int = MOST_ENTRIES
    names: int = MOST_NAMES

    def spend(self, size: int) -> None:
        """Count bytes that were read.

        Raises:
            TooMuch: they are more than what was left.
        """
        self.size -= size
        if self.size < 0:
            raise TooMuch(_TOO_MUCH)


@dataclass(frozen=True)
class Entry:
    """A file in an archive that may be read."""

    name: str  # as the archive tells it
    modified: float  # comparable with its neighbours', 0 where unknown
    archive: zipfile.ZipFile = field(repr=False)
    info: zipfile.ZipInfo = field(repr=False)

    def read(self, allowance: Allowance) -> bytes:
        """Unpack it.

        Raises:
            Unreadable: it is damaged, or too much was unpacked.
        """
        most = max(0, min(MOST_BYTES, allowance.size))
        with _told(), self.archive.open(self.info) as file:
            data = file.read(most + 1)  # whatever size the directory claims
        allowance.spend(len(data))
        if len(data) > most:
            raise TooMuch(_TOO_MUCH)
        return data


def read_bytes(path: Path) -> bytes:
    """Return a regular file's bytes.

    Raises:
        Unreadable: it is missing, a link, a device or too large.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise Unreadable("The file is a link to another file: hand in the file.")
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("This is not an ordinary file.")
        if found.st_size > MOST_BYTES:
            raise Unreadable(_too_large(path, found.st_size))
        with os.fdopen(os.open(path, flags), "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise Unreadable("There is no such file.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Unreadable(f"The file cannot be opened: {reason}.") from None
    if len(data) > MOST_BYTES:
        raise Unreadable(_too_large(path, len(data)))
    return data


def _too_large(path: Path, size: int) -> str:
    if path.suffix.lower() != ".zip":
        return too_large(size, MOST_BYTES)
    return (
        f"The archive has {size / 2**20:.0f} MB and at most {MOST_BYTES // 2**20} MB"
        " are read: pack the notebook alone."
    )


def too_large(size: int, most: int) -> str:
    """Say that a file is too large, and what helps."""
    return (
        f"The file has {size / 2**20:.0f} MB and at most {most // 2**20} MB are"
        " read: clear the outputs (Kernel, Restart and Clear Outputs) and save again."
    )


def is_zip(data: bytes) -> bool:
    """Return whether bytes are a zip archive, whatever the file is called."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def suffix_of(name: str) -> str:
    """Return a file's suffix in small letters, whatever a download put after it.

    That of ``HW.IPYNB.json``, ``hw.ipynb (1)`` and ``hw.ipynb.`` is ``.ipynb``.
    """
    end = PurePosixPath(name).name[-100:].lower()
    return PurePosixPath(_AFTER.sub("", end)).suffix or PurePosixPath(end).suffix


def is_noise(path: PurePath) -> bool:
    """Return whether a path is an editor's, the system's or the course's own."""
    parts = path.parts
    package = any(
        one == "autograder" and two in _PACKAGE for one, two in pairwise(parts)
    )
    return package or any(part in _NOISE or part.startswith("._") for part in parts)


def entries_of(
    data: bytes,
    allowance: Allowance,
    *,
    wanted: tuple[str, ...],
    is_own: Callable[[PurePosixPath], bool],
) -> list[Entry]:
    """Return the files of an archive that may be worth reading, in its order.

    Args:
        data: The archive.
        allowance: What may still be read.
        wanted: Suffixes of the files that are read.
        is_own: Whether a file stands where the course has it. An archive of a copy of
            the course may hold packages and build folders, which are passed over.

    Raises:
        Unreadable: the archive is broken, too large, or reaches outside itself.
    """
    # Each file costs the archive's index one of these marks, whatever it claims.
    files = data.count(b"PK\x01\x02")
    if files > allowance.names:
        raise _too_many(files, allowance)
    allowance.names -= files
    with _told():
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    paths = {entry.filename: PurePosixPath(entry.filename) for entry in entries}
    for entry in entries:
        _refuse_outside(entry)
    if any(map(is_own, paths.values())):
        passed = _environments(paths.values())
        entries = [
            entry
            for entry in entries
            if suffix_of(entry.filename) in wanted
            and not is_noise(paths[entry.filename])
            and passed.isdisjoint(paths[entry.filename].parents)
        ]
        files = len(entries)
    if files > allowance.entries:
        raise _too_many(files, allowance)
    allowance.entries -= files
    for entry in entries:
        _refuse(entry)
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise TooMuch(_TOO_MUCH)
    return [
        Entry(entry.filename, _seconds(entry), archive, entry)
        for entry in entries
        if not entry.is_dir()
        and suffix_of(entry.filename) in wanted
        and not is_noise(paths[entry.filename])
    ]


def _too_many(files: int, allowance: Allowance) -> TooMuch:
    held = MOST_ENTRIES - allowance.entries + files
    return TooMuch(
        f"The archive holds {held} files and at most {MOST_ENTRIES} are read:"
        " pack the notebook alone."
    )


def _environments(paths: Iterable[PurePosixPath]) -> set[PurePosixPath]:
    """Return the folders that are virtual environments, whatever they are called."""
    return {path.parent for path in paths if path.name == _ENVIRONMENT}


@contextmanager
def _told() -> Iterator[None]:
    """Turn what goes wrong inside ``zipfile`` into a sentence for the student."""
    try:
        yield
    except Unreadable:
        raise
    except Exception as error:  # zipfile raises eight kinds for damaged archives
        raise Unreadable(
            f"The zip archive is damaged ({type(error).__name__}): pack it again."
        ) from None


def _refuse_outside(entry: zipfile.ZipInfo) -> None:
    name = printable(entry.filename)
    parts = entry.filename.replace("\\", "/").split("/")
    # A drive's letter; elsewhere a colon is macOS's for the stroke of a date.
    if ".." in parts or parts[0] == "" or parts[0][1:2] == ":":
        raise Unreadable(f"The archive holds '{name}', a path outside the archive.")


def _refuse(entry: zipfile.ZipInfo) -> None:
    name = printable(entry.filename)
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Unreadable(f"The archive holds '{name}', a link to another file.")
    if entry.flag_bits & 1:
        raise Unreadable("The archive is encrypted: pack it without a password.")
    if entry.compress_type not in _PLAIN:  # others unpack a page to gigabytes at once
        raise Unreadable(
            "The archive is packed in a way that is not read here: use ordinary zip."
        )


def _seconds(entry: zipfile.ZipInfo) -> float:
    """Return when a file was modified: in order, though in no zone that is known."""
    year, month, day, hour, minute, second = entry.date_time
    if year <= 1980:  # what tools write that know no time
        return 0.0
    return ((((year * 12 + month) * 31 + day) * 24 + hour) * 60 + minute) * 60 + second


def walk(
    folder: Path,
    allowance: Allowance,
    *,
    wanted: tuple[str, ...],
    first: tuple[str, ...],
) -> Iterator[Path]:
    """Yield the files of a folder that may be worth reading, sorted.

    Args:
        folder: Where; links are not followed.
        allowance: What may still be read.
        wanted: Suffixes of the files that are yielded.
        first: Names of folders that are looked into before the others.
    """
    for place, folders, files in os.walk(folder, followlinks=False):
        here = Path(place).relative_to(folder)
        if _ENVIRONMENT in files and here.parts:
            folders.clear()
            continue
        folders[:] = sorted(
            (
                name
                for name in folders
                if not name.startswith(".")
                and not is_noise(here / name)
                and len(here.parts) < 4
            ),
            key=lambda name: (name not in first, name),
        )
        allowance.names -= len(files)
        if allowance.names < 0:
            return
        for name in sorted(files):
            path = folder / here / name
            hidden = name.startswith(".") or is_noise(here / name)
            if hidden or suffix_of(name) not in wanted or path.is_symlink():
                continue
            allowance.entries -= 1
            if allowance.entries < 0:
                return
            yield path
