"""Builds the autograder.zip of one lesson that Gradescope runs.

Source: Gradescope, Autograder specifications: ``setup.sh`` and ``run_autograder`` at
the top of the archive, which is unpacked to ``/autograder/source``.
"""

from __future__ import annotations

import io
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from autograder.classroom.gradescope_run import SEED
from autograder.student.lesson import Course, Lesson
from autograder.student.report import CourseError

_PACKAGE = Path(__file__).resolve().parents[1]
_SCRIPTS = Path(__file__).with_name("gradescope_files")
_NOISE = ("__pycache__", "figures", "_out")
_TIME = (2026, 1, 1, 0, 0, 0)  # the same files make the same archive
_FILE, _PROGRAM = 0o100644, 0o100755


def gradescope_zip(course: Course, lesson: Lesson, seed: int) -> bytes:
    """Return the archive: the grader, the lesson and its twin, what to install.

    Args:
        course: an instructor's copy.
        lesson: the lesson to grade.
        seed: of the hidden tests' numbers, the same for every submission.

    Raises:
        CourseError: the course has no solutions.
    """
    if lesson.twin_dir is None:
        raise CourseError(f"{lesson.id}: this copy of the course has no solutions")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder"):
            _add(archive, name, (_SCRIPTS / name).read_bytes(), _PROGRAM)
        _add(archive, SEED, str(seed).encode())
        requirements = "".join(f"{line}\n" for line in _requirements(course, lesson))
        _add(archive, "requirements.txt", requirements.encode())
        for name in ("constraints.txt", "LICENSE"):
            _add(archive, name, (course.root / name).read_bytes())
        for folder in (lesson.course_dir, lesson.twin_dir):
            for path in _files(folder):
                place = path.relative_to(course.root).as_posix()
                _add(archive, place, path.read_bytes())
        for path in _files(_PACKAGE):
            place = path.relative_to(_PACKAGE.parent).as_posix()
            _add(archive, place, path.read_bytes())
    return stream.getvalue()


def _requirements(course: Course, lesson: Lesson) -> list[str]:
    """Return what grading this lesson needs installed."""
    path = course.root / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    needed = list(project["dependencies"])
    for need in lesson.needs:
        needed += extras[need]
    return needed


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part in _NOISE or part.startswith(".") for part in parts)
        if path.is_file() and not hidden:
            yield path


def _add(
    archive: zipfile.ZipFile, name: str, content: bytes, mode: int = _FILE
) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)
