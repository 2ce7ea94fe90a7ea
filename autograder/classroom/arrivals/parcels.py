"""Puts together what one student handed in, and makes it ready to be read.

What is ready is a folder with the student's files under the names that the student gave
them, and with the times at which they were handed in, as far as anything tells them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path, PurePosixPath

from autograder.classroom.arrivals.bulk_zip import Refused
from autograder.classroom.arrivals.commit_times import commit_times
from autograder.classroom.arrivals.naming import (
    DOWNLOADS,
    Form,
    Sender,
    version_of,
)
from autograder.classroom.arrivals.sources import Arrival, safe_id
from autograder.classroom.bounded import BoundedProcess, TooMuch
from autograder.classroom.folder import TIMESTAMP, first_line
from autograder.classroom.records import Roster, Student
from autograder.classroom.roster import Recogniser
from autograder.student.lesson import Lesson
from autograder.student.notebook.candidates import is_of_another
from autograder.student.notebook.decode import Unreadable
from autograder.student.notebook.reader import (
    attempted,
    find_submissions,
    read_submission,
)
from autograder.student.notebook.submission import printable
from autograder.student.notebook.unpack import read_bytes, suffix_of
from autograder.student.notebook.written import written_answer

_MOST_FILES = 12  # of a folder: the reader compares no more
_NBGRADERS = (TIMESTAMP, "submission_secret.txt")


@dataclass(frozen=True)
class Parcel:
    """What one student handed in at once."""

    student: str  # safe as a file name
    arrivals: tuple[Arrival, ...]
    is_known: bool  # whether the student is in the class list, or there is none
    notes: tuple[str, ...] = ()

    @property
    def sender(self) -> Sender:
        """Who sent it, as the platform tells it."""
        return self.arrivals[0].sender

    @property
    def is_late(self) -> bool:
        """Whether the platform says that it is late."""
        return any(arrival.late for arrival in self.arrivals)

    @property
    def can_stay(self) -> bool:
        """Whether it can be read where it is: one path, named and dated as it is."""
        (first, *others) = self.arrivals
        kept = first.sender.form not in DOWNLOADS
        return kept and not others and not (first.path / ".git").exists()

    def is_for(self, lesson: Lesson) -> bool:
        """Return whether it can be of a lesson, as far as its names tell."""
        return all(a.lesson in (None, lesson.id) for a in self.arrivals)


@dataclass(frozen=True)
class Ready:
    """A parcel whose files can be read, for one lesson."""

    parcel: Parcel
    lesson: Lesson
    path: Path  # a folder of ours, or the student's own file or folder
    chosen: str  # the file in it that says most; "" if none can be graded
    is_attempted: bool
    sent: float  # seconds since 1970; 0 where nothing tells
    notes: tuple[str, ...]
    problem: str = ""  # why nothing of it can be graded, where it was looked into

    @property
    def timestamp(self) -> str:
        """When it was handed in, as nbgrader writes it; "" where nothing tells."""
        if self.parcel.sender.form is Form.NBGRADER:
            return first_line(self.path / TIMESTAMP)
        if self.sent <= 0:
            return ""
        try:
            when = datetime.fromtimestamp(self.sent, UTC)
        except (OverflowError, ValueError):  # a year that no calendar has
            return ""
        return when.strftime("%Y-%m-%d %H:%M:%S.%f UTC")

    @property
    def submitted(self) -> str:
        """When it was handed in, where a platform tells; of a plain file ""."""
        plain = self.parcel.sender.form is Form.FOLDER
        return "" if plain else self.timestamp


def parcels_of(arrivals: Iterable[Arrival], roster: Roster) -> list[Parcel]:
    """Put together what was handed in at once, and tell whose it is.

    Whoever is not in the class list is called ``unknown-`` and what arrived; without a
    list, students are called what the platform calls them.
    """
    together: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        together.setdefault(arrival.parcel, []).append(arrival)
    named = [_called(group[0].sender) for group in together.values()]
    shared = _shared_names(zip(named, together.values(), strict=True))
    finder = Recogniser(roster)
    taken: set[str] = set()
    parcels: list[Parcel] = []
    for name, group in zip(named, together.values(), strict=True):
        sender = group[0].sender
        found = finder.find(sender, group[0].other_names)
        if name in shared and not _is_named(found, group[0]):
            told = f"several students are called {name}: tell them apart by an alias"
            found = f"{told}, e.g. {sender.user_id}"
        if not isinstance(found, str):
            parcels.append(Parcel(found.id, tuple(group), is_known=True))
            continue
        own, notes = name, tuple[str, ...]()
        if name in shared and sender.user_id:
            own = safe_id(f"{name} {sender.user_id}")
            notes = (f"several students are called {name}",)
        elif sender.form is Form.FOLDER:
            own = _free(name, taken)
        taken.add(own)
        if roster.students:
            own, notes = f"unknown-{own}", (found,)
        parcels.append(Parcel(own, tuple(group), not roster.students, notes))
    return parcels


def _is_named(found: Student | str, arrival: Arrival) -> bool:
    """Return whether an arrival tells what is this student's alone."""
    if isinstance(found, str):
        return False
    own = {found.id, found.email, *found.aliases} - {""}
    told = {arrival.sender.user_id, *arrival.other_names}
    return not {one.casefold() for one in own}.isdisjoint(map(str.casefold, told))


