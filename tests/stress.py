"""Grades a large class of known submissions and compares every verdict with its label.

    python tests/stress.py                   1,000 submissions over lessons 01 and 09
    python tests/stress.py 200 --lessons 06  fewer, of another lesson
    python tests/stress.py --json            the numbers for other programs

The class is right, partly right, wrong in each known way, broken and hostile, in an
order that is shuffled. It is graded as an instructor would: `autograder class grade` in
a folder of its own. What must hold: each gets what its label says; the same kind gets
the same verdicts wherever it stands in the run; the memory of the run does not grow.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


from autograder.classroom.class_setup import init_class
from autograder.classroom.records import Record, load_records
from autograder.demo import broken, hostile
from autograder.demo.kit import Kit, splice
from autograder.grading.mutants import lesson_mutants
from autograder.sandbox.activity import family
from autograder.student.lesson import Lesson, find_course

SEED = 1_000
#: Of a hundred submissions: right, partly right, wrong, broken, hostile.
SHARES = {"right": 20, "partly right": 15, "wrong": 50, "broken": 8, "hostile": 7}
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
#: What a run says on stderr when it has graded a lesson.
_GRADED = re.compile(r"^(\S+): \d+ of \d+ graded in ([\d.]+) s", re.MULTILINE)
_GRADE = "from autograder.cli import main; main()"

Files = dict[str, bytes]


@dataclass(frozen=True)
class OwnKit(Kit):
    """A lesson's kit for one student, whose files no other has."""

    student: str = ""

    @cached_property
    def reference(self) -> str:
        """The right solution, with the student's name in it."""
        text = self.lesson.reference_path.read_text(encoding="utf-8")
        return f"{text}\n# %%\n# {self.student}\n"


@dataclass(frozen=True)
class Kind:
    """One way to hand in, and what becomes of it."""

    group: str
    name: str
    files: Callable[[OwnKit], Files]
    #: Points by task, as shares: 1 all of them, 0 none, None fewer than all. What a
    #: mistake costs elsewhere is not its label's business.
    shares: dict[str, float | None]
    diagnosis: tuple[str, str] | None = None  # task and the mistake's name

    def mismatch(self, record: Record) -> str | None:
        """Tell how a record differs from this label, or None."""
        for name, wanted in self.shares.items():
            task = record.report.task(name)
            share = task.points / task.max_points
            if not (share == wanted if wanted is not None else share < 1):
                return f"{name}: {share:.0%} of its points ({task.verdict})"
        if self.diagnosis is not None:
            called = record.report.task(self.diagnosis[0]).diagnosis
            if called != self.diagnosis[1]:
                return f"called {called}"
        return None


