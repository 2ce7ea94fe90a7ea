"""No thread can go on: which waits for which, and what kind of standstill it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .story import describe
from .task import Failure, Task

LOST = "lost wake-up"
EVENT = "wait for"  # what is done to an event


def _waits_for(task: Task, tasks: list[Task]) -> Any:
    """The task that `task` needs, where one is known: a lock's owner, a join's end."""
    thing = task.thing
    owner = getattr(thing, "_lab_owner", None)
    if owner is None:
        mine = getattr(thing, "_lab_task", None)
        return mine if mine in tasks else None
    return owner


def _line(task: Task) -> str:
    line, _, library = task.place
    if line:
        return f" (line {line})"
    return f" (in {library})" if library else ""


def explain_standstill(tasks: list[Task]) -> tuple[str, str]:
    """Name a standstill and say which thread waits for which.

    Args:
        tasks: all threads of the run, none of which can go on.

    Returns:
        The kind and its sentences, a line for each thread. The kind is `deadlock` where
        threads wait for each other or for one that has ended, `lost wake-up` where a
        thread waits for something that no thread is left to do.
    """
    waiting = [t for t in tasks if not t.done]
    for first in waiting:
        path = [first]
        while (task := _waits_for(path[-1], tasks)) and task not in path:
            path.append(task)
        if task in path:
            cycle = path[path.index(task) :]
            return "deadlock", "\n".join(_edge(t, _waits_for(t, tasks)) for t in cycle)
    asleep = [t for t in waiting if _waits_for(t, tasks) is None]
    kind = LOST if asleep else "deadlock"
    lines = [
        f"{_waits(t)}: nobody is left to help"
        if t in asleep
        else _edge(t, _waits_for(t, tasks))
        for t in sorted(waiting, key=lambda t: t not in asleep)
    ]
    return kind, "\n".join(lines)


def _waits(task: Task) -> str:
    return f"{task.name} waits to {task.op}{describe(task.thing)}{_line(task)}"


def _edge(task: Task, other: Any) -> str:
    holds = getattr(task.thing, "_lab_owner", None) is other
    end = "holds" if not other.done else "held when it ended"
    return _waits(task) + (
        f", which {other.name} {end}" if holds else f", and so waits for {other.name}"
    )


def explain_further(
    tasks: list[Task], lost: Failure, stir: Callable[[Task], bool]
) -> Failure:
    """Tell a deadlock from a lost wake-up where no lock's owner does.

    Args:
        tasks: all threads of a run that stands still.
        lost: why it does, as `explain_standstill` sees it.
        stir: wakes a sleeper for no reason and says whether it gets any further; the
            run is of no use after.

    Returns:
        A deadlock where no wake-up is missing: those who take from a queue wait for
        what lies in it, or all who sleep find, when they are woken, that they must
        sleep on, or nobody sleeps in a condition or waits for an event. Else `lost`.
    """
    waiting = [t for t in tasks if not t.done]
    hungry = [t for t in waiting if t.fed_by is not None and t.fed_by._lab_left(t)]
    if hungry:
        queue = hungry[0].fed_by
        lines = [_waits(t) for t in sorted(waiting, key=lambda t: t not in hungry)]
        names = " and ".join(t.name for t in hungry if t.fed_by is queue)
        why = (
            f"what lies in{describe(queue)} ({queue._lab_size()}) waits for {names}: "
            "the pool starves itself"
        )
        return Failure("deadlock", "\n".join([*lines, why]))
    sleepers = [t for t in waiting if t.drowsy]
    if not sleepers:
        # Only a condition's or an event's wake-up can be lost.
        event = any(t.op == EVENT for t in waiting)
        return lost if event else Failure("deadlock", lost.message)
    if True in {stir(t) for t in sleepers}:
        return lost
    what = "each of them finds" if len(sleepers) > 1 else f"{sleepers[0].name} finds"
    why = f"woken for no reason, {what} that it must wait on: no wake-up is missing"
    return Failure("deadlock", f"{lost.message}\n{why}")
