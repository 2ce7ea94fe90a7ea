"""What arrived for one lesson, ready to be graded without a class folder."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.classroom.arrivals.bulk_zip import Refused
from autograder.classroom.arrivals.naming import Form
from autograder.classroom.arrivals.parcels import (
    Parcel,
    Preparer,
    Ready,
    counting,
    parcels_of,
)
from autograder.classroom.arrivals.sources import find_arrivals
from autograder.classroom.bounded import BoundedProcess
from autograder.classroom.records import Roster, Student
from autograder.student.lesson import Lesson
from autograder.student.report import CourseError


@dataclass(frozen=True)
class Arrived:
    """What there is to grade, one a student, and what was not taken in."""

    ready: tuple[Ready, ...]
    refused: tuple[Refused, ...]
    roster: Roster

    @property
    def people(self) -> Roster:
        """Who handed in: as the class list says, else as the platform does."""
        parcels = [one.parcel for one in self.ready]
        known = self.roster.students
        found = [known.get(one.student) or _student(one) for one in parcels]
        return Roster({student.id: student for student in found})


@contextmanager
def arrived(
    sources: Sequence[Path],
    lesson: Lesson,
    roster: Roster,
    *,
    form: Form | None = None,
    without: Path | None = None,
) -> Iterator[Arrived]:
    """Find what each student handed in for a lesson; what is unpacked goes at the end.

    Args:
        sources: What an instructor has: see `find_arrivals`.
        lesson: Which lesson all of it is read as.
        roster: The class list; an empty one knows nobody and refuses nobody.
        form: The form of the sources; default: recognised by their names.
        without: A folder of ours that may stand among them, and is nobody's work.

    Raises:
        CourseError: a source does not exist, or nothing in them can be graded.
    """
    with (
        tempfile.TemporaryDirectory(prefix="autograder-") as scratch,
        BoundedProcess() as process,
    ):
        found = find_arrivals(sources, Path(scratch), process, form=form)
        own = None if without is None else without.resolve()
        arrivals = [one for one in found.arrivals if one.path.resolve() != own]
        parcels = parcels_of(arrivals, roster)
        preparer = Preparer(Path(scratch), process)
        ready, refused = counting(parcels, lesson, preparer, copied=False)
        out = (*found.refused, *refused)
        if not ready:
            why = f": {out[0]}" if out else ""
            raise CourseError(f"{sources[0]} holds nothing of {lesson.id}{why}")
        yield Arrived(tuple(ready), out, roster)


def _student(parcel: Parcel) -> Student:
    sender = parcel.sender
    name, number = _one_line(sender.name), _one_line(sender.user_id)
    if sender.form is Form.CANVAS:
        return Student(parcel.student, "", name, lms_user_id=number)
    if sender.form in (Form.MOODLE, Form.BRIGHTSPACE, Form.GRADESCOPE):
        return Student(parcel.student, "", name, aliases=(number,) if number else ())
    return Student(parcel.student)


def _one_line(text: str) -> str:
    """Return text that a class list may hold."""
    return "".join(" " if unicodedata.category(s) == "Cc" else s for s in text).strip()