def kinds(lesson: Lesson) -> Iterator[Kind]:
    """Yield every way to hand in a lesson."""
    tasks = [task.name for task in lesson.tasks]
    full = dict.fromkeys(tasks, 1.0)
    yield Kind("right", "right", lambda kit: _book(kit, kit.reference), full)
    for done in range(1, len(tasks)):
        shares = {name: float(n < done) for n, name in enumerate(tasks)}
        yield Kind("partly right", f"{done} tasks", _partial(done), shares)
    for mutant in lesson_mutants(lesson):
        label = (mutant.task, mutant.name)
        shares: dict[str, float | None] = {mutant.task: None}
        yield Kind("wrong", mutant.name, _mistaken(mutant), shares, label)
    for make in (
        *(broken.byte_order_mark, broken.latin_1, broken.python_only),
        *(broken.wrong_ending, broken.second_download, broken.stripped),
    ):
        yield Kind("broken", make.__name__, make, full)
    nothing = dict.fromkeys(tasks, 0.0)
    for name, data in (
        ("empty file", b""),
        ("half a notebook", b'{"cells": [{"cell_type": "code", "sour'),
        ("a picture", b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    ):
        yield Kind("broken", name, lambda kit, data=data: {"x.ipynb": data}, nothing)
    for what in hostile.HOSTILE:
        shares = {**full, tasks[0]: 0.0}
        yield Kind("hostile", what, _hostile(tasks[0], what), shares)


def _book(kit: OwnKit, source: str) -> Files:
    return {f"{kit.lesson.id}.ipynb": kit.ipynb(source)}


def _partial(done: int) -> Callable[[OwnKit], Files]:
    return lambda kit: _book(kit, kit.partial(done))


def _mistaken(mutant: Any) -> Callable[[OwnKit], Files]:
    return lambda kit: _book(kit, kit.with_mutant(mutant))


def _hostile(task: str, what: str) -> Callable[[OwnKit], Files]:
    code = hostile.definition(task, what)
    return lambda kit: _book(kit, splice(kit.reference, code))


@dataclass
class Run:
    """What one class run took."""

    seconds: float = 0.0
    of_lessons: dict[str, float] = field(default_factory=dict)
    code: int = 0
    memory_mb: list[tuple[float, float]] = field(default_factory=list)  # ours, all


def labelled(lessons: Sequence[Lesson], count: int) -> dict[tuple[str, str], Kind]:
    """Return the label of each (student, lesson), shuffled but always the same."""
    dice = random.Random(SEED)
    labels: dict[tuple[str, str], Kind] = {}
    for lesson in lessons:
        groups: dict[str, Iterator[Kind]] = {}
        for group in SHARES:
            found = [kind for kind in kinds(lesson) if kind.group == group]
            groups[group] = itertools.cycle(dice.sample(found, len(found)))
        wanted = [g for g, share in SHARES.items() for _ in range(share)]
        chosen = [wanted[n % len(wanted)] for n in range(count // len(lessons))]
        dice.shuffle(chosen)
        for n, group in enumerate(chosen):
            labels[f"student-{n:04}", lesson.id] = next(groups[group])
    return labels


def grade(root: Path, workers: int | None) -> Run:
    """Grade a class folder in a process of its own and watch its memory."""
    run, done = Run(), threading.Event()
    words = [sys.executable, "-c", _GRADE, "class", "grade", str(root)]
    words += ["--workers", str(workers)] if workers else []
    start = time.monotonic()
    with (root / "log.txt").open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
        watcher = threading.Thread(target=_watch, args=[process.pid, run, done])
        watcher.start()
        run.code = process.wait()
        done.set()
        watcher.join()
    run.seconds = time.monotonic() - start
    said = _GRADED.findall((root / "log.txt").read_text(encoding="utf-8"))
    run.of_lessons = {lesson: float(seconds) for lesson, seconds in said}
    return run


def _watch(pid: int, run: Run, done: threading.Event) -> None:
    while not done.wait(1.0):
        own = _resident_mb(pid)
        run.memory_mb.append((own, sum(_resident_mb(p) for p in family(pid))))


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MB
    except OSError:
        return 0.0


def compare(
    labels: dict[tuple[str, str], Kind], records: Sequence[Record]
) -> list[str]:
    """Return every record that is not what its label says, or not like its twins."""
    found = {(record.student, record.lesson): record for record in records}
    wrong: list[str] = []
    first: dict[tuple[str, str, str], tuple[str, list[Any]]] = {}
    for (student, lesson), kind in labels.items():
        what = f"{student} {lesson} ({kind.group}, {kind.name})"
        record = found.get((student, lesson))
        if record is None:
            wrong.append(f"{what}: not graded")
            continue
        mismatch = kind.mismatch(record)
        if mismatch is not None:
            wrong.append(f"{what}: {mismatch}")
        verdicts = [
            (test.test, str(test.verdict), str(test.message or ""))
            for task in record.report.tasks
            for test in task.tests
        ]
        twin, theirs = first.setdefault(
            (lesson, kind.group, kind.name), (student, verdicts)
        )
        for ours, other in zip(verdicts, theirs, strict=True):
            if ours != other:
                wrong.append(f"{what}: {ours}, but {twin}: {other}")
                break
    return wrong


def main() -> None:
    """Make a class, grade it, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("count", nargs="?", type=int, default=1_000)
    parser.add_argument("--lessons", default="01,09")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    course = find_course()
    lessons = [course.lesson(name) for name in options.lessons.split(",")]
    labels = labelled(lessons, options.count)
    with tempfile.TemporaryDirectory(prefix="stress-") as folder:
        root = Path(folder) / "class"
        init_class(root, course, lessons=lessons, seed=SEED)
        for (student, lesson), kind in labels.items():
            place = root / "submitted" / student / lesson
            place.mkdir(parents=True)
            kit = OwnKit(course.lesson(lesson), student)
            for name, data in kind.files(kit).items():
                (place / name).write_bytes(data)
        print(f"grading {len(labels)} submissions", file=sys.stderr, flush=True)
        run = grade(root, options.workers)
        wrong = compare(labels, load_records(root))
        if run.code not in (0, 1):
            wrong.append((root / "log.txt").read_text(encoding="utf-8")[-2000:])
    quarter = max(1, len(run.memory_mb) // 4)
    numbers = {
        "submissions": len(labels),
        "seconds": round(run.seconds, 1),
        **{f"seconds, {name}": taken for name, taken in run.of_lessons.items()},
        "seconds a submission": round(run.seconds / max(1, len(labels)), 3),
        "workers": options.workers or len(os.sched_getaffinity(0)),
        "own memory, second quarter, MB": round(
            max((m for m, _ in run.memory_mb[quarter : 2 * quarter]), default=0.0)
        ),
        "own memory, last quarter, MB": round(
            max((m for m, _ in run.memory_mb[-quarter:]), default=0.0)
        ),
        "most memory in all, MB": round(max((a for _, a in run.memory_mb), default=0)),
        "exit code": run.code,
        "mismatches": wrong,
    }
    if options.json:
        print(json.dumps(numbers, indent=2))
    else:
        for name, value in numbers.items():
            print(f"{name}: {value if name != 'mismatches' else len(wrong)}")
        print("\n".join(wrong[:50]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
