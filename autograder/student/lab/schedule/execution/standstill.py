"""No thread can go on: which waits for which, and what kind of standstill it is."""

from __future__ import annotations

from typing import Any

from .story import describe
from .task import Task


def _waits_for(task: Task, tasks: list[Task]) -> Any:
    """The task that `task` needs, where one is known: a lock's owner, a join's end."""
    thing = task.thing
    owner = getattr(thing, "_lab_owner", None)
    if owner is None:
        mine = getattr(thing, "_lab_task", None)
        return mine if mine in tasks else None
    return owner


def _line(task: Task) -> str:
    return f" (line {task.place[0]})" if task.place[0] else ""


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
    kind = "lost wake-up" if asleep else "deadlock"
    lines = [
        f"{t.name} waits to {t.op}{describe(t.thing)}{_line(t)}: nobody is left to help"
        if t in asleep
        else _edge(t, _waits_for(t, tasks))
        for t in sorted(waiting, key=lambda t: t not in asleep)
    ]
    return kind, "\n".join(lines)


def _edge(task: Task, other: Any) -> str:
    holds = getattr(task.thing, "_lab_owner", None) is other
    end = "has ended" if other.done else "holds"
    why = f", which {other.name} {end if not other.done else 'held when it ended'}"
    text = f"{task.name} waits to {task.op}{describe(task.thing)}{_line(task)}"
    return text + (why if holds else f", and so waits for {other.name}")
