"""Says where a task's answer was seen, if not where the grader can use it."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Collection, Iterable, Iterator

from autograder.student.notebook.slice import is_main_block

_MOST_COMPARED = 1000  # names that a missing one is compared with
_LIKE = 0.75


def near_miss(name: str, written: Iterable[str]) -> str:
    """Return a hint where some name that was written is almost the one asked for."""
    alike = [other for other in written if abs(len(other) - len(name)) <= len(name) / 2]
    found = difflib.get_close_matches(name, sorted(alike)[:_MOST_COMPARED], 1, _LIKE)
    return f" `{found[0]}` comes close: names must match exactly." if found else ""


def told_inside(subject: str, place: str, *, several: bool = False) -> str:
    """Say where something is defined that tests cannot reach, and what helps.

    Args:
        subject: what is defined, in words.
        place: what it is defined in, and where that is: "class Solution, cell 3".
        several: whether the subject is more than one name.
    """
    verb, them = ("are", "them") if several else ("is", "it")
    if place.startswith("class "):
        kind = "methods" if several else "a method"
        return (
            f"{subject} {verb} {kind} of {place}:"
            f" write {them} at the top level, without `self`."
        )
    return f"{subject} {verb} defined inside {place}: move {them} to the top level."


def defined_inside(
    tree: ast.Module, names: Collection[str]
) -> Iterator[tuple[str, str, int]]:
    """Find functions and classes that stand where no test looks: in another one.

    Yields:
        A name, what it is defined in ("class Solution"), and the line.
    """
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, owner = waiting.pop()
        if isinstance(node, _DEFINING):
            if owner and node.name in names:
                yield node.name, owner, node.lineno
            kind = "class" if isinstance(node, ast.ClassDef) else "function"
            owner = f"{kind} {node.name}"
        elif is_main_block(node):
            owner = 'the block `if __name__ == "__main__"`'
        waiting += [(part, owner) for part in ast.iter_child_nodes(node)]


_DEFINING = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
