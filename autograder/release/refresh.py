"""Puts a new release in the place of an older one, and leaves people's work alone.

`.release.json` names each file that a release wrote, with a digest. A file that still
has its digest is nobody's work: it is replaced, or removed where the new release lacks
it. Any other file stays as it is, and the new one is put beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.student.report import CourseError

MANIFEST = ".release.json"
BESIDE = ".new"  # the suffix of a new file beside one that somebody changed
_KEPT_WITHOUT = {".git"}  # what a folder may hold before its first release


@dataclass(frozen=True)
class Manifest:
    """What a release wrote, and for which lessons."""

    lessons: tuple[str, ...] = ()
    site: str = ""
    files: Mapping[str, str] = field(default_factory=dict)  # path: digest

    def write(self, path: Path) -> None:
        """Write it, for the next release to read."""
        data = {"lessons": self.lessons, "site": self.site, "files": self.files}
        text = json.dumps(data, indent=1, sort_keys=True) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")


@dataclass(frozen=True)
class Refreshed:
    """What became of a folder's files."""

    lessons: tuple[str, ...]
    files: tuple[str, ...]  # of the release
    written: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # changed here: the new one has the suffix `.new`
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # no longer released, but changed here


def read_manifest(directory: Path) -> Manifest:
    """Read what the last release wrote into a folder; of a new one, nothing.

    Raises:
        CourseError: the folder holds something else, or its manifest cannot be read.
    """
    if not directory.exists():
        return Manifest()
    if not directory.is_dir():
        raise CourseError(f"{directory} is not a folder")
    path = directory / MANIFEST
    if not path.is_file():
        others = {entry.name for entry in directory.iterdir()} - _KEPT_WITHOUT
        if others:
            raise CourseError(
                f"{directory} is not empty and holds no release (there is no"
                f" {MANIFEST}): choose a new folder"
            )
        return Manifest()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(tuple(data["lessons"]), data["site"], dict(data["files"]))
    except (ValueError, KeyError, TypeError):
        raise CourseError(
            f"{path} cannot be read: take it back from git, or choose a new folder"
        ) from None


def digest(path: Path) -> str:
    """Return the digest of a file, the same whatever ends the lines of a text."""
    data = path.read_bytes()
    if b"\0" not in data:
        data = data.replace(b"\r\n", b"\n")
    return hashlib.sha256(data).hexdigest()


def files_in(folder: Path) -> dict[str, str]:
    """Return the files of a folder with their digests."""
    return {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / MANIFEST
    }


def refresh(staged: Path, directory: Path, old: Manifest, new: Manifest) -> Refreshed:
    """Bring a folder from one release to the next.

    Stopped half-way, it goes on from there the next time: the manifest comes last.

    Args:
        staged: a folder that holds the new release.
        directory: the folder to bring up to date.
        old: what the last release wrote there.
        new: what this one is.
    """
    written, beside, removed, kept = [], [], [], []
    for name, fresh in new.files.items():
        here = directory / name
        found = _found(here)
        if found == fresh:
            continue
        if found in (None, old.files.get(name)):
            _place(staged / name, here)
            written.append(name)
        elif fresh != old.files.get(name):
            _place(staged / name, here.with_name(here.name + BESIDE))
            beside.append(name)
    for name, before in old.files.items():
        here = directory / name
        if name in new.files or (found := _found(here)) is None:
            continue
        if found == before:
            here.unlink()
            _prune(here.parent, directory)
            removed.append(name)
        else:
            kept.append(name)
    directory.mkdir(parents=True, exist_ok=True)
    new.write(directory / MANIFEST)
    lists = (new.lessons, new.files, written, beside, removed, kept)
    return Refreshed(*(tuple(one) for one in lists))


def _found(path: Path) -> str | None:
    """Return what is at a path: a digest, "" for what is no file, or None."""
    if path.is_file() and not path.is_symlink():
        return digest(path)
    return "" if os.path.lexists(path) else None


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, partial)
    partial.replace(target)


def _prune(folder: Path, top: Path) -> None:
    """Remove folders that hold nothing any more."""
    while folder != top and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
