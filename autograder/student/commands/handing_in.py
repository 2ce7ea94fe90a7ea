"""Hands in a submission: makes sure it can be read, packs it, writes a receipt."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.student.commands.answers import Answer, read_answer
from autograder.student.lesson import Lesson
from autograder.student.notebook.reader import attempted
from autograder.student.notebook.unpack import is_zip
from autograder.student.notebook.written import written_answer
from autograder.student.report import CourseError

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same file gives the same archive
CONFIG = "nbgrader_config.py"


@dataclass(frozen=True)
class Receipt:
    """What was handed in, to keep."""

    lesson: str
    file: str
    digest: str  # sha256 of the file's bytes; the grader's report names it too
    place: str
    is_packed: bool  # into an archive that the student has still to upload
    time: str
    attempted: tuple[str, ...]  # tasks, and the question in words
    not_attempted: tuple[str, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        did = "Packed" if self.is_packed else "Handed in"
        lines = [
            f"{did} {self.lesson} at {self.time}.",
            f"  file     {self.file}",
            f"  sha256   {self.digest} (of the file)",
            f"  place    {self.place}",
            f"  answered {', '.join(self.attempted) or 'nothing'}",
        ]
        if self.not_attempted:
            lines.append(f"  warning  not attempted: {', '.join(self.not_attempted)}")
        lines += [f"  note     {note}" for note in self.notes]
        if self.is_packed:
            lines.append(
                "Upload that archive where your course collects work: it is handed in"
                " when it is there."
            )
        return "\n".join(lines)


def hand_in(lesson: Lesson, answer: Answer, to: Path | None) -> Receipt:
    """Hand a file in.

    Args:
        lesson: the lesson that it answers.
        answer: the notebook or Python file, and what else holds work.
        to: a folder for the archive; by default nbgrader's exchange where one is
            configured, else the working directory.

    Returns:
        The receipt.

    Raises:
        CourseError: the file cannot be read or written, or answers nothing.
    """
    path = answer.path
    submission = read_answer(path, lesson)
    tried = attempted(submission, lesson)
    if lesson.written is not None:
        words = written_answer(submission, lesson)
        tried[lesson.written.name] = words is not None
    if not any(tried.values()):
        raise CourseError(
            f"{path}: no task is attempted yet, so there is nothing to hand in;"
            " --file PATH hands in another file"
        )
    source = _file_in(path, lesson)
    config = find_config() if to is None else None
    place = _exchange(lesson, source, config) if config else _pack(lesson, source, to)
    return Receipt(
        lesson=lesson.id,
        file=str(path),
        digest=submission.digest,
        place=place,
        is_packed=not config,
        time=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        attempted=tuple(name for name, yes in tried.items() if yes),
        not_attempted=tuple(name for name, yes in tried.items() if not yes),
        notes=(*filter(None, [answer.warning]), *submission.notes),
    )


def _file_in(path: Path, lesson: Lesson) -> Path:
    """Return the file to hand in; of a folder, the one that would be graded."""
    if path.is_dir():
        from autograder.student.notebook.reader import find_submissions

        return find_submissions(path, lesson)[0]
    return path


def _name(lesson: Lesson, source: Path) -> str:
    """Return the name under which the grader expects the file."""
    suffix = source.suffix.lower()
    return lesson.id + (suffix if suffix in (".ipynb", ".py", ".zip") else ".ipynb")


def _pack(lesson: Lesson, source: Path, to: Path | None) -> str:
    folder = to or Path.cwd()
    target = folder / f"{lesson.id}.zip"
    try:
        data = source.read_bytes()
        folder.mkdir(parents=True, exist_ok=True)
        if is_zip(data):
            target.write_bytes(data)
            return str(target)
        entry = zipfile.ZipInfo(_name(lesson, source), _EPOCH)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(entry, data)
    except OSError as error:
        raise CourseError(f"{target} cannot be written: {error.strerror}") from None
    return str(target)


def find_config() -> Path | None:
    """Return the folder of nbgrader's configuration, if a course is set up here.

    Looks where nbgrader looks: upwards from the working directory, then in Jupyter's
    configuration folders, the user's, this environment's and the machine's. Nothing in
    it is executed here.
    """
    here = Path.cwd()
    places = [here, *here.parents]
    if "JUPYTER_CONFIG_DIR" in os.environ:
        places.append(Path(os.environ["JUPYTER_CONFIG_DIR"]))
    places += [Path.home() / ".jupyter", Path(sys.prefix) / "etc/jupyter"]
    places += [Path("/usr/local/etc/jupyter"), Path("/etc/jupyter")]
    for folder in places:
        path = folder / CONFIG
        try:
            if path.is_file() and "course_id" in path.read_text(encoding="utf-8"):
                return folder
        except (OSError, UnicodeDecodeError):
            continue
    return None


def _exchange(lesson: Lesson, source: Path, config: Path) -> str:
    """Hand a file to nbgrader's exchange, with nbgrader's own command."""
    environment = dict(os.environ)
    paths = [str(config), environment.get("JUPYTER_CONFIG_PATH", "")]
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    with tempfile.TemporaryDirectory() as folder:
        staged = Path(folder) / lesson.id
        staged.mkdir()
        shutil.copyfile(source, staged / _name(lesson, source))
        command = [sys.executable, "-m", "nbgrader", "submit", lesson.id]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True
        )
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = said[-1].partition("] ")[2] or said[-1] if said else "no reason given"
        raise CourseError(
            f"nbgrader's exchange refused the submission ({reason});"
            f" pack an archive instead: autograder submit {lesson.id} --to DIR"
        )
    told = [line for line in done.stderr.splitlines() if "Submitted as:" in line]
    return told[-1].partition("Submitted as: ")[2] if told else "nbgrader's exchange"
