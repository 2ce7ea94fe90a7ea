"""What a grade depends on besides the lesson and the submission."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
#: Folders of this package whose code takes part in a verdict.
_PARTS = ("student", "lab", "sandbox", "grading")
_SOURCE = (".py", ".j2", ".css", ".safetensors")
_COMPUTING = ("numpy", "pytest", "msgpack", "greenlet")
_SOMETIMES = ("torch",)  # some lessons need it, and not every grader has it


@functools.cache  # reading them takes as long as a test
def versions() -> Mapping[str, str]:
    """Return the versions of the grader and of the packages that compute.

    The grader's is a digest of its source: a release number stays the same while one
    works on it.
    """
    found = {name: importlib.metadata.version(name) for name in _COMPUTING}
    for name in _SOMETIMES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found | {"grader": source_digest(), "python": platform.python_version()}


def source_digest(parts: Iterable[str] = _PARTS) -> str:
    """Return a digest of source: by default of what takes part in a verdict."""
    digest = hashlib.sha256()
    for part in parts:
        for path in sorted((_PACKAGE / part).rglob("*")):
            if path.suffix not in _SOURCE:
                continue
            content = path.read_bytes()
            name = path.relative_to(_PACKAGE).as_posix()
            digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]