def _free(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name}-{number}" for number in count(2))
    held = {one.casefold() for one in taken}  # a class list tells no case apart
    return next(one for one in chain([name], numbered) if one.casefold() not in held)


def _called(sender: Sender) -> str:
    canvas = sender.form is Form.CANVAS
    return safe_id(sender.user_id if canvas else sender.name)


def _shared_names(named: Iterable[tuple[str, Sequence[Arrival]]]) -> set[str]:
    """Return the names for which one place holds several of a platform's numbers.

    In two places they may be one student's: Moodle's are of one assignment alone.
    """
    people: dict[tuple[Path, str], set[str]] = {}
    for name, (arrival, *_) in named:
        person = arrival.sender.user_id
        people.setdefault((arrival.path.parent, name), set()).add(person)
    return {name for (_, name), persons in people.items() if len(persons) > 1}


class Preparer:
    """Makes parcels ready in a folder of its own."""

    def __init__(self, scratch: Path, process: BoundedProcess) -> None:
        """Prepare in a folder; files are looked at in a bounded process."""
        self._scratch = scratch
        self._process = process
        self._count = 0

    def ready(self, parcel: Parcel, lesson: Lesson) -> Ready | Refused:
        """Copy a parcel, and tell how much of a lesson it answers."""
        self._count += 1
        place = self._scratch / f"parcel-{self._count}"
        place.mkdir()
        try:
            notes = self._copy(parcel, lesson, place)
            files, tried, problem = self._process.call(look, place, lesson)
        except (TooMuch, Unreadable) as error:
            return Refused(_shown(parcel), f"cannot be read: {error}")
        name = files[0] if files else ""
        dated = [place / name] if name else place.rglob("*")
        told = max(arrival.sent for arrival in parcel.arrivals)
        sent = told or max((file.lstat().st_mtime for file in dated), default=0.0)
        notes = (*parcel.notes, *notes)
        return Ready(parcel, lesson, place, name, tried, sent, notes, problem)

    def _copy(self, parcel: Parcel, lesson: Lesson, place: Path) -> tuple[str, ...]:
        """Copy what can be read, and tell what cannot.

        Raises:
            Unreadable: nothing can.
        """
        notes: list[str] = []
        lost: list[str] = []
        names = _names(parcel.arrivals)
        for arrival in parcel.arrivals:
            if arrival.is_typed:
                notes.append("text typed into the platform is not graded")
            if _is_folder(arrival.path):
                files = self._files_of(arrival, lesson)
            else:
                when = arrival.path.lstat().st_mtime
                files = [(arrival.path, names[arrival.path], when)]
            lost += [why for file in files if (why := _taken(*file, place))]
        if lost and not any(place.iterdir()):
            raise Unreadable(lost[0])
        notes += self._set_aside(parcel.arrivals, names, lesson, place)
        return (*notes, *lost)

    def _files_of(
        self, arrival: Arrival, lesson: Lesson
    ) -> list[tuple[Path, str, float]]:
        """Return what is copied of a folder: each file, its name there, its time."""
        folder = arrival.path
        files, *_ = self._process.call(look, folder.absolute(), lesson)
        if not files:  # nothing to grade: keep what shows why
            files = [path.name for path in sorted(folder.iterdir()) if path.is_file()]
            del files[_MOST_FILES:]
        if arrival.sender.form is Form.NBGRADER:
            files += [name for name in _NBGRADERS if (folder / name).is_file()]
        committed: dict[str, float] = {}
        if (folder / ".git").exists():
            committed = self._process.call(commit_times, folder.absolute(), files)
        paths = [(folder / name, name) for name in files]
        return [
            (path, name, committed.get(name, path.lstat().st_mtime))
            for path, name in paths
        ]

    def _set_aside(
        self,
        arrivals: Sequence[Arrival],
        names: dict[Path, str],
        lesson: Lesson,
        place: Path,
    ) -> list[str]:
        """Take out earlier versions of a file, where the last one answers anything."""
        versions: dict[str, list[tuple[int, int, str]]] = {}
        given = {arrival.name for arrival in arrivals}
        for arrival in arrivals:
            base, counter = version_of(arrival.name)
            if arrival.sender.form is Form.CANVAS and base in given:
                version = (counter, arrival.attachment, names[arrival.path])
                versions.setdefault(base, []).append(version)
        notes = []
        for several in versions.values():
            *earlier, (_, _, last) = sorted(several)
            if earlier and self._process.call(look, place / last, lesson)[1]:
                for _, _, name in earlier:
                    (place / name).unlink(missing_ok=True)
                listed = ", ".join(printable(name) for _, _, name in earlier)
                notes.append(f"handed in again: {printable(last)} counts, not {listed}")
        return notes


