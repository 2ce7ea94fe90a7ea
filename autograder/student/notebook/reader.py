"""Reads what students hand in: notebooks, Python files, archives, and odd ones.

Nothing that a student wrote is executed or imported here, and nothing is raised: what
cannot be read becomes ``Submission.problem``, what was repaired becomes a note.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from autograder.student.lesson import Lesson
from autograder.student.notebook.candidates import (
    Candidate,
    candidates_in_file,
    candidates_in_folder,
    digest_of,
    is_of_another,
    is_own,
    likeness,
    without_copies,
)
from autograder.student.notebook.decode import (
    RawCell,
    Unreadable,
    conflict_line,
    decode,
    looks_like_notebook,
    parse_notebook,
    parse_python,
)
from autograder.student.notebook.marimo import without_app
from autograder.student.notebook.missing import told_inside
from autograder.student.notebook.names import definitions, parse
from autograder.student.notebook.prose import prose_cells
from autograder.student.notebook.repair import repair
from autograder.student.notebook.select import MOST_CODE, listed, select_cells
from autograder.student.notebook.stub import Stub, stub_of
from autograder.student.notebook.submission import CodeCell, Submission, printable
from autograder.student.notebook.unpack import (
    MOST_UNPACKED,
    READABLE,
    is_noise,
    is_zip,
    read_bytes,
    too_large,
)
from autograder.student.places import file_cell

__all__ = [
    "CodeCell",
    "Submission",
    "attempted",
    "find_submissions",
    "read_submission",
    "read_text",
]

METADATA_KEY = "gradients"  # notebook metadata {"gradients": {"lesson": "..."}}
MOST_TEXT = 20 * 2**20  # bytes of one file, its outputs left out
MOST_PYTHON = 2 * 2**20  # characters of a Python file
_MOST_COMPARED = 12  # files of one hand-in that are read to choose one,
_MOST_READ = 2 * MOST_CODE  # and bytes of them, after which no further one is
_MOST_NAMED = 3  # of the others, in the note that tells the choice


def read_submission(path: Path, lesson: Lesson) -> Submission:
    """Read a submission: a file, or one student's folder.

    Args:
        path: a notebook, a Python file, an archive of one, or a folder with one.
        lesson: the lesson that it answers.

    Returns:
        Its code and prose cells; or, where nothing can be read, ``problem`` says why.
    """
    path = Path(path)
    name = printable(path.name)
    try:
        if path.is_dir() and not path.is_symlink():
            return _read_folder(path, lesson)
        data = read_bytes(path)
    except Unreadable as error:
        return Submission(name, digest_of(b""), problem=str(error))
    except (OSError, ValueError):  # a path that the system refuses
        return Submission(name, digest_of(b""), problem="There is no such file.")
    return read_data(path.name, data, lesson)


def read_data(name: str, data: bytes, lesson: Lesson) -> Submission:
    """Read a submission from the name and the bytes of a file."""
    digest = digest_of(data)
    try:
        ranked = _ranked(candidates_in_file(name, data, lesson), lesson)
    except Unreadable as error:
        return Submission(printable(name), digest, problem=str(error))
    notes = _choice_note(ranked, "archive") if is_zip(data) else ()
    read = ranked[0].read
    return replace(
        read, name=printable(name), digest=digest, notes=(*notes, *read.notes)
    )


def _read_candidate(candidate: Candidate, lesson: Lesson) -> Submission:
    name = candidate.path.name
    try:
        if candidate.problem is not None:
            raise Unreadable(candidate.problem)
        if len(candidate.data) > MOST_TEXT:
            raise Unreadable(too_large(len(candidate.data), MOST_TEXT))
        text, notes = decode(candidate.data)
        read = read_text(name, text, lesson)
    except Unreadable as error:
        return Submission(printable(name), candidate.digest, problem=str(error))
    except (RecursionError, MemoryError):
        problem = "The file is nested too deeply to read."
        return Submission(printable(name), candidate.digest, problem=problem)
    return replace(read, digest=candidate.digest, notes=(*notes, *read.notes))


def read_text(name: str, text: str, lesson: Lesson) -> Submission:
    """Read a submission from the name and the text of a file.

    Raises:
        Unreadable: neither a notebook nor Python.
    """
    stub = stub_of(lesson)
    notes: list[str] = []
    metadata: dict[str, Any] = {}
    suffix = Path(name).suffix.lower()
    shown = printable(name)
    if looks_like_notebook(text) or (suffix == ".ipynb" and not _is_python(text)):
        metadata, raw = parse_notebook(text)
        prose = prose_cells(raw)
        if suffix != ".ipynb":
            notes.append(f"'{shown}' is a notebook in spite of its name.")
    else:
        if len(text) > MOST_PYTHON:
            raise Unreadable(
                f"The file holds {len(text):,} characters, and at most"
                f" {MOST_PYTHON:,} of a Python file are read."
            )
        text = without_app(text)
        raw = _python_cells(text, shown)
        prose = prose_cells(raw, commented=True)
        if suffix != ".py":
            if not _is_python(text):
                raise Unreadable(
                    "The file is neither a notebook nor Python: hand in the .ipynb or"
                    " .py itself."
                )
            notes.append(f"'{shown}' is Python in spite of its name.")
    chosen = select_cells(raw, stub)
    found = Submission(
        shown,
        digest_of(text.encode("utf-8", "replace")),
        chosen.cells,
        (*notes, *chosen.notes),
        prose=prose,
    )
    if found.names & set(stub.tasks):
        return found
    problem = _nothing(stub, metadata, lesson, chosen.inside)
    return replace(found, problem=problem)


def _nothing(
    stub: Stub, metadata: dict[str, Any], lesson: Lesson, inside: dict[str, str]
) -> str:
    if inside:
        place = next(iter(inside.values()))
        owner = place.partition(",")[0]
        names = [n for n, where in inside.items() if where.partition(",")[0] == owner]
        told = told_inside(listed(names), place, several=len(names) > 1)
        return f"No answer found: {told}"
    own = metadata.get(METADATA_KEY)
    other = own.get("lesson") if isinstance(own, dict) else None
    if isinstance(other, str) and other != lesson.id:
        return f"This is the notebook of {printable(other)}, not of {lesson.id}."
    wanted = ", ".join(stub.tasks)
    return f"No answer found: the file defines none of {wanted}."


def attempted(submission: Submission, lesson: Lesson) -> dict[str, bool]:
    """Tell for each task whether the submission holds more than the stub."""
    stub = stub_of(lesson)
    return {name: _is_attempted(submission, name, stub) for name in stub.tasks}


def _is_attempted(submission: Submission, name: str, stub: Stub) -> bool:
    cell = submission.cell_of(name)
    if cell is None:
        return False
    tree = parse(cell.source)
    return tree is None or not stub.is_untouched(name, definitions(tree)[name])


@dataclass(frozen=True)
class _Ranked:
    """A candidate, what was read of it, and how much it answers."""

    candidate: Candidate
    read: Submission
    tried: int  # tasks of which it holds more than the stub
    defined: int
    glance: int  # tasks that it seems to define
    of_another: bool  # whether its name is another lesson's
    own: bool  # whether it stands where a copy of the course has the lesson's answer

    @property
    def holds_work(self) -> bool:
        """Whether it is the lesson's own file, and more than the stub."""
        return self.own and self.tried > 0

    @property
    def may_be_meant(self) -> bool:
        """Whether a student may have meant it as this lesson's answer."""
        defines = self.defined or self.glance
        return bool(defines or self.candidate.path.suffix == ".ipynb") and (
            not self.of_another
        )


