"""A folder of answers that the workers of a class run fill together.

It outlives the run: whoever grades the same lesson with the same seed, grader and
versions of what computes finds the answers there. No verdict depends on it, only how
long it takes to reach one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

from autograder.grading.versions import versions
from autograder.student import codec
from autograder.student.lesson import Lesson
from autograder.student.testing.answers import Answers

_MOST_BYTES = 2**20  # of one test's answers
_KEPT = 8  # folders of one lesson: of other seeds, and of files that have changed since


class SharedAnswers:
    """Answers by name, one file each, written whole or not at all."""

    def __init__(self, cache: Path, lesson: Lesson, seed: int) -> None:
        """Open the folder of a lesson and a seed, or make it.

        Args:
            cache: where such folders are.
            lesson: the lesson.
            seed: seed of every random input.

        Raises:
            OSError: there is no such folder, and none can be made.
        """
        told = repr((lesson.digest, sorted(versions().items()), seed))
        digest = hashlib.sha256(told.encode()).hexdigest()[:32]
        self._folder = cache / f"{lesson.id}-{digest}"
        self._folder.mkdir(parents=True, exist_ok=True)
        os.utime(self._folder)
        _forget_old(cache, lesson.id)
        self._claims = (self._folder / "claims").open("ab")

    def get(self, name: str) -> Answers | None:
        """Return the answers of that name, if they are there."""
        with contextlib.suppress(OSError, codec.CodecError, ValueError, TypeError):
            return Answers(*codec.loads((self._folder / name).read_bytes()))
        return None

    def put(self, name: str, answers: Answers) -> None:
        """Keep answers, unless they are too large or the disk is full."""
        with contextlib.suppress(OSError, codec.CodecError):
            data = codec.dumps([answers.verdict, answers.transcript], limit=_MOST_BYTES)
            draft = self._folder / f"{name}.{os.getpid()}"
            draft.write_bytes(data)
            draft.replace(self._folder / name)

    @contextlib.contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """Try to be the only process that computes the answers of that name.

        The claim is a lock of the kernel's, on one byte of a file: it ends with the
        process that holds it. Where the file system has no locks, everybody computes.

        Yields:
            Whether no other process holds it.
        """
        place = zlib.crc32(name.encode())
        is_free = True
        try:
            fcntl.lockf(self._claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):
            is_free = False
        except OSError:
            yield True
            return
        try:
            yield is_free
        finally:
            if is_free:
                fcntl.lockf(self._claims, fcntl.LOCK_UN, 1, place)

    def close(self) -> None:
        """Close the folder."""
        self._claims.close()


def _forget_old(cache: Path, lesson: str) -> None:
    """Delete a lesson's folders but those that were opened last."""
    opened: list[tuple[float, Path]] = []
    for path in cache.glob(f"{lesson}-*"):
        with contextlib.suppress(OSError):  # another run deletes as well
            opened.append((path.stat().st_mtime, path))
    for _, path in sorted(opened, reverse=True)[_KEPT:]:
        shutil.rmtree(path, ignore_errors=True)
