"""Gets bytes off the disk and out of archives, within limits, writing nothing."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path, PurePosixPath

from autograder.student.notebook.decode import Unreadable
from autograder.student.notebook.submission import printable

MOST_BYTES = 20 * 2**20  # of one notebook; outputs included
MOST_ENTRIES = 500  # of one archive, or files looked at in one folder
READABLE = (".ipynb", ".py")
_NOISE = (
    *("__MACOSX", ".ipynb_checkpoints", "__pycache__", "node_modules"),
    "timestamp.txt",  # nbgrader's, beside every collected submission
)


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
            raise Unreadable(_too_large(found.st_size))
        with os.fdopen(os.open(path, flags), "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise Unreadable("There is no such file.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise Unreadable(f"The file cannot be opened: {reason}.") from None
    if len(data) > MOST_BYTES:
        raise Unreadable(_too_large(len(data)))
    return data


def _too_large(size: int) -> str:
    return (
        f"The file has {size / 2**20:.0f} MB and at most {MOST_BYTES // 2**20} MB are"
        " read: clear the outputs (Kernel, Restart and Clear Outputs) and save again."
    )


def is_zip(data: bytes) -> bool:
    """Return whether bytes are a zip archive, whatever the file is called."""
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def is_noise(path: PurePosixPath | Path) -> bool:
    """Return whether a path is an editor's or system's own, never a submission."""
    return any(part in _NOISE or part.startswith("._") for part in path.parts)


def unzip(data: bytes) -> list[tuple[str, bytes]]:
    """Return the notebooks and Python files of an archive, by name.

    Raises:
        Unreadable: the archive is broken, too large, or reaches outside itself.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES:
                raise Unreadable(
                    f"The archive holds {len(entries)} files and at most"
                    f" {MOST_ENTRIES} are read: pack the notebook alone."
                )
            for entry in entries:
                _refuse(entry)
            if sum(entry.file_size for entry in entries) > 4 * MOST_BYTES:
                raise Unreadable("The archive unpacks to too much: pack less into it.")
            wanted = [e for e in entries if _is_candidate(e)]
            if not wanted:
                raise Unreadable("The archive holds no .ipynb or .py file.")
            return [(entry.filename, _extract(archive, entry)) for entry in wanted]
    except Unreadable:
        raise
    except Exception as error:  # zipfile raises eight kinds for damaged archives
        raise Unreadable(
            f"The zip archive is damaged ({type(error).__name__}): pack it again."
        ) from None


def _refuse(entry: zipfile.ZipInfo) -> None:
    name = printable(entry.filename)
    parts = entry.filename.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0]:
        raise Unreadable(f"The archive holds '{name}', a path outside the archive.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Unreadable(f"The archive holds '{name}', a link to another file.")
    if entry.flag_bits & 1:
        raise Unreadable("The archive is encrypted: pack it without a password.")
    if entry.file_size > MOST_BYTES and _is_candidate(entry):
        raise Unreadable(f"In the archive, '{name}': {_too_large(entry.file_size)}")


def _is_candidate(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename)
    right = path.suffix.lower() in READABLE
    return right and not entry.is_dir() and not is_noise(path)


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        data = file.read(MOST_BYTES + 1)  # whatever size the directory claims
    if len(data) > MOST_BYTES:
        raise Unreadable("The archive unpacks to more than it says: pack it again.")
    return data
