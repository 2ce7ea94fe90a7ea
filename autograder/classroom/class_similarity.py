"""Compares a class's submissions, and keeps what was found for the class report."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from autograder.classroom.files import write_if_changed
from autograder.classroom.fingerprints import Prints, Source, fingerprints
from autograder.classroom.folder import ClassFolder, HandIn
from autograder.classroom.parallel import default_workers
from autograder.classroom.reader import Reader
from autograder.classroom.similar_page import similar_page
from autograder.classroom.similarity import (
    THRESHOLD,
    Group,
    Likeness,
    Pair,
    Passage,
    Place,
    similar_groups,
)
from autograder.grading.mutants import lesson_mutants
from autograder.student.lesson import Lesson

_FENCE = re.compile(r"^```.*?$\n(.*?)^```", re.MULTILINE | re.DOTALL)


def compare_class(
    folder: ClassFolder, lessons: Sequence[Lesson], threshold: float = THRESHOLD
) -> list[Likeness]:
    """Compare every two submissions of each lesson and keep what was found."""
    submitted = folder.submitted()
    found = []
    for lesson in lessons:
        read = _read(lesson, submitted.of(lesson))
        prints = {name: prints for name, (prints, _) in read.items()}
        groups = similar_groups(prints, *suggested(lesson), threshold=threshold)
        code = {name: read[name][1] for group in groups for name in group.students}
        found.append(Likeness(lesson.id, len(prints), tuple(groups), code))
        text = json.dumps(found[-1].as_dict(), indent=1)
        write_if_changed(_kept(folder) / f"{lesson.id}.json", text)
    return found


def suggested(lesson: Lesson) -> tuple[list[Prints], list[Prints]]:
    """Return what students were handed for a lesson, and the answers that we know."""
    handed: list[Source] = []
    for path in sorted(lesson.course_dir.glob("*.py")):
        handed.append(Source(path.name, path.read_text(encoding="utf-8")))
    for path in sorted(lesson.course_dir.glob("*.md")):
        for code in _FENCE.findall(path.read_text(encoding="utf-8")):
            handed.append(Source(path.name, code))
    answers = [lesson.reference_path, *lesson.alternatives()]
    known = [Source(path.name, path.read_text(encoding="utf-8")) for path in answers]
    known += [Source(one.name, one.override) for one in lesson_mutants(lesson)]
    return [fingerprints(handed)], [fingerprints([source]) for source in known]


_Read = dict[str, tuple[Prints, list[Source]]]


def _read(lesson: Lesson, hand_ins: Sequence[HandIn]) -> _Read:
    """Return everyone's fingerprints and code; several processes read."""

    def read(some: Sequence[HandIn]) -> _Read:
        with Reader(lesson) as reader:
            return {one.student: reader.code(one.folder) for one in some}

    count = max(1, min(default_workers(), len(hand_ins) // 8))
    with ThreadPoolExecutor(count) as pool:
        parts = pool.map(read, [hand_ins[n::count] for n in range(count)])
        return {name: code for part in parts for name, code in part.items()}


def kept_likeness(folder: ClassFolder) -> dict[str, Likeness]:
    """Return what `compare_class` found last, by lesson; nothing is compared here."""
    found = {}
    for path in sorted(_kept(folder).glob("*.json")):
        try:
            found[path.stem] = _likeness(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue  # damaged by hand: as if nobody had compared
    return found


def _likeness(data: Mapping[str, Any]) -> Likeness:
    groups = []
    for group in data["groups"]:
        pairs = []
        for pair in group["pairs"]:
            passages = (
                Passage(Place(**one["first"]), Place(**one["second"]))
                for one in pair["passages"]
            )
            pairs.append(Pair(**(pair | {"passages": tuple(passages)})))
        groups.append(Group(tuple(map(str, group["students"])), tuple(pairs)))
    return Likeness(str(data["lesson"]), int(data["compared"]), tuple(groups), {})


def _kept(folder: ClassFolder) -> Path:
    return folder.root / ".autograder" / "similar"


def write_similar_page(
    folder: ClassFolder, found: Sequence[Likeness], out: Path | None = None
) -> Path:
    """Write the groups side by side into a folder, the class's pages by default."""
    path = (out or folder.pages) / "similar.html"
    titles = {one.lesson: folder.course.lesson(one.lesson).title for one in found}
    write_if_changed(path, similar_page(found, titles, folder.roster))
    return path
