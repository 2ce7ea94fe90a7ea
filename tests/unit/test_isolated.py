"""Isolated interpreters, the course that is trusted, one run at a time, safe names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from arrivals_kit import parcels
from toy import write_course

from autograder import isolated
from autograder.classroom.run_lock import only_run
from autograder.commands.trusted_course import trusted_course
from autograder.student.lesson import COURSE_ENV
from autograder.student.report import CourseError, InfrastructureError

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_module_of_ours_runs_without_the_working_directory(tmp_path: Path) -> None:
    for name in ("random", "numpy", "autograder", "typer"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken')")
    command = [*isolated.python_command("autograder.student.cli"), "--help"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "check" in done.stdout


def test_programs_are_not_looked_for_where_one_stands() -> None:
    path = os.pathsep.join((".", "/usr/bin", "", "bin", "/bin"))
    assert isolated.safe_path(path) == "/usr/bin:/bin"


def test_children_find_no_module_through_a_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONPATH", ".")
    found = isolated.environment()
    assert "PYTHONPATH" not in found
    assert found["PYTHONSAFEPATH"] == found["PYTHONNOUSERSITE"] == "1"


def test_the_course_of_this_copy_comes_before_one_that_lies_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = write_course(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert trusted_course().root == REPOSITORY
    monkeypatch.setenv(COURSE_ENV, str(lesson.root))
    assert trusted_course().root == tmp_path


@pytest.mark.parametrize("handed_in", [".", "..", "course/00-toy/exercise.py"])
def test_without_a_copy_of_its_own_no_course_among_the_submissions_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handed_in: str
) -> None:
    write_course(tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    place = tmp_path / "packages/autograder/commands/trusted_course.py"  # a wheel's
    monkeypatch.setattr("autograder.commands.trusted_course.__file__", str(place))
    assert trusted_course([tmp_path / "other"]).root == tmp_path / "here"
    with pytest.raises(CourseError, match="may be part of a submission"):
        trusted_course([Path(handed_in)])


def test_one_run_holds_a_folder_and_lets_go_of_it(tmp_path: Path) -> None:
    holder = f"process {os.getpid()} on"
    with (
        only_run(tmp_path),
        pytest.raises(InfrastructureError, match=holder),
        only_run(tmp_path),
    ):
        pytest.fail("two runs at once")
    with only_run(tmp_path):
        assert (tmp_path / ".autograder" / "lock").exists()


def test_a_run_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib; from autograder.classroom.run_lock import only_run\n"
        "with only_run(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], env=_here())
    assert done.returncode == -9
    with only_run(tmp_path):
        assert f"process {os.getpid()} " in (tmp_path / ".autograder/lock").read_text()


def _here() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(REPOSITORY)}


def test_no_two_submissions_get_one_name_and_every_name_fits_a_file(
    tmp_path: Path,
) -> None:
    names = ("a.py", "a.ipynb", "a-2.py", "\N{CJK UNIFIED IDEOGRAPH-6570}" * 83 + ".py")
    odd = (b"b\xff\xfe.py", b"[red]\nc.py", b"d" * 252 + b".py")
    for name in (*map(os.fsencode, names), *odd):
        with open(os.path.join(os.fsencode(tmp_path), name), "w"):
            pass
    found = parcels([tmp_path])
    students = [one.student for one in found]
    assert len(found) == len({*students}) == 7
    assert all(len(name.encode()) <= 200 and name.isprintable() for name in students)
