"""Finds groups of submissions that resemble each other, for a person to look at.

Two resemble each other when they share most of what is left, or a long passage of it,
once everything is taken away that the course suggests: stub, chapter and hints, and the
reference, the other right solutions and the known mistakes. However many copied from
each other, what they share stays. Whoever is like one of a group belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.classroom.fingerprints import GRAM, Prints, Source

THRESHOLD = 0.6  # of the smaller one's fingerprints
FEWEST = 80  # fingerprints: with less code of its own, there is one way to write it
PASSAGE = 120  # fingerprints in one passage: twice what independent answers share
_COLUMNS = 4096  # fingerprints compared at a time: a few MB for a large class

Marks = NDArray[np.uint64]


@dataclass(frozen=True)
class Place:
    """Some lines of a submission."""

    cell: str
    first: int
    last: int


@dataclass(frozen=True)
class Passage:
    """Code that two submissions have in common, names apart."""

    first: Place  # where it is in the first
    second: Place


@dataclass(frozen=True)
class Pair:
    """Two submissions that share much: a reason to look, never a verdict."""

    first: str
    second: str
    share: float  # of the smaller one's own fingerprints, 0 to 1
    tokens: int  # in common, about
    word_for_word: bool  # the same code, names and all
    passages: tuple[Passage, ...]  # in the order of the first


@dataclass(frozen=True)
class Group:
    """Submissions that resemble each other, and the pairs that link them."""

    students: tuple[str, ...]
    pairs: tuple[Pair, ...]  # one fewer than students, the closest first

    @property
    def word_for_word(self) -> bool:
        """Whether all of them are the same code."""
        return all(pair.word_for_word for pair in self.pairs)

    @property
    def share(self) -> float:
        """The least share that links it."""
        return min(pair.share for pair in self.pairs)


@dataclass(frozen=True)
class Likeness:
    """What comparing a lesson's submissions found."""

    lesson: str
    compared: int
    groups: tuple[Group, ...]
    code: Mapping[str, Sequence[Source]]  # of everyone in a group, if just compared

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, without anybody's code."""
        groups = [asdict(group) for group in self.groups]
        return {"lesson": self.lesson, "compared": self.compared, "groups": groups}


def similar_groups(
    prints: Mapping[str, Prints],
    handed_out: Iterable[Prints] = (),
    known: Iterable[Prints] = (),
    *,
    threshold: float = THRESHOLD,
) -> list[Group]:
    """Return the groups of submissions that resemble each other, the largest first.

    Args:
        prints: Each student's fingerprints.
        handed_out: What students were given: stub, chapter, hints.
        known: What they were not given, and which right or mistaken answers resemble
            nevertheless: reference, alternatives, known mistakes. Code that is the
            same word for word is told even where it is like these.
        threshold: Share of the smaller submission's own fingerprints, 0 to 1.
    """
    names = sorted(prints)
    given = _marks(handed_out)
    beyond = [np.setdiff1d(prints[name].marks, given) for name in names]
    answers = _marks(known)
    own = [np.setdiff1d(marks, answers, assume_unique=True) for marks in beyond]
    shared = _overlaps(own)
    sizes = np.array([len(marks) for marks in own], np.float32)
    least = np.minimum(sizes[:, None], sizes[None, :])
    shares = np.where(least >= FEWEST, shared / np.maximum(least, 1), 0.0)
    words = np.array([prints[name].words for name in names])
    enough = np.array([len(marks) >= FEWEST for marks in beyond], bool)
    same = (words[:, None] == words[None, :]) & enough[:, None]
    shares = np.where(same, 1.0, shares)
    alike = shares >= threshold
    for i, j in np.argwhere(np.triu(~alike & (shared >= PASSAGE), k=1)).tolist():
        common = np.intersect1d(own[i], own[j], assume_unique=True)
        runs = _runs(prints[names[i]], prints[names[j]], common)
        alike[i, j] = any(len(run) >= PASSAGE for run in runs)
    groups = []
    for members, links in _trees(shares, alike):
        pairs = []
        for i, j in links:
            common = np.intersect1d((beyond if same[i, j] else own)[i], beyond[j])
            first, second = names[i], names[j]
            pairs.append(
                Pair(
                    first,
                    second,
                    round(float(shares[i, j]), 3),
                    len(common) + GRAM - 1,
                    bool(same[i, j]),
                    tuple(
                        _passage(prints[first], prints[second], run)
                        for run in _runs(prints[first], prints[second], common)
                    ),
                )
            )
        groups.append(Group(tuple(names[i] for i in members), tuple(pairs)))
    return sorted(groups, key=lambda group: (-len(group.students), group.students))