def find_submissions(folder: Path, lesson: Lesson) -> list[Path]:
    """Find what may be a submission in one student's folder, the best first.

    Ranked by how many tasks a file answers, then by when it was saved and by how like
    the lesson's its name is: ``WMS q3.ipynb`` is found beside ``Untitled.ipynb``.
    """
    found, unread = candidates_in_folder(folder, lesson)
    ranked = _ranked(found, lesson) if found else []
    files = [one.candidate.file for one in ranked if one.candidate.file is not None]
    return list(dict.fromkeys([*files, *unread]))


def _read_folder(folder: Path, lesson: Lesson) -> Submission:
    found, unread = candidates_in_folder(folder, lesson)
    if not found:
        raise Unreadable(_nothing_in(folder))
    ranked = _ranked(found, lesson)
    best = ranked[0]
    file = best.candidate.file
    note = _choice_note(ranked, "folder") or _name_note(best.candidate.path, lesson)
    if unread:
        size = f"{MOST_UNPACKED // 2**20} MB"
        note += (f"Beyond {size} of files, {len(unread)} were not looked at.",)
    name = best.read.name if file is None else printable(file.name)
    return replace(best.read, name=name, notes=(*note, *best.read.notes))


def _nothing_in(folder: Path) -> str:
    """Say that a folder holds no hand-in, and what stands there instead."""
    others = sorted(
        f"'{printable(path.name)}'"
        for path in folder.iterdir()
        if not (path.name.startswith(".") or is_noise(PurePath(path.name)))
    )
    told = ", ".join(others[:_MOST_NAMED])
    if len(others) > _MOST_NAMED:
        told += f" and {len(others) - _MOST_NAMED} more"
    only = f", only {told}" if others else ""
    return f"The folder holds no .ipynb, .py or .zip file{only}."


