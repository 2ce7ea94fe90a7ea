"""Compares a class's submissions, and keeps what was found for the class report."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
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
    Pair,
    Passage,
    Place,
    similar_groups,
)
from autograder.grading.mutants import lesson_mutants
from autograder.student.lesson import Lesson

_FENCE = re.compile(r"^```.*?$\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Likeness:
    """What comparing a lesson's submissions found."""

    lesson: str
    compared: int
    groups: tuple[Group, ...]


def compare_class(
    folder: ClassFolder, lessons: Sequence[Lesson], threshold: float = THRESHOLD
) -> list[Likeness]:
    """Compare every two submissions of each lesson and keep what was found."""
    submitted = folder.submitted()
    found = []
    for lesson in lessons:
        prints = _read(lesson, submitted.of(lesson))
        handed_out, known = suggested(lesson)
        groups = similar_groups(prints, handed_out, known, threshold=threshold)
        found.append(Likeness(lesson.id, len(prints), tuple(groups)))
        text = json.dumps(asdict(found[-1]), indent=1)
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


def _read(lesson: Lesson, hand_ins: Sequence[HandIn]) -> dict[str, Prints]:
    """Return everyone's fingerprints; several processes read."""

    def read(some: Sequence[HandIn]) -> dict[str, Prints]:
        with Reader(lesson) as reader:
            return {one.student: reader.fingerprints(one.folder) for one in some}

    count = max(1, min(default_workers(), len(hand_ins) // 8))
    with ThreadPoolExecutor(count) as pool:
        parts = pool.map(read, [hand_ins[n::count] for n in range(count)])
        return {name: prints for part in parts for name, prints in part.items()}


def kept_likeness(folder: ClassFolder) -> dict[str, Likeness]:
    """Return what `compare_class` found last, by lesson; nothing is compared here."""
    found = {}
    for path in sorted(_kept(folder).glob("*.json")):
        try:
            found[path.stem] = _likeness(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
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
    return Likeness(str(data["lesson"]), int(data["compared"]), tuple(groups))


def _kept(folder: ClassFolder) -> Path:
    return folder.root / ".autograder" / "similar"


def write_similar_page(
    folder: ClassFolder, found: Sequence[Likeness], out: Path | None = None
) -> Path:
    """Write the groups side by side into a folder, the class's pages by default."""
    submitted = {(one.student, one.lesson): one for one in folder.submitted().hand_ins}
    sources: dict[tuple[str, str], Sequence[Source]] = {}
    for likeness in found:
        people = sorted({name for group in likeness.groups for name in group.students})
        if not people:
            continue
        with Reader(folder.course.lesson(likeness.lesson)) as reader:
            for name in people:
                key = name, likeness.lesson
                sources[key] = reader.sources(submitted[key].folder)
    path = (out or folder.pages) / "similar.html"
    titles = {one.lesson: folder.course.lesson(one.lesson).title for one in found}
    write_if_changed(path, similar_page(found, sources, titles, folder.roster))
    return path
