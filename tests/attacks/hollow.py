"""Submissions that define every name of a lesson and do no work."""

from __future__ import annotations

import ast

from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission

#: What every function and method does.
TRIVIAL = {
    "refuses": "raise ValueError",
    "returns None": "return None",
    "hands back": "return args[0] if args else None",
    "returns 0": "return 0",
    "returns a list": "return []",
    "is a stub": "raise NotImplementedError",
}


def hollow(lesson: Lesson, body: str, more: str = "") -> Submission:
    """Return a submission whose functions and methods all have one body.

    Args:
        lesson: whose tasks it defines.
        body: of every function; its arguments are ``args`` and ``options``.
        more: a cell that is run before.
    """
    tree = ast.parse(lesson.reference_path.read_text(encoding="utf-8"))
    kinds = {getattr(node, "name", ""): node for node in tree.body}
    parts = []
    for task in lesson.tasks:
        node = kinds[task.name]
        if isinstance(node, ast.ClassDef):
            own = [m.name for m in node.body if isinstance(m, ast.FunctionDef)]
            names = [name for name in own if name != "__init__"]
            methods = [_function(name, "self, ", body) for name in names]
            start = "def __init__(self, *args, **options):\n    pass\n"
            inside = "".join([start, *methods]).replace("\n", "\n    ")
            parts.append(f"class {task.name}:\n    {inside}\n")
        else:
            parts.append(_function(task.name, "", body))
    cells = [("cell 1", more), ("cell 2", "\n".join(parts))]
    return Submission.from_sources("hollow.py", cells)


def _function(name: str, first: str, body: str) -> str:
    return f"def {name}({first}*args, **options):\n    {body}\n"
