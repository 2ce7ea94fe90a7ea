"""What runs inside Gradescope's container: grades one submission into results.json.

The container is root's and thrown away after each submission. Whatever it allows within
is used: namespaces, else Landlock, else no more than another user and limits; which one
it was is printed for the instructor, and students do not see what is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.classroom.files import write_atomically
from autograder.classroom.gradescope import failed_results, gradescope_results
from autograder.classroom.parallel import grade_many
from autograder.classroom.reader import Reader
from autograder.classroom.wording import number, verdict_word
from autograder.sandbox.jail import Jail
from autograder.sandbox.jail_command import Level
from autograder.sandbox.levels import ISOLATION_ENV, available_levels, choose_level
from autograder.student.lesson import Course, Lesson
from autograder.student.report import InfrastructureError, Report, Verdict

#: In a file, for everyone may read the command line of a process.
SEED = "seed"
#: What the user that a submission runs as must not read.
_OURS = (
    "submission",
    "submission_metadata.json",
    "results",
    "source/course",
    "source/solutions",
    f"source/{SEED}",
)
_LEVELS: dict[Level, str] = {
    "bubblewrap": "namespaces of its own",
    "landlock": "Landlock, a filter of system calls, another user",
    "none": "another user and limits alone, neither namespaces nor Landlock",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Grade what was handed in, or the reference to see whether grading works."""
    parser = argparse.ArgumentParser(prog="run_autograder")
    parser.add_argument("folder", type=Path, help="Gradescope's /autograder")
    parser.add_argument("--rehearse", action="store_true")
    given = parser.parse_args(arguments)
    source = Path(__file__).resolve().parents[2]
    (lesson,) = Course(source).lessons
    seed = int((source / SEED).read_text(encoding="ascii"))
    if given.rehearse:
        sys.exit(_rehearse(lesson, seed))
    results = given.folder / "results" / "results.json"
    try:
        _protect(given.folder)
        found = _grade(lesson, given.folder / "submission", seed)
    except Exception:
        # Gradescope shows the reason to the instructor alone, and no score to anyone.
        traceback.print_exc(file=sys.stdout)
        found = failed_results()
    write_atomically(results, json.dumps(found, indent=2))


def _protect(folder: Path) -> None:
    """Show the lesson, and what was handed in now and before, to nobody but root."""
    for name in _OURS:
        path = folder / name
        if path.exists():
            path.chmod(path.stat().st_mode & 0o700)


def _rehearse(lesson: Lesson, seed: int) -> int:
    report, _ = _report(lesson, lesson.reference_path, seed)
    if report.verdict is Verdict.PASSED:
        return 0
    print("The reference does not get full marks here.", file=sys.stderr)
    return 1


def _grade(lesson: Lesson, submission: Path, seed: int) -> dict[str, Any]:
    report, answer = _report(lesson, submission, seed)
    return gradescope_results(report, lesson.written, answer=answer or "")


def _report(lesson: Lesson, path: Path, seed: int) -> tuple[Report, str | None]:
    """Grade one submission; return the report and the answer in words."""
    level = _isolation()
    print(f"isolation: {level} ({_LEVELS[level]})", flush=True)
    with Reader(lesson) as reader:
        submission = reader.read(path)
        answer = reader.written_answer(submission)
    ((_, report),) = grade_many(lesson, [("", submission)], seed=seed, workers=1)
    for task in report.tasks:
        points = f"{number(task.points)} / {number(task.max_points)}"
        print(f"{task.task}: {verdict_word(task.verdict)} ({points})", flush=True)
    return report, answer


def _isolation() -> Level:
    """Choose the strongest isolation there is, for this process and its workers.

    Raises:
        InfrastructureError: there is none, and no other user to run as; or not the one
            that the environment asks for.
    """
    if os.environ.get(ISOLATION_ENV):
        level = choose_level()
    else:
        level = next(filter(_starts, available_levels()), "none")
    if level == "none" and os.geteuid() != 0:
        raise InfrastructureError("no isolation is available, and this is not root")
    os.environ[ISOLATION_ENV] = level
    return level


def _starts(level: Level) -> bool:
    """Whether a jail of this level holds a submission: a container may allow half."""
    try:
        with Jail(level=level) as jail:
            jail.container().close()
    except InfrastructureError as error:
        print(f"isolation: {level} is not to be had: {error}")
        return False
    return True
