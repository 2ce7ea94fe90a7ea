"""Recomputes what a chapter measured: its figure's data and its claimed numbers."""

from __future__ import annotations

import importlib
import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.grading.needs import prepare
from autograder.student.lesson import Lesson

TOLERANCE = 1e-9  # relative above 1, absolute below


@contextmanager
def traces_module(lesson: Lesson) -> Iterator[ModuleType]:
    """Import ``traces.py``, which imports ``reference`` from the folder beside it."""
    folder = str(lesson.reference_path.parent)
    _forget()
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield importlib.import_module("traces")
    finally:
        sys.path.remove(folder)
        _forget(folder)


def _forget(folder: str = "") -> None:
    """Forget what was imported: the next lesson's modules have the same names."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if name in ("traces", "reference") or (
            folder and Path(file).parent == Path(folder)
        ):
            del sys.modules[name]


def recompute(lesson: Lesson) -> tuple[Any, dict[str, str], list[str]]:
    """Run ``traces.py``.

    Returns:
        The figure's data, as JSON holds it; the text of each claim; and a sentence for
        each file of another lesson that was opened.
    """
    prepare(lesson)
    with _opened() as opened, traces_module(lesson) as traces:
        figure = json.loads(json.dumps(traces.figure(), allow_nan=False))
        claims = {str(key): str(text) for key, text in traces.claims().items()}
    own = (lesson.course_dir, lesson.reference_path.parent)
    lessons = [
        folder
        for part in ("course", "solutions")
        for folder in (lesson.root / part).iterdir()
        if folder.name[:2].isdecimal()  # other folders are for several lessons
    ]
    foreign = sorted(
        str(path.relative_to(lesson.root))
        for path in set(opened)
        if any(path.is_relative_to(folder) for folder in lessons)
        and not any(path.is_relative_to(folder) for folder in own)
    )
    return (
        figure,
        claims,
        [f"traces.py reads {name}, another lesson's" for name in foreign],
    )


@contextmanager
def _opened() -> Iterator[list[Path]]:
    """Collect the paths of all files that Python opens meanwhile."""
    paths: list[Path] = []
    _listeners.append(paths)
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_note)
    try:
        yield paths
    finally:
        _listeners.remove(paths)


_listeners: list[list[Path]] = []
_hooked: list[bool] = []  # a hook stays for the life of the process


def _note(event: str, args: tuple[Any, ...]) -> None:
    if event == "open" and _listeners and isinstance(args[0], str):
        for paths in _listeners:
            paths.append(Path(args[0]).absolute())


def write_trace(lesson: Lesson, figure: Any) -> None:
    """Write ``trace.json`` in the form that is committed."""
    text = json.dumps(figure, sort_keys=True, separators=(",", ":"))
    path = lesson.course_dir / "trace.json"
    path.write_text(text + "\n", encoding="utf-8")


def trace_problems(lesson: Lesson, figure: Any) -> Iterator[str]:
    """Yield where the committed ``trace.json`` is not what the reference gives."""
    path = lesson.course_dir / "trace.json"
    try:
        committed = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        yield f"trace.json is not JSON: {error}"
        return
    place = difference(committed, figure)
    if place is not None:
        yield (
            f"trace.json differs from traces.figure() at {place};"
            f" renew it: autograder audit {lesson.id} --update"
        )


def difference(old: Any, new: Any, at: str = "the top") -> str | None:
    """Return where two JSON values differ by more than rounding, or None."""
    if isinstance(old, dict) and isinstance(new, dict):
        if old.keys() != new.keys():
            return f"{at} (keys {sorted(old.keys() ^ new.keys())})"
        pairs = [(f"{at}.{key}", old[key], new[key]) for key in old]
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return f"{at} (length {len(old)}, now {len(new)})"
        pairs = [
            (f"{at}[{i}]", a, b) for i, (a, b) in enumerate(zip(old, new, strict=True))
        ]
    else:
        return None if _same(old, new) else f"{at} ({old!r}, now {new!r})"
    for place, a, b in pairs:
        found = difference(a, b, place)
        if found is not None:
            return found
    return None


def _same(old: Any, new: Any) -> bool:
    numbers = (int, float)
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, numbers) and isinstance(new, numbers):
        return math.isclose(old, new, rel_tol=TOLERANCE, abs_tol=TOLERANCE) or (
            math.isnan(old) and math.isnan(new)
        )
    return type(old) is type(new) and bool(old == new)
