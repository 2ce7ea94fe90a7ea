"""What this machine can do, asked without starting anything heavy."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any


@dataclass(frozen=True)
class Probe:
    """One ability of this machine."""

    name: str
    found: bool
    text: str  # its version, or what it is for and how to get it

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def student_probes() -> Iterator[Probe]:
    """Ask for everything that a student can use."""
    version = platform.python_version()
    good = sys.version_info >= (3, 11)
    yield Probe("python", good, version if good else f"{version}: needs 3.11 or newer")
    yield _course()
    yield package("numpy", "every lesson", install())
    yield package("jupyter", "notebooks", install("notebook"))
    yield package("matplotlib", "plots", install("notebook"))
    yield package("torch", _torch_lessons(), install("torch"))
    yield package("triton", "kernels on a GPU, Linux only", "pip install triton")
    yield _gpu()


def _course() -> Probe:
    from autograder.student.lesson import find_course
    from autograder.student.report import CourseError

    try:
        course = find_course()
    except CourseError as error:
        return Probe("course", False, str(error))
    kind = "with solutions" if course.has_solutions else "a student's copy"
    return Probe("course", True, f"{len(course.ids)} lessons, {kind}: {course.root}")


def _torch_lessons() -> str:
    """Name the lessons that need PyTorch."""
    from autograder.student.lesson import find_course
    from autograder.student.report import CourseError

    try:
        numbers = find_course().numbers_needing("torch")
    except CourseError:
        return "the lessons that say so"
    return f"lessons {', '.join(numbers)}" if numbers else "no lesson that is here"


def install(extra: str = "") -> str:
    """Return the command that installs an extra, in the course's folder.

    It is that of the folder's README: a release has a script, which installs Jupyter
    unless it is told not to.
    """
    from autograder.student.lesson import find_course
    from autograder.student.report import CourseError

    try:
        is_release = (find_course().root / "set_up.py").is_file()
    except CourseError:
        is_release = False
    if is_release:
        return f"python3 set_up.py {extra.replace('notebook', '')}".rstrip()
    return f"pip install -c constraints.txt -e '.{extra and f'[{extra}]'}'"


def package(name: str, purpose: str, command: str) -> Probe:
    """Ask for a Python package; the command installs it."""
    try:
        if find_spec(name) is not None or name == "jupyter":
            return Probe(name, True, importlib.metadata.version(name))
    except (ImportError, ValueError):
        pass
    return Probe(name, False, f"for {purpose}: {command}")


def program(name: str, commands: list[str], purpose: str) -> Probe:
    """Ask for a program by the names that systems give it."""
    for command in commands:
        path = shutil.which(command)
        if path is not None:
            return Probe(name, True, _first_line([path, "--version"]) or path)
    return Probe(name, False, f"for {purpose}: install {commands[0]}")


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = done.stdout.splitlines() if done.returncode == 0 else []
    return lines[0].strip() if lines else ""


def _gpu() -> Probe:
    path = shutil.which("nvidia-smi")
    if path is not None:
        query = [path, "--query-gpu=name,memory.total", "--format=csv,noheader"]
        name = _first_line(query)
        if name:
            return Probe("gpu", True, name)
    return Probe("gpu", False, "not needed: kernels run in the tile simulator")
