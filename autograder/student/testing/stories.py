"""Scenes played by the schedule explorer: tells the story of the first that failed.

A scene is a function that uses a submission and asserts what must hold under every
schedule; the first line of its docstring is what a student reads as the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from autograder.student.testing import check

_LINES = 9
_STEP = re.compile(r" *\d+ [> ] (.+?) +line (\d+) +(.{44})  (.*)")
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
            check.true(False, where=where, evidence=tale(scene["found"]), look=look)


def tale(found: Mapping[str, Any]) -> str:
    """Shorten a counterexample to what happened, and its last steps, line by line."""
    message = found["message"].splitlines()
    steps = [_STEP.match(line) for line in found["story"]]
    kept = [
        f"  {thread}, line {number}: {done}   [{code.strip()}]"
        for thread, number, code, done in (step.groups() for step in steps if step)
        if not done.startswith(_DULL)
    ]
    if len(kept) > _LINES:
        kept = ["  ...", *kept[-_LINES:]]
    told = [_plainly(found["kind"], line) for line in message]
    if found["kind"] == "exception" and not found["schedule"]:
        return "\n".join(told)  # it fails whoever goes first: no story to tell
    return "\n".join([*told, "in this schedule:", *kept] if kept else told)


def _plainly(kind: str, line: str) -> str:
    for mark in ("in main: AssertionError: ", "AssertionError: "):
        line = line.replace(mark, "")
    return line.split(" at line ")[0] if kind == "exception" else f"{kind}: {line}"
