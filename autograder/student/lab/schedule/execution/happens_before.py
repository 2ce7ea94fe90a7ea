"""Data races: two accesses of one attribute, one a write, that nothing orders.

Vector clocks, as in FastTrack (Flanagan and Freund 2009): releasing a lock, setting an
event or ending a thread publishes the thread's clock; acquiring, waking or joining
learns it.
"""

from __future__ import annotations

from typing import Any

from .task import Task

Clock = dict[int, int]
Access = tuple[int, int, str, int]  # thread, its time, its name, the line


class HappensBefore:
    """Which events of a run happen before which others."""

    def __init__(self) -> None:
        self._published: dict[int, Clock] = {}
        self._kept: list[Any] = []  # so that no id is used twice in a run
        self._written: dict[tuple[int, str], Access] = {}
        self._readers: dict[tuple[int, str], dict[int, Access]] = {}

    def fork(self, parent: Task, child: Task) -> None:
        """What the parent did so far happens before all that the child does."""
        child.vector_clock = dict(parent.vector_clock)
        child.vector_clock[child.number] = 1
        _tick(parent)

    def publish(self, task: Task, thing: Any) -> None:
        """What `task` did so far happens before what follows a `learn(_, thing)`."""
        clock = self._published.get(id(thing))
        if clock is None:
            clock = self._published[id(thing)] = {}
            self._kept.append(thing)
        _join(clock, task.vector_clock)
        _tick(task)

    def learn(self, task: Task, thing: Any) -> None:
        """What was published with `thing` happens before what `task` does next."""
        clock = self._published.get(id(thing))
        if clock is not None:
            _join(task.vector_clock, clock)

    def access(
        self,
        task: Task,
        thing: Any,
        name: str,
        write: bool,
        line: int,
        label: str = "",
    ) -> str:
        """Note an access of an attribute.

        Args:
            task: the thread that does it.
            thing: the object.
            name: the attribute.
            write: whether it is a write.
            line: where, for the message.
            label: what the message calls it; by default the class and the attribute.

        Returns:
            A sentence that names the two accesses, where this one races with an
            earlier one; else an empty string.
        """
        key = (id(thing), name)
        if key not in self._readers:
            self._readers[key] = {}
            self._kept.append(thing)
        earlier = [(self._written.get(key), "writes")]
        if write:
            earlier += [(other, "reads") for other in self._readers[key].values()]
        for other, what in earlier:
            if other and other[0] != task.number and _unordered(task, other):
                verb = "writes" if write else "reads"
                label = label or f"{type(thing).__name__}.{name}"
                return (
                    f"{other[2]} {what} {label} (line {other[3]}) and {task.name} "
                    f"{verb} it (line {line}) with nothing that orders the two"
                )
        here = (task.number, task.vector_clock.get(task.number, 0), task.name, line)
        if write:
            self._written[key] = here
            self._readers[key] = {}
        else:
            self._readers[key][task.number] = here
        return ""


def _unordered(task: Task, other: Access) -> bool:
    return task.vector_clock.get(other[0], 0) < other[1]


def _tick(task: Task) -> None:
    task.vector_clock[task.number] = task.vector_clock.get(task.number, 0) + 1


def _join(into: Clock, other: Clock) -> None:
    for number, time in other.items():
        if into.get(number, 0) < time:
            into[number] = time
