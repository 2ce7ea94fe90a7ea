"""The known mistakes of a lesson, as its public tests see them: a file without answers.

The file is made when a release is, of what solutions with each mistake answer to the
public tests: numbers, and digests of everything else. No text of a solution is in it,
and nothing that a hidden test asks. A mistake is named only if no other fits as well.
"""

from __future__ import annotations

import functools
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.student import codec
from autograder.student.lesson import Lesson
from autograder.student.report import Verdict
from autograder.student.testing.answers import Answers
from autograder.student.testing.failure import Failure
from autograder.student.testing.plugin import Outcome

FILE = "mistakes.bin"  # in the folder of a lesson
_FORMAT = 3  # to be raised when other things are noted of an answer
_MOST_BYTES = 2**24  # of a file, unpacked
_PASSED = Answers(str(Verdict.PASSED), [])


@dataclass(frozen=True)
class Mistake:
    """A known mistake, and what it answers in the public tests that it fails."""

    name: str
    task: str
    text: str  # what a student with this mistake reads
    answers: Mapping[str, Answers]  # condensed, by test

    def explains(self, failure: Failure) -> bool:
        """Tell whether a failure, condensed, may come from this mistake."""
        return failure.explained_by(lambda test: self.answers.get(test, _PASSED))


class _Packed(Mapping[str, Answers]):
    """Answers by test that are read when they are asked for: few of a file are."""

    def __init__(
        self, packed: dict[str, tuple[str, list[int]]], read: Callable[[int], Any]
    ) -> None:
        self._packed, self._read = dict(packed), read

    def __getitem__(self, test: str) -> Answers:
        verdict, numbers = self._packed[test]
        return Answers(verdict, [self._read(number) for number in numbers])

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def name_mistakes(
    lesson: Lesson, mistakes: Sequence[Mistake], outcomes: Sequence[Outcome]
) -> dict[str, Mistake]:
    """Name the mistake behind each failing task, where exactly one is known to fit.

    A task may fail by a mistake in one that it rests on. Where that one fails too, the
    mistake found there is the only one that may be named; where it was not asked, its
    mistakes count as well.

    Args:
        lesson: the lesson.
        mistakes: those of the lesson.
        outcomes: of its public tests.
    """
    found: dict[str, Mistake] = {}
    failing: set[str] = set()
    passed = {o.result.test for o in outcomes if o.result.verdict is Verdict.PASSED}
    for task in lesson.tasks:
        mine = [o for o in outcomes if o.result.task == task.name]
        if all(o.result.test in passed for o in mine):
            continue
        failing.add(task.name)
        failure = Failure.of(mine, Answers.condensed)
        if not failure.tells:
            continue
        below = lesson.supports(task)
        known: Iterable[Mistake] = mistakes
        if failing.intersection(below):
            known = {m.name: m for name, m in found.items() if name in below}.values()
        fits = [
            mistake
            for mistake in known
            if mistake.task in (task.name, *below)
            and passed.isdisjoint(mistake.answers)
            and mistake.explains(failure)
        ]
        if len(fits) == 1:
            found[task.name] = fits[0]
    return found


def mistake_of(name: str, task: str, text: str, outcomes: Iterable[Outcome]) -> Mistake:
    """Return a mistake whose answers are read from the outcomes of public tests."""
    failed = (o for o in outcomes if o.result.verdict is not Verdict.PASSED)
    answers = {o.result.test: Answers.condensed(o) for o in failed if o.repeatable}
    return Mistake(name, task, text, answers)


def pack(lesson: Lesson, mistakes: Iterable[Mistake]) -> bytes:
    """Return the file of a lesson's mistakes; those that fail no test are left out."""
    entries: dict[bytes, int] = {}
    listed = [
        [
            mistake.name,
            mistake.task,
            mistake.text,
            {
                test: [
                    answers.verdict,
                    [
                        entries.setdefault(codec.dumps(entry), len(entries))
                        for entry in answers.transcript
                    ],
                ]
                for test, answers in mistake.answers.items()
            },
        ]
        for mistake in mistakes
        if mistake.answers
    ]
    data = [_tests_of(lesson), list(entries), listed]
    return zlib.compress(codec.dumps(data, limit=_MOST_BYTES), 9)


def unpack(lesson: Lesson, data: bytes) -> list[Mistake]:
    """Return the mistakes of a file; none if it is of other tests, or damaged."""
    try:
        plain = zlib.decompressobj().decompress(data, _MOST_BYTES)
        tests, entries, listed = codec.loads(plain)
        if tests != _tests_of(lesson):
            return []
        read = functools.cache(lambda number: codec.loads(entries[number]))
        return [
            Mistake(name, task, text, _Packed(answers, read))
            for name, task, text, answers in listed
        ]
    except (codec.CodecError, zlib.error, ValueError, TypeError, LookupError):
        return []


def _tests_of(lesson: Lesson) -> bytes:
    return hashlib.sha256(lesson.public_tests.read_bytes()).digest()


def kept_file(lesson: Lesson) -> Path:
    """Return where an instructor's copy keeps the file of a lesson as it is now."""
    twin = lesson.reference_path.parent
    files = [lesson.course_dir / "lesson.toml", lesson.public_tests]
    files += [lesson.reference_path, *sorted((twin / "mutants").iterdir())]
    digest = hashlib.sha256(f"{_FORMAT}".encode())
    for path in filter(Path.is_file, files):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    name = f"{lesson.id}-{digest.hexdigest()[:16]}.bin"
    return lesson.root / "build" / "mistakes" / name


def known_to(lesson: Lesson) -> list[Mistake]:
    """Return the known mistakes of a lesson, none where no file tells of them."""
    path = lesson.course_dir / FILE
    if lesson.twin_dir is not None:
        path = kept_file(lesson)
    return unpack(lesson, path.read_bytes()) if path.is_file() else []