def _marks(prints: Iterable[Prints]) -> Marks:
    return np.unique(
        np.concatenate([np.zeros(0, np.uint64), *(p.marks for p in prints)])
    )


def _overlaps(own: list[Marks]) -> NDArray[np.float32]:
    """Return how many fingerprints each two submissions share."""
    count = len(own)
    shared = np.zeros((count, count), np.float32)
    if not count:
        return shared
    holder = np.repeat(np.arange(count), [len(marks) for marks in own])
    _, column, copies = np.unique(
        np.concatenate(own), return_inverse=True, return_counts=True
    )
    several = copies > 1  # what one submission alone has links none
    wanted = several[column]
    holder, column = holder[wanted], (np.cumsum(several) - 1)[column[wanted]]
    order = np.argsort(column, kind="stable")
    holder, column = holder[order], column[order]
    for start in range(0, int(several.sum()), _COLUMNS):
        low, high = np.searchsorted(column, [start, start + _COLUMNS])
        has = np.zeros((count, _COLUMNS), np.float32)
        has[holder[low:high], column[low:high] - start] = 1
        shared += has @ has.T
    return shared


def _trees(
    shares: NDArray[np.float32], alike: NDArray[np.bool_]
) -> Iterator[tuple[list[int], list[tuple[int, int]]]]:
    """Yield the connected groups, each with the closest links that span it."""
    first, second = np.nonzero(np.triu(alike, k=1))
    order = np.lexsort((second, first, -shares[first, second]))
    group = {i: [i] for i in range(len(shares))}
    links: dict[int, list[tuple[int, int]]] = {i: [] for i in group}
    for i, j in zip(first[order].tolist(), second[order].tolist(), strict=True):
        if group[i] is not group[j]:
            kept, gone = group[i], group[j]
            links[kept[0]] += [(i, j), *links[gone[0]]]
            kept += gone
            for member in gone:
                group[member] = kept
    for i, members in group.items():
        if members[0] == i and len(members) > 1:
            yield sorted(members), sorted(links[i], key=lambda link: -shares[link])


_Run = list[tuple[int, int]]  # positions in both


def _runs(first: Prints, second: Prints, common: Marks) -> Iterator[_Run]:
    """Yield the stretches that two submissions share, in the order of the first.

    What was taken away between two parts of a stretch does not divide it.
    """
    there: dict[int, int] = {}  # where each mark stands first
    for at in np.flatnonzero(np.isin(second.marks, common)).tolist():
        there.setdefault(int(second.marks[at]), at)
    run: _Run = []
    for here in np.flatnonzero(np.isin(first.marks, common)).tolist():
        mark = int(first.marks[here])
        if run:
            link = here, run[-1][1] + here - run[-1][0]  # the one that would go on
            if not _goes_on(first, second, run[-1], link, mark):
                yield run
                run = []
        run.append(link if run else (here, there[mark]))
    if run:
        yield run


def _goes_on(
    first: Prints,
    second: Prints,
    last: tuple[int, int],
    link: tuple[int, int],
    mark: int,
) -> bool:
    here, at = link
    return bool(
        here - last[0] <= GRAM
        and at < len(second.marks)
        and second.marks[at] == mark
        and first.cells[last[0]] == first.cells[here]
        and second.cells[last[1]] == second.cells[at]
    )


def _passage(first: Prints, second: Prints, run: _Run) -> Passage:
    (start, its_start), (end, its_end) = run[0], run[-1]
    return Passage(_place(first, start, end), _place(second, its_start, its_end))


def _place(prints: Prints, start: int, end: int) -> Place:
    label = prints.labels[prints.cells[start]]
    return Place(label, int(prints.first[start]), int(prints.last[end]))
