"""Remembers by digest what an audit found, from one run to the next on a machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from autograder.classroom.files import write_atomically
from autograder.grading.versions import versions
from autograder.student.lesson import Lesson

_AUDIT = Path(__file__).parent
_KEPT_S = 60 * 86_400  # what nobody has asked for since is deleted


class Memory:
    """A folder of results, one JSON file each, named by what decides them."""

    def __init__(self, folder: Path | None) -> None:
        """Remember in a folder, or nothing at all."""
        self._folder = folder
        if folder is not None:
            with contextlib.suppress(OSError):
                _forget_old(folder)

    def get(self, key: str) -> Any:
        """Return what is remembered under a key, or None."""
        if self._folder is not None:
            path = self._folder / f"{key}.json"
            with contextlib.suppress(OSError, ValueError):
                found = json.loads(path.read_text("utf-8"))
                os.utime(path)
                return found
        return None

    def put(self, key: str, found: Any) -> None:
        """Remember a result; a folder that cannot be written is no error."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                write_atomically(self._folder / f"{key}.json", json.dumps(found))


def _forget_old(folder: Path) -> None:
    oldest = time.time() - _KEPT_S
    for path in folder.glob("*.json"):
        if path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


def key_of(lesson: Lesson, part: str, files: Iterable[Path]) -> str:
    """Return the name of a result: a digest of everything that it depends on.

    Args:
        lesson: whose result it is.
        part: which part of the audit.
        files: what that part reads of the lesson.
    """
    digest = hashlib.sha256(f"{lesson.id} {part} {_auditor()}".encode())
    for path in sorted(files):
        content = path.read_bytes()
        name = path.relative_to(lesson.root).as_posix()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:32]


@cache
def _auditor() -> str:
    digest = hashlib.sha256(json.dumps(dict(versions()), sort_keys=True).encode())
    for path in sorted(_AUDIT.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
