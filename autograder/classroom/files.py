"""Writes files that changed, and leaves the others as they are."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_if_changed(path: Path, text: str) -> bool:
    """Write a text file whole, unless it holds that text already.

    Returns:
        Whether it was written.
    """
    if holds_text(path, text):
        return False
    write_atomically(path, text)
    return True


def holds_text(path: Path, text: str) -> bool:
    """Return whether a file is there and holds exactly this text."""
    try:
        return path.read_bytes() == _bytes_of(text)
    except OSError:
        return False


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a text file so that no reader ever sees half of it.

    Args:
        path: The file.
        text: What it is to hold.
        mode: Who may read it.

    Raises:
        OSError: the disk is full, or read-only; it names the file.
    """
    try:
        _write(path, text, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _write(path: Path, text: str, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name[:32]}-", suffix=".part"
    )
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(_bytes_of(text))
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _bytes_of(text: str) -> bytes:
    """Encode a text; half a character, which students do hand in, becomes "?"."""
    return text.encode("utf-8", "replace")
