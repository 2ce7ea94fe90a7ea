"""Brings arrivals into the ``submitted/`` tree of a class folder.

Nothing that was collected is lost: what a newer arrival replaces is kept in
``replaced/STUDENT/LESSON/TIME/``. An equal one is left as it is, an older one is left
out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.classroom.arrivals.bulk_zip import Refused
from autograder.classroom.arrivals.naming import Form
from autograder.classroom.arrivals.parcels import (
    Preparer,
    Ready,
    counting,
    parcels_of,
)
from autograder.classroom.arrivals.sources import find_arrivals
from autograder.classroom.bounded import BoundedProcess
from autograder.classroom.folder import TIMESTAMP, ClassFolder, first_line
from autograder.classroom.records import Roster
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import printable
from autograder.student.report import CourseError

_SCRATCH = "arriving-"
_SHOWN = 200  # characters of a name
ARRIVAL = "arrival.json"  # beside a hand-in: what the platform said of it


@dataclass(frozen=True)
class Collected:
    """What became of one student's arrival for one lesson."""

    student: str
    lesson: str
    file: str  # the one that would be graded; "" if none can be
    outcome: str  # collected, replaced, unchanged, or older: then it was left out
    form: str
    sender: str  # as the platform tells it
    user_id: str  # Canvas's number of the user, Moodle's of the participant
    late: bool  # as the platform tells it
    time: str  # as timestamp.txt says it
    is_known: bool  # whether the student is in the class list, or there is none
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Collection:
    """What became of all that arrived."""

    collected: tuple[Collected, ...]
    refused: tuple[Refused, ...]


def collect(
    folder: ClassFolder,
    sources: Sequence[Path],
    roster: Roster,
    *,
    lesson: Lesson | None = None,
    form: Form | None = None,
) -> Collection:
    """Bring what arrived into ``submitted/STUDENT/LESSON/``, one run at a time.

    Args:
        folder: The class.
        sources: What an instructor has: see `find_arrivals`.
        roster: The class list; an empty one knows nobody and refuses nobody.
        lesson: Which lesson it is of; default: all lessons of the class that it
            answers.
        form: The form of the sources; default: recognised by their names.

    Raises:
        CourseError: a source does not exist, is the tree itself, or holds it.
    """
    tree = folder.root / "submitted"
    for source in sources:
        if source.resolve().is_relative_to(tree):
            raise CourseError(f"{source} is in the class folder already")
        if tree.is_relative_to(source.resolve()):
            raise CourseError(f"{source} holds the class folder: name what came in")
    lessons = [lesson] if lesson else list(map(folder.course.lesson, folder.lessons()))
    place = folder.root / ".autograder"
    place.mkdir(exist_ok=True)
    for stale in place.glob(f"{_SCRATCH}*"):  # of a run that was killed
        shutil.rmtree(stale)
    collected: list[Collected] = []
    with (
        tempfile.TemporaryDirectory(dir=place, prefix=_SCRATCH) as scratch,
        BoundedProcess() as process,
    ):
        found = find_arrivals(sources, Path(scratch), process, form=form)
        parcels = parcels_of(found.arrivals, roster)
        refused = list(found.refused)
        preparer = Preparer(Path(scratch), process)
        answered: set[str] = set()
        for one in lessons:
            ready, out = counting(parcels, one, preparer, copied=True)
            refused += [refusal for refusal in out if refusal not in refused]
            for hand_in in ready:
                if lesson is None and not _answers(hand_in):
                    continue
                answered.add(hand_in.parcel.student)
                collected.append(_place(folder, hand_in))
        refused += [
            Refused(parcel.arrivals[0].path.name, "it answers no lesson: name one")
            for parcel in parcels
            if lesson is None and parcel.student not in answered
        ]
    collected.sort(key=lambda one: (one.student, one.lesson))
    return Collection(tuple(collected), tuple(refused))


def _answers(ready: Ready) -> bool:
    """Return whether a parcel is of a lesson, where nobody said of which."""
    named = any(arrival.lesson == ready.lesson.id for arrival in ready.parcel.arrivals)
    return named or ready.is_attempted


def _place(folder: ClassFolder, ready: Ready) -> Collected:
    """Put what is ready into the tree, unless something as new is there."""
    parcel, lesson = ready.parcel, ready.lesson.id
    target = folder.root / "submitted" / parcel.student / lesson
    told = ready.timestamp
    before = first_line(target / TIMESTAMP)
    outcome = "collected"
    if target.is_dir() and _contents(target) == _contents(ready.path):
        outcome, told = "unchanged", before
    elif os.path.lexists(target):
        outcome = "older" if _when(told) < _when(before) else "replaced"
    row = Collected(
        parcel.student,
        lesson,
        printable(ready.chosen, _SHOWN),
        outcome,
        str(parcel.sender.form),
        printable(parcel.sender.name, _SHOWN),
        parcel.sender.user_id,
        parcel.is_late,
        told,
        parcel.is_known,
        (*ready.notes, *filter(None, [ready.problem])),
    )
    if outcome in ("unchanged", "older"):
        return row
    if told:
        (ready.path / TIMESTAMP).write_text(f"{told}\n", encoding="utf-8")
    text = json.dumps(asdict(row), indent=2, ensure_ascii=False)
    (ready.path / ARRIVAL).write_text(text + "\n", encoding="utf-8")
    target.parent.mkdir(parents=True, exist_ok=True)
    if outcome == "replaced":
        shutil.move(target, _kept(folder, row, before))
    ready.path.replace(target)
    return row


def _kept(folder: ClassFolder, row: Collected, before: str) -> Path:
    """Return where what is replaced is kept."""
    place = folder.root / "replaced" / row.student / row.lesson
    place.mkdir(parents=True, exist_ok=True)
    name = "".join(sign if sign.isalnum() else "-" for sign in before) or "undated"
    kept, number = place / name, 1
    while kept.exists():
        number += 1
        kept = place / f"{name}-{number}"
    return kept


def _when(timestamp: str) -> datetime:
    """Return a time of `Ready.timestamp`; the earliest where there is none."""
    try:
        told = datetime.fromisoformat(timestamp.removesuffix("UTC").strip())
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _contents(folder: Path) -> dict[str, str]:
    """Return a digest of each file of a hand-in, without what says how it came."""
    found: dict[str, str] = {}
    for path in folder.rglob("*"):
        beside = path.name in (TIMESTAMP, ARRIVAL)
        if path.is_file() and not path.is_symlink() and not beside:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[path.relative_to(folder).as_posix()] = digest
    return found
