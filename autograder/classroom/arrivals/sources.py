"""Finds in what an instructor names the work of each student."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.classroom.arrivals.bulk_zip import Refused, is_bulk, unpack
from autograder.classroom.arrivals.gradescope_export import read_metadata
from autograder.classroom.arrivals.naming import (
    DOWNLOADS,
    METADATA,
    PLATFORMS,
    Form,
    Sender,
    assignment_prefix,
    is_receipt,
    named_by_brightspace,
    named_by_moodle,
    platform_of,
)
from autograder.classroom.bounded import BoundedProcess, TooMuch
from autograder.student.notebook.unpack import (
    READABLE,
    is_noise,
    is_zip,
    suffix_of,
)
from autograder.student.report import CourseError

_SUFFIXES = (*READABLE, ".zip", ".txt")
_LESSON = re.compile(r"\d\d-[a-z][a-z0-9-]*")
_COURSE = ("course", "solutions", "notebooks", "autograder")  # folders of a copy
_MOST_BYTES = 150  # of a student's name


@dataclass(frozen=True)
class Arrival:
    """One file or folder that arrived."""

    sender: Sender
    path: Path
    name: str  # that the student gave the file; "" of a folder
    parcel: str  # equal for what was handed in together
    lesson: str | None = None  # where the form tells it
    late: bool = False
    attachment: int = 0  # grows with each file that Canvas takes in
    is_typed: bool = False  # text typed into a platform: nothing to grade
    other_names: tuple[str, ...] = ()  # that the sender may have
    sent: float = 0.0  # seconds since 1970, where the platform tells; else its files do


@dataclass(frozen=True)
class Found:
    """What the sources hold."""

    arrivals: tuple[Arrival, ...]
    refused: tuple[Refused, ...]


def find_arrivals(
    sources: Sequence[Path],
    scratch: Path,
    process: BoundedProcess,
    *,
    form: Form | None = None,
) -> Found:
    """Find what each student handed in.

    One folder alone holds the work of a class, a file or folder a student. Of several
    sources, a folder is one student's, unless a platform's names tell otherwise.
    Archives that a platform packed are unpacked; a student's own archive is not.

    Args:
        sources: Files and folders, as named on a command line.
        scratch: An empty folder for what is unpacked.
        process: Where archives are read.
        form: The form of all sources; default: each is recognised by its names.

    Raises:
        CourseError: a source does not exist, or nothing in it can be graded.
    """
    arrivals: list[Arrival | Refused] = []
    refused: list[Refused] = []
    loose: list[Path] = []
    alone = len(sources) == 1
    for number, source in enumerate(sources):
        if not os.path.exists(source):  # a name that is too long exists nowhere
            raise CourseError(f"{source} does not exist")
        if not source.is_file() and not source.is_dir():
            raise CourseError(f"{source} is neither a file nor a folder")
        if source.is_file():
            if not _is_packed_class(source, form, process, alone=alone):
                loose.append(source)
                continue
            place = scratch / f"unpacked-{number}"
            place.mkdir()
            refused += unpack(source, place, process)
            if form is Form.FOLDER:
                place = _class_in(place)
            arrivals += _of_group(
                place, form, source.name.removesuffix(".zip"), process
            )
        elif _is_one_students(source, form, alone=alone):
            loose.append(source)
        else:
            arrivals += _of_group(source, form, source.resolve().name, process)
    arrivals += _of_form(loose, form or _recognised(loose, ""), "", process)
    taken = tuple(one for one in arrivals if isinstance(one, Arrival))
    if not taken and not refused:
        raise CourseError(f"{sources[0]} holds no .ipynb, .py or .zip file")
    refused += [one for one in arrivals if isinstance(one, Refused)]
    return Found(taken, tuple(refused))


def safe_id(name: str) -> str:
    """Return a name that is safe as a file name, as like the given as can be."""
    safe = re.sub(r"[^\w.@+' -]|\.\.+", "-", name)[:100]
    # The name of a file: so many bytes at most, cut between two characters.
    safe = safe.encode("utf-8", "replace")[:_MOST_BYTES].decode(errors="ignore")
    return safe.strip(" .-+@'") or "submission"


def _is_packed_class(
    source: Path, form: Form | None, process: BoundedProcess, *, alone: bool
) -> bool:
    if form in (None, Form.FOLDER) and not (form and alone):
        return is_bulk(source, process)
    with source.open("rb") as file:
        return is_zip(file.read(4))


def _is_one_students(folder: Path, form: Form | None, *, alone: bool) -> bool:
    """Return whether a folder is the work of one student."""
    own = folder.resolve().name
    if named_by_moodle(own) or named_by_brightspace(own):
        return True
    if (folder / ".git").exists() or _is_copy(folder):
        return True
    if form in (*DOWNLOADS, Form.NBGRADER):
        return False
    place = _inner(folder)
    recognised = _recognised(_children(place), place.resolve().name)
    return not alone and recognised is Form.FOLDER


def _is_copy(folder: Path) -> bool:
    """Return whether a folder is a copy of the course.

    A folder of hand-ins is none, though one of them may be called "course".
    """
    if not any((folder / "course").glob("[0-9][0-9]-*")):
        return False
    names = {path.name for path in _children(folder)}
    return names <= set(_COURSE) or {"autograder", "pyproject.toml"} <= names


def _class_in(folder: Path) -> Path:
    """Return where the folders of students are in what was packed as one folder."""
    only = _children(folder)
    if len(only) != 1 or not _is_folder(only[0]):
        return folder
    inside = _children(only[0])
    named = [path for path in inside if _is_folder(path) and path.name not in _COURSE]
    return only[0] if inside and named == inside else folder


def _of_group(
    folder: Path, form: Form | None, name: str, process: BoundedProcess
) -> list[Arrival | Refused]:
    place = _inner(folder)
    paths = _children(place)
    parent = name if place == folder else place.name
    return _of_form(paths, form or _recognised(paths, parent), parent, process)


def _inner(folder: Path) -> Path:
    """Return the one folder in a folder, where it holds what a platform packed."""
    paths = _children(folder)
    if len(paths) != 1 or not _is_folder(paths[0]):
        return folder
    if _recognised(paths, "") is not Form.FOLDER:
        return folder
    (only,) = paths
    if _recognised(_children(only), only.name) is Form.FOLDER:
        return folder
    return only


def _children(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.iterdir())
        if not path.name.startswith(".") and not is_noise(PurePosixPath(path.name))
    ]


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _recognised(paths: Sequence[Path], parent: str) -> Form:
    """Tell the form of some files and folders from their names."""
    names = [path.name for path in paths]
    if not names:
        return Form.FOLDER
    platform = platform_of(names)
    if platform is not None:
        return platform
    folders = [path for path in paths if _is_folder(path)]
    filled = [path for path in folders if _children(path)]
    if 2 * sum(map(_is_nbgraders, filled)) > len(filled):
        return Form.NBGRADER
    clones = [path for path in folders if (path / ".git").exists()]
    if folders and (parent.endswith("-submissions") or 2 * len(clones) > len(folders)):
        return Form.GITHUB
    return Form.FOLDER


def _is_nbgraders(folder: Path) -> bool:
    """Return whether a folder holds folders of lessons, as ``submitted/STUDENT``."""
    lessons = [path.name for path in _children(folder) if _is_folder(path)]
    named = all(_LESSON.fullmatch(name) for name in lessons)
    return bool(lessons) and named and folder.name not in _COURSE


def _of_form(
    paths: Iterable[Path], form: Form, parent: str, process: BoundedProcess
) -> list[Arrival | Refused]:
    if form is Form.NBGRADER:
        return [arrival for path in paths for arrival in _of_tree(path)]
    paths = list(paths)
    if form is Form.GRADESCOPE:
        return list(_of_gradescope(paths, process))
    if form in (Form.BLACKBOARD, Form.BRIGHTSPACE):
        paths = [path for path in paths if not is_receipt(path.name)]
    prefix = ""
    if form is Form.GITHUB:
        clones = [path.name for path in paths if _is_folder(path)]
        prefix = assignment_prefix(clones, parent)
    return [_arrival(path, form, prefix) for path in paths]


def _of_tree(path: Path) -> list[Arrival | Refused]:
    if not _is_folder(path) or not _is_nbgraders(path):
        if _is_folder(path) and not _children(path):
            return []  # a student who handed in nothing
        return [_arrival(path, Form.FOLDER, "")]
    sender = Sender(path.name, form=Form.NBGRADER)
    return [
        Arrival(sender, work, "", str(work), lesson=work.name)
        for work in _children(path)
        if _is_folder(work)
    ]


def _of_gradescope(
    paths: Sequence[Path], process: BoundedProcess
) -> Iterator[Arrival | Refused]:
    metadata = [path for path in paths if path.name == METADATA]
    if not metadata:
        raise CourseError(f"{METADATA} is missing, which says whose each folder is")
    try:
        told = process.call(read_metadata, metadata[0].absolute())
    except TooMuch as error:
        raise CourseError(f"{metadata[0]} cannot be read: {error}") from None
    for path in paths:
        if path in metadata:
            continue
        row = told.get(path.name)
        if row is None or not row.submitters:
            yield _arrival(path, Form.FOLDER, "")
            continue
        for number, one in enumerate(row.submitters):
            names = tuple(filter(None, (one.sid, one.email)))
            name = one.name or "".join(names[-1:]) or path.name
            yield Arrival(
                Sender(name, one.sid, Form.GRADESCOPE),
                path,
                "" if _is_folder(path) else path.name,
                f"{path} {number}",
                other_names=names,
                sent=row.sent,
            )


def _arrival(path: Path, form: Form, prefix: str) -> Arrival | Refused:
    if form is Form.GITHUB and _is_folder(path):
        full = path.resolve().name
        parts = full.split("-")
        ends = ("-".join(parts[first:]) for first in range(len(parts)))
        name = full.removeprefix(prefix) or full
        # All clones may be of an anna-b and an anna-c; one alone has no prefix.
        others = tuple(end for end in ends if not prefix or len(end) > len(name))
        sender = Sender(name, form=form)
        return Arrival(sender, path, "", str(path), other_names=others)
    read = PLATFORMS.get(form)
    named = read(path.name) if read else None
    if named is not None:
        return Arrival(
            named.sender,
            path,
            "" if _is_folder(path) else named.file,
            f"{path.parent} {named.sender.name} {named.sender.user_id} {named.attempt}",
            late=named.late,
            attachment=named.attachment,
            is_typed=named.is_typed,
        )
    if not path.is_dir() and suffix_of(path.name) not in _SUFFIXES:
        return Refused(path.name, "it is no .ipynb, .py or .zip file")
    name = path.resolve().name if path.is_dir() else path.name
    stem = name
    while not path.is_dir() and suffix_of(stem) in _SUFFIXES:
        stem = Path(stem.rstrip(" .")).stem  # hw.ipynb.txt
    return Arrival(Sender(stem), path, "" if path.is_dir() else name, str(path))