def _ranked(candidates: list[Candidate], lesson: Lesson) -> list[_Ranked]:
    """Read the candidates that say most at a glance, and put the best first."""
    looked = [
        (candidate.glance(lesson), is_of_another(candidate.path, lesson), candidate)
        for candidate in without_copies(candidates)
    ]
    looked.sort(
        key=lambda one: (
            not is_own(one[2].path, lesson),
            one[1] and one[0].defined > 0,
            *one[0].order,
            -likeness(one[2].path, lesson),
            one[2].name,
        )
    )
    tasks = {task.name for task in lesson.tasks}
    ranked: list[_Ranked] = []
    unread: list[_Ranked] = []
    spent = 0
    for glance, of_another, candidate in looked:
        if len(ranked) < _MOST_COMPARED and spent <= _MOST_READ:
            read = _read_candidate(candidate, lesson)
            spent += len(candidate.data)
            tried = sum(attempted(read, lesson).values())
            counts = (tried, len(read.names & tasks), glance.defined)
            own = is_own(candidate.path, lesson)
            ranked.append(_Ranked(candidate, read, *counts, of_another, own))
        else:
            read = Submission("", candidate.digest, problem="Not read.")
            counts = (0, 0, glance.defined)
            unread.append(_Ranked(candidate, read, *counts, of_another, own=False))
    return sorted(ranked, key=lambda one: _rank(one, lesson), reverse=True) + unread


def _rank(one: _Ranked, lesson: Lesson) -> tuple[Any, ...]:
    path, when = one.candidate.path, one.candidate.modified
    # Of two places that the course has, the one that a student worked in last.
    work = (one.holds_work, when if one.holds_work else 0.0)
    own = one.defined > 0 and not one.of_another
    kind = {".ipynb": 2, ".py": 1}.get(path.suffix.lower(), 0)
    alike = likeness(path, lesson)
    name = one.candidate.name
    return *work, own, one.tried, when, one.defined, alike, kind, name


def _choice_note(ranked: list[_Ranked], where: str) -> tuple[str, ...]:
    """Say which file was graded where several could be the submission."""
    best, *rest = ranked
    others = [other for other in rest if other.may_be_meant]
    if best.holds_work:  # what else is in a copy of the course is the course's
        others = [other for other in others if other.own or other.tried]
    if not others:
        return ()
    names = [f"'{printable(one.candidate.name)}'" for one in (best, *others)]
    left = ", ".join(names[1 : _MOST_NAMED + 1])
    if len(others) > _MOST_NAMED:
        left += f" and {len(others) - _MOST_NAMED} more"
    return (
        f"The {where} holds {len(names)} files that could be the submission;"
        f" {names[0]} {_why(best, others)} and was graded, {left} not.",
    )


def _why(best: _Ranked, others: list[_Ranked]) -> str:
    most = max(other.tried for other in others)
    rival = others[0]
    later = best.candidate.modified > rival.candidate.modified
    if best.holds_work and rival.holds_work and later and best.tried != rival.tried:
        return "was saved last"
    if best.holds_work and not rival.own and most >= best.tried:
        return "stands where the course has it"
    if rival.tried == best.tried > 0 and not rival.of_another and later:
        return "was saved last of those that answer the most"
    return "answers the most"


def _name_note(path: PurePosixPath, lesson: Lesson) -> tuple[str, ...]:
    names = ("exercise.py", *(f"{lesson.id}{suffix}" for suffix in READABLE))
    if path.name.lower() in names or path.parent.name == lesson.id:
        return ()
    return (f"'{printable(str(path))}' was read as the answer to {lesson.id}.",)


def _is_python(text: str) -> bool:
    """Tell whether this is a program; JSON alone is no more than a value."""
    tree = parse(text)
    if tree is None or conflict_line(text):
        return False
    return not all(isinstance(node, ast.Expr) for node in tree.body)


def _python_cells(text: str, label: str) -> list[RawCell]:
    """Return the cells of a Python file, labelled so that no two labels are equal."""
    cells = parse_python(text, label)
    if len(cells) == 1 and cells[0].kind == "code":
        (cell,) = cells
        cells = [cell] if repair(cell.source).tree else _split_at_definitions(cell)
    if len(cells) == 1:
        return cells
    return [replace(cell, label=file_cell(label, cell.first_line)) for cell in cells]


def _split_at_definitions(cell: RawCell) -> list[RawCell]:
    """Cut a file that is not Python, so that one broken function breaks no other."""
    parts: list[RawCell] = []
    held: list[str] = []
    start = cell.first_line
    for number, line in enumerate(cell.source.split("\n"), start=cell.first_line):
        opens = line.startswith(("def ", "class ", "async def ", "@", "if __name__"))
        decorated = bool(held) and held[-1].startswith("@")
        if opens and not decorated and any(h.strip() for h in held):
            parts.append(replace(cell, source="\n".join(held), first_line=start))
            held, start = [], number
        held.append(line)
    return [*parts, replace(cell, source="\n".join(held), first_line=start)]
