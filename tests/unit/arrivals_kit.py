"""What arrives from students, for the tests of autograder/classroom/arrivals."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.classroom.arrivals.parcels import Parcel, parcels_of
from autograder.classroom.arrivals.sources import find_arrivals
from autograder.classroom.bounded import BoundedProcess
from autograder.classroom.records import Roster


def parcels(sources: Sequence[Path], roster: Roster | None = None) -> list[Parcel]:
    """Return what each student handed in."""
    with tempfile.TemporaryDirectory() as scratch, BoundedProcess() as process:
        found = find_arrivals(sources, Path(scratch), process)
    return parcels_of(found.arrivals, roster or Roster())