def counting(
    parcels: Iterable[Parcel], lesson: Lesson, preparer: Preparer, *, copied: bool
) -> tuple[list[Ready], list[Refused]]:
    """Make ready what counts of each student for a lesson, in the order of arrival.

    Args:
        parcels: Of all students and lessons.
        lesson: Which lesson they are read as.
        preparer: Copies and reads them.
        copied: Copy them all; else a student's only file or folder stays where it is,
            and is not looked into.
    """
    by_student: dict[str, list[Parcel]] = {}
    for parcel in parcels:
        if parcel.is_for(lesson):
            by_student.setdefault(parcel.student, []).append(parcel)
    counted: list[Ready] = []
    refused: list[Refused] = []
    for several in by_student.values():
        if not copied and len(several) == 1 and several[0].can_stay:
            (only,) = several
            path = only.arrivals[0].path
            counted.append(Ready(only, lesson, path, "", False, 0.0, only.notes))
            continue
        made = [preparer.ready(parcel, lesson) for parcel in several]
        refused += [one for one in made if isinstance(one, Refused)]
        ready = [one for one in made if isinstance(one, Ready)]
        if ready:
            counted.append(latest(ready))
    return counted, refused


def latest(ready: Sequence[Ready]) -> Ready:
    """Return which of several parcels of one student counts.

    It is the last one in which the lesson is attempted; the notes say so.
    """
    best = max(ready, key=_order)
    others = [one for one in ready if one is not best]
    if not others:
        return best
    why = "the last one counts"
    if not all(one.is_attempted for one in others):
        why = "the one with work counts"
    names = ", ".join(_shown(one.parcel) for one in others)
    note = f"arrived {len(ready)} times: {why}, not {names}"
    return replace(best, notes=(*best.notes, note))


def _order(ready: Ready) -> tuple[bool, float, int]:
    attachments = max(arrival.attachment for arrival in ready.parcel.arrivals)
    return ready.is_attempted, ready.sent, attachments


def _shown(parcel: Parcel) -> str:
    return printable(parcel.arrivals[0].path.name)


def _names(arrivals: Sequence[Arrival]) -> dict[Path, str]:
    """Return the name under which each file is kept: the student's, each once."""
    names: dict[Path, str] = {}
    bases = Counter(version_of(arrival.name)[0] for arrival in arrivals)
    for arrival in arrivals:
        name = arrival.name
        base, counter = version_of(name)
        if arrival.sender.form is Form.CANVAS and counter and bases[base] == 1:
            name = base  # the counter is Canvas's
        name = name.rstrip(" .")
        path = PurePosixPath(name.replace("\\", "/").replace("/", "-"))
        stem = safe_id(path.stem)
        suffix = path.suffix[:20]
        if not suffix[1:].isalnum():  # .ipynb (1)
            suffix = suffix_of(name)[:20]
        suffix = "".join(sign for sign in suffix if sign.isalnum())
        suffix = f".{suffix}" if suffix else ""
        own, number = f"{stem}{suffix}", 1
        while own in names.values():
            number += 1
            own = f"{stem} ({number}){suffix}"
        names[arrival.path] = own
    return names


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _taken(path: Path, name: str, when: float, place: Path) -> str:
    """Copy a file into a folder; return why it cannot be, "" if it is."""
    try:
        data = read_bytes(path)
    except Unreadable as error:
        return f"{printable(name)}: {error}"
    target = place / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    os.utime(target, (when, when))
    return ""


# What follows runs in the bounded process.


def look(path: Path, lesson: Lesson) -> tuple[list[str], bool, str]:
    """Return the files that may be graded, the best first; if one holds work; why not.

    The last is "" unless nothing of them can be graded.
    """
    submission = read_submission(path, lesson)
    tried = submission.problem is None and (
        any(attempted(submission, lesson).values())
        or written_answer(submission, lesson) is not None
    )
    problem = submission.problem or ""
    if not _is_folder(path):
        return [path.name], tried, problem
    found = [file.relative_to(path) for file in find_submissions(path, lesson)]
    others = [
        file
        for file in found[1:]
        if not is_of_another(file, lesson) and file.suffix.lower() != ".txt"
    ]
    kept = [*found[:1], *others[: _MOST_FILES - 1]]
    return [file.as_posix() for file in kept], tried, problem
