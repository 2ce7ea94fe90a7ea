"""What students hold: all that runs on their machines, or beside their programs.

A release copies this folder whole, and in grading it is all that a jail shows besides
the sandbox's own guest. It imports nothing else of `autograder`; the judge imports it.

Notebooks and exercise files use four names of it: ``start``, ``check``, ``attempt`` and
``points``, which are loaded when they are first asked for.

| place | holds |
|---|---|
| `report`, `codec`, `errors` | verdicts and messages; values as bytes; what a submission did instead of answering |
| `lesson`, `notebook/` | a lesson's contract; a submission read from whatever was handed in |
| `interpreter`, `proxy`, `bundle` | the two ends of a conversation with a submission, and what travels along |
| `testing/` | what tests run on: comparators, fixtures, the plugin, a submission in this process |
| `lab/` | the instruments of lessons: tiles, schedule, ranks |
| `checking`, `commands/`, `cli` | ``check()``, and the command of a students' copy |
"""  # noqa: E501

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.student.checking import attempt, check, points, start

__all__ = ["attempt", "check", "points", "start"]


def __getattr__(name: str) -> Any:
    """Import what exercises use when they use it: a jail needs none of it."""
    if name in __all__:
        from autograder.student import checking

        return getattr(checking, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
