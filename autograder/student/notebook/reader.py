"""Reads what students hand in: notebooks, Python files, archives, and odd ones.

Nothing that a student wrote is executed or imported here, and nothing is raised: what
cannot be read becomes ``Submission.problem``, what was repaired becomes a note.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.student.lesson import Lesson
from autograder.student.notebook.decode import (
    RawCell,
    Unreadable,
    conflict_line,
    decode,
    looks_like_notebook,
    parse_notebook,
    parse_python,
)
from autograder.student.notebook.names import definitions, parse
from autograder.student.notebook.prose import prose_cells
from autograder.student.notebook.select import select_cells
from autograder.student.notebook.stub import Stub, stub_of
from autograder.student.notebook.submission import CodeCell, Submission, printable
from autograder.student.notebook.unpack import (
    MOST_ENTRIES,
    READABLE,
    is_noise,
    is_zip,
    read_bytes,
    unzip,
)

__all__ = [
    "CodeCell",
    "Submission",
    "attempted",
    "find_submissions",
    "read_submission",
    "read_text",
]

METADATA_KEY = "gradients"  # notebook metadata {"gradients": {"lesson": "..."}}
_MOST_COMPARED = 12  # files of one folder that are read to choose one


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
        return Submission(name, _digest(b""), problem=str(error))
    except (OSError, ValueError):  # a path that the system refuses
        return Submission(name, _digest(b""), problem="There is no such file.")
    return read_data(path.name, data, lesson)


def read_data(name: str, data: bytes, lesson: Lesson) -> Submission:
    """Read a submission from the name and the bytes of a file."""
    digest = _digest(data)
    try:
        if is_zip(data):
            found = [
                (inner, read_data(Path(inner).name, content, lesson))
                for inner, content in unzip(data)[:_MOST_COMPARED]
            ]
            chosen = _best(found, lesson)
            note = _choice_note([inner for inner, _ in found], chosen[0], "archive")
            read = chosen[1]
            return replace(
                read, name=printable(name), digest=digest, notes=(*note, *read.notes)
            )
        text, notes = decode(data)
        read = read_text(name, text, lesson)
    except Unreadable as error:
        return Submission(printable(name), digest, problem=str(error))
    except (RecursionError, MemoryError):
        problem = "The file is nested too deeply to read."
        return Submission(printable(name), digest, problem=problem)
    return replace(read, digest=digest, notes=(*notes, *read.notes))


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
        raw = _python_cells(text, shown)
        prose = prose_cells(raw, commented=True)
        if suffix != ".py":
            if not _is_python(text):
                raise Unreadable("The file is neither a notebook nor Python.")
            notes.append(f"'{shown}' is Python in spite of its name.")
    cells, more = select_cells(raw, stub)
    found = Submission(shown, _digest(text.encode("utf-8", "replace")), cells)
    problem = (
        None if found.names & set(stub.tasks) else _nothing(stub, metadata, lesson)
    )
    return replace(found, notes=(*notes, *more), problem=problem, prose=prose)


def _nothing(stub: Stub, metadata: dict[str, Any], lesson: Lesson) -> str:
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


def find_submissions(folder: Path, lesson: Lesson) -> list[Path]:
    """Find what may be a submission in one student's folder, the best first.

    Ranked by how many tasks a file answers, then by how like the lesson's its name is:
    ``WMS q3.ipynb`` is found, and so is ``HW (1).ipynb`` beside ``Untitled.ipynb``.
    """
    ranked, unread = _read_all(folder, lesson)
    return [*(path for path, _ in ranked), *unread]


def _read_folder(folder: Path, lesson: Lesson) -> Submission:
    ranked, unread = _read_all(folder, lesson)
    if not ranked:
        raise Unreadable("The folder holds no .ipynb, .py or .zip file.")
    path, read = ranked[0]
    paths = [*(path for path, _ in ranked), *unread]
    names = [str(path.relative_to(folder)) for path in paths]
    note = _choice_note(names, names[0], "folder") or _name_note(path, lesson)
    return replace(read, notes=(*note, *read.notes))


def _read_all(
    folder: Path, lesson: Lesson
) -> tuple[list[tuple[Path, Submission]], list[Path]]:
    """Read what may be a submission in one student's folder, each file once.

    Returns:
        The files read, the best first; and those beyond the limit, by their names.
    """
    paths = sorted(_candidates(folder), key=lambda p: (-_likeness(p, lesson), str(p)))
    read = [(path, read_submission(path, lesson)) for path in paths[:_MOST_COMPARED]]
    if len(read) > 1:
        read.sort(key=lambda pair: _rank(pair[0], pair[1], lesson), reverse=True)
    return read, paths[_MOST_COMPARED:]


def _candidates(folder: Path) -> Iterator[Path]:
    looked = 0
    for place, folders, files in os.walk(folder, followlinks=False):
        here = Path(place)
        depth = len(here.relative_to(folder).parts)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and depth < 3)
        for file in sorted(files):
            looked += 1
            if looked > 4 * MOST_ENTRIES:
                return
            path = here / file
            right = path.suffix.lower() in (*READABLE, ".zip", ".txt")
            noise = is_noise(path.relative_to(folder)) or file.startswith(".")
            if right and not noise and not path.is_symlink():
                yield path


def _best(
    found: list[tuple[str, Submission]], lesson: Lesson
) -> tuple[str, Submission]:
    return max(found, key=lambda pair: _rank(Path(pair[0]), pair[1], lesson))


def _rank(path: Path, read: Submission, lesson: Lesson) -> tuple[Any, ...]:
    tried = sum(attempted(read, lesson).values())
    defined = len(read.names & {task.name for task in lesson.tasks})
    kind = {".ipynb": 2, ".py": 1}.get(path.suffix.lower(), 0)
    return tried, defined, _likeness(path, lesson), kind, str(path)


def _likeness(path: Path, lesson: Lesson) -> float:
    return round(difflib.SequenceMatcher(None, path.stem, lesson.id).ratio(), 2)


def _choice_note(names: list[str], chosen: str, where: str) -> tuple[str, ...]:
    if len(names) < 2:
        return ()
    return (
        f"The {where} holds {len(names)} files that could be the submission;"
        f" '{printable(chosen)}' answers the most and was graded.",
    )


def _name_note(path: Path, lesson: Lesson) -> tuple[str, ...]:
    if path.name.lower() in (f"{lesson.id}{suffix}" for suffix in (*READABLE, ".zip")):
        return ()
    return (f"'{printable(path.name)}' was read as the answer to {lesson.id}.",)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_python(text: str) -> bool:
    return parse(text) is not None and not conflict_line(text)


def _python_cells(text: str, label: str) -> list[RawCell]:
    """Return the cells of a Python file, labelled so that no two labels are equal."""
    cells = parse_python(text, label)
    if len(cells) == 1 and cells[0].kind == "code" and parse(text) is None:
        cells = _split_at_definitions(cells[0])
    if len(cells) == 1:
        return cells
    return [
        replace(cell, label=f"part {number} of {label}")
        for number, cell in enumerate(cells, start=1)
    ]


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
