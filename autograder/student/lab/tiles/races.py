"""Which programs read and wrote which elements in a launch, and which conflict.

Programs of one launch run in any order on a GPU, several at once. Two of them may
read one element; if one of them writes it, the result depends on timing. Atomics
do not race with each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import TileError
from .memory import Array, Segment
from .meter import Meter
from .state import state


class Again(Exception):
    """A launch stores to a segment whose reads were not recorded: run it again."""


class Port:
    """Holds the meter of the running launch."""

    meter = Meter()


def prepare(segment: Segment) -> None:
    if segment.saved is None:
        if not segment.data.flags.writeable:
            raise TileError(f"tl.store to {segment.name}: the array is read-only.")
        if segment.was_read and not segment.watch_reads:
            segment.watch_reads = True
            raise Again
        segment.save()


def _strangers(owners: Array) -> Any:
    return (owners != 0) & (owners != state.number)


def _race(name: str, place: int, other: int, what: str) -> None:
    who = state.where(other - 1) if other > 0 else "one of several programs"
    Port.meter.note(
        Port.meter.races,
        f"{Port.meter.kernel}: {state.where()} {what.format(who=who)} "
        f"(argument {name}, e.g. element {place}).",
    )


def _clash(owners: Array | None, places: Array, name: str, what: str) -> None:
    """Report a race where another program is in the map of owners."""
    if owners is None:
        return
    found = np.asarray(owners.take(places))
    if not np.count_nonzero(found):  # as in most launches: nobody was here
        return
    bad = np.asarray(_strangers(found))
    if np.count_nonzero(bad) and not _known(name, what):
        lane = int(np.flatnonzero(bad)[0])
        place = int(np.ravel(places)[lane])
        _race(name, place, int(np.ravel(found)[lane]), what)


def _known(name: str, what: str) -> bool:
    """One sentence for each argument and kind of race is enough."""
    middle = what.split("{who}")
    return any(
        f"(argument {name}," in s and all(part in s for part in middle)
        for s in Port.meter.races
    )


def note_read(segment: Segment, places: Any, name: str) -> None:
    segment.was_read = True
    if segment.written is not None:
        note_initialised(segment, places, name)
    if segment.writers is not None:
        _clash(segment.writers, places, name, "reads what {who} writes")
        _clash(segment.atomics, places, name, "reads what {who} adds to")
    if segment.readers is not None:
        known = np.asarray(segment.readers.take(places))
        segment.readers[places] = np.where(_strangers(known), -1, state.number)


def note_initialised(segment: Segment, places: Any, name: str) -> None:
    if segment.written is None:
        return
    fine = np.asarray(segment.written.take(places))
    if np.count_nonzero(fine) < fine.size:
        place = int(np.ravel(places)[np.flatnonzero(~fine)[0]])
        sentence = f"{Port.meter.kernel}: argument {name} is read where nothing wrote"
        if not any(s.startswith(sentence) for s in Port.meter.uninitialised):
            Port.meter.note(
                Port.meter.uninitialised,
                f"{sentence} ({state.where()}, element {place}).",
            )


def note_write(segment: Segment, places: Array, values: Array, name: str) -> None:
    _clash(segment.writers, places, name, "writes what {who} writes too")
    _clash(segment.readers, places, name, "writes what {who} reads")
    _clash(segment.atomics, places, name, "writes what {who} adds to")
    assert segment.writers is not None  # _prepare made it
    mine = segment.writers.take(places) == state.number
    Port.meter.rewrites += int(np.count_nonzero(mine))
    segment.writers[places] = state.number
    if segment.lanes is None:
        segment.lanes = np.zeros(segment.data.size, np.int32)
    order = np.arange(places.size, dtype=np.int32)
    segment.lanes[places] = order
    last = segment.lanes.take(places)
    twice = last != order
    if again := int(np.count_nonzero(twice)):
        Port.meter.rewrites += again
        _note_lanes(segment, places[twice], values[twice], values[last[twice]], name)


def _note_lanes(
    segment: Segment, places: Array, values: Array, others: Array, name: str
) -> None:
    """Report lanes of one store that share elements and do not agree, or lose a change.

    Lanes that load an element, add and store it all start from what it held: they
    agree, and all their changes but one are lost.
    """
    assert segment.readers is not None  # _prepare made it
    what = "write different values to"
    wrong = ~((values == others) | ((values != values) & (others != others)))
    if not np.count_nonzero(wrong):
        was_read = segment.readers.take(places) == state.number
        wrong = was_read & (segment.data.take(places) != values)
        what = "load, change and store"
    if np.count_nonzero(wrong):
        place = int(places[np.flatnonzero(wrong)[0]])
        Port.meter.note(
            Port.meter.races,
            f"{Port.meter.kernel}: two lanes of one tl.store {what} element {place} of "
            f"argument {name}.",
        )


def note_atomic(segment: Segment, places: Array, name: str) -> None:
    _clash(segment.writers, places, name, "adds to what {who} writes")
    _clash(segment.readers, places, name, "adds to what {who} reads")
    if segment.atomics is None:
        segment.atomics = np.zeros(segment.data.size, np.int32)
    known = segment.atomics.take(places)
    segment.atomics[places] = np.where(_strangers(known), -1, state.number)
