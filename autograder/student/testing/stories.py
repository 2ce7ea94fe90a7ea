"""Scenes played by the schedule explorer: tells the story of the first that failed.

A scene is a function that uses a submission and asserts what must hold under every
schedule; the first line of its docstring is what a student reads as the place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autograder.student.lanes import Lanes, steps_of
from autograder.student.testing.check import CheckFailed

_LINES = 9
_DULL = ("release", "notify 0", "start", "look at")


def judge(seen: Iterable[Mapping[str, Any]], look: str) -> None:
    """Fail with the shortest story of the scene that failed, if one did.

    Args:
        seen: of each scene, where it plays and what `Program.explore` found.
        look: where to read on.

    Raises:
        CheckFailed: a scene failed.
    """
    for scene in seen:
        if scene["found"]["kind"] != "ok":
            where = " ".join(scene["where"].split()).rstrip(".")
            failed = CheckFailed(where, tale(scene["found"]), look)
            steps = tuple(steps_of(scene["found"]["story"]))
            if len({step.thread for step in steps}) > 1:
                failed.drawing = Lanes(where, steps, _end(scene["found"])[0])
            raise failed


def tale(found: Mapping[str, Any]) -> str:
    """Shorten a counterexample to what happened, and its last steps, line by line."""
    kept = [
        f"  {step.thread}, line {step.line}: {step.done}   [{step.code}]"
        for step in steps_of(found["story"])
        if not step.done.startswith(_DULL)
    ]
    if len(kept) > _LINES:
        kept = ["  ...", *kept[-_LINES:]]
    told = _end(found)
    if found["kind"] == "exception" and not found["schedule"]:
        return "\n".join(told)  # it fails whoever goes first: no story to tell
    return "\n".join([*told, "in this schedule:", *kept] if kept else told)


def _end(found: Mapping[str, Any]) -> list[str]:
    """Say what went wrong at last, line by line."""
    return [_plainly(found["kind"], line) for line in found["message"].splitlines()]


def _plainly(kind: str, line: str) -> str:
    for mark in ("in main: AssertionError: ", "AssertionError: "):
        line = line.replace(mark, "")
    return line.split(" at line ")[0] if kind == "exception" else f"{kind}: {line}"
