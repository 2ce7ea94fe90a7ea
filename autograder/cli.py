"""The ``autograder`` command of an instructor's copy: the students' and ours."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Sequence

from autograder.student import cli
from autograder.student.cli import Command

_INSTRUCTORS, _AUTHORS = "For instructors", "For authors of the course"
_COURSE, _CLASS = "autograder.commands.course", "autograder.commands.classes"
_COLLECT = "autograder.commands.collect"
COMMANDS = (
    Command("doctor", "autograder.commands.doctor", "doctor"),
    *(command for command in cli.COMMANDS if command.name != "doctor"),
    Command("release", "autograder.commands.release", "release", _INSTRUCTORS),
    Command("grade", "autograder.commands.grade", "grade", _INSTRUCTORS),
    Command("class init", _CLASS, "class_init", _INSTRUCTORS),
    Command("class collect", _COLLECT, "class_collect", _INSTRUCTORS),
    Command("class grade", _CLASS, "class_grade", _INSTRUCTORS),
    Command("class report", _CLASS, "class_report", _INSTRUCTORS),
    Command("class similar", _CLASS, "class_similar", _INSTRUCTORS),
    Command("class export", "autograder.commands.export", "export", _INSTRUCTORS),
    Command("export", "autograder.commands.export", "export", _INSTRUCTORS),
    Command("gradescope", "autograder.commands.gradescope", "gradescope", _INSTRUCTORS),
    Command("new", "autograder.commands.new", "new", _AUTHORS),
    Command("audit", _COURSE, "audit", _AUTHORS),
    Command("traces", _COURSE, "traces", _AUTHORS),
    Command("bench", _COURSE, "bench", _AUTHORS),
    Command("demo", _COURSE, "demo", _AUTHORS),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    A disk that is full or read-only, and a mistake of ours, leave with code 3: code 1
    says that a task failed.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may lack a name's letters
            stream.reconfigure(errors="backslashreplace")
    try:
        cli.main(arguments, COMMANDS)
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        _fail(f"{where}{error.strerror or error} (run it again to go on from here)")
    except Exception as error:
        traceback.print_exc()
        _fail(f"{type(error).__name__}: a mistake of the grader's own, see above")


def _fail(message: str) -> None:
    sys.stderr.write(f"autograder: {' '.join(message.split())}\n")
    raise SystemExit(3)


if __name__ == "__main__":
    raise SystemExit("autograder: use python -m autograder")
