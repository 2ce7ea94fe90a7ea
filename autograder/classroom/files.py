"""Writes files that changed, and leaves the others as they are."""

from __future__ import annotations

from pathlib import Path

from autograder.classroom.store import write_atomically


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
        return path.read_bytes() == text.encode("utf-8")
    except OSError:
        return False
