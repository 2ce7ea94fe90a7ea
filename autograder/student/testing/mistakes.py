"""The known mistakes of a lesson, as its public tests see them: a file without answers.

The file is made when a release is, of what solutions with each mistake answer to the
public tests: numbers, and digests of everything else. No text of a solution is in it,
and nothing that a hidden test asks. A mistake is named only if no other fits as well.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.student import codec
from autograder.student.lesson import Lesson
from autograder.student.report import Verdict
from autograder.student.testing.answers import Answers
from autograder.student.testing.failure import Failure
from autograder.student.testing.plugin import Outcome

FILE = "mistakes.bin"  # in the folder of a lesson
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


def name_mistakes(
    lesson: Lesson, mistakes: Sequence[Mistake], outcomes: Sequence[Outcome]
) -> dict[str, Mistake]:
    """Name the mistake behind each failing task, where exactly one is known to fit.

    A task that rests on one that fails as well is not taken for a mistake of its own:
    those found in the others may explain it.

    Args:
        lesson: the lesson.
        mistakes: those of the lesson.
        outcomes: of its public tests.
    """
    found: dict[str, Mistake] = {}
    failing: set[str] = set()
    for task in lesson.tasks:
        mine = [o for o in outcomes if o.result.task == task.name]
        if all(o.result.verdict is Verdict.PASSED for o in mine):
            continue
        failing.add(task.name)
        failure = Failure.of(mine, Answers.condensed)
        below = failing.intersection(lesson.supports(task))
        if below:
            tried = {m.name: m for name, m in found.items() if name in below}.values()
        else:
            tried = {m.name: m for m in mistakes if m.task == task.name}.values()
        if failure.tells:
            fits = [mistake for mistake in tried if mistake.explains(failure)]
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
        known = [codec.loads(entry) for entry in entries]
        return [
            Mistake(
                name,
                task,
                text,
                {
                    test: Answers(verdict, [known[number] for number in numbers])
                    for test, (verdict, numbers) in answers.items()
                },
            )
            for name, task, text, answers in listed
        ]
    except (codec.CodecError, zlib.error, ValueError, TypeError, LookupError):
        return []


def _tests_of(lesson: Lesson) -> bytes:
    return hashlib.sha256(lesson.public_tests.read_bytes()).digest()


def _in_lesson(lesson: Lesson) -> Path | None:
    path = lesson.course_dir / FILE
    return path if path.is_file() else None


#: Finds the file of a lesson: in its folder. An instructor's command makes one instead.
finders: list[Callable[[Lesson], Path | None]] = [_in_lesson]


def known_to(lesson: Lesson) -> list[Mistake]:
    """Return the known mistakes of a lesson, none where there is no such file."""
    for finder in finders:
        path = finder(lesson)
        if path is not None:
            return unpack(lesson, path.read_bytes())
    return []
