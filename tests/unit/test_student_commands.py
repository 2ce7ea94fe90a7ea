"""The students' commands, run as they are from a terminal."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.commands.students_copy import find_leaks, write_copy
from autograder.grading.mutants import lesson_mutants
from autograder.student.commands.answers import Answer, answer_of
from autograder.student.lesson import Course, find_course
from autograder.student.notebook.build import build_notebook, write_notebook
from autograder.student.notebook.reader import read_submission
from autograder.student.report import CourseError

COURSE = find_course(Path(__file__))
LESSON = COURSE.lesson("00-start")
WRONG = "def mean(x):\n    return 0.0\n"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NO_COLOR", "1")


def run(*arguments: str) -> int:
    """Run a command; return its exit code."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "00-start" in capsys.readouterr().out
    assert run("list", "--json") == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert first["id"] == "00-start"
    assert [task["name"] for task in first["tasks"]] == [
        "mean",
        "normalise",
        "halvings",
    ]
    assert first["points"] == 12


def test_check_tells_where_to_go_next(capsys: pytest.CaptureFixture[str]) -> None:
    Path("hw.py").write_text(WRONG, encoding="utf-8")
    assert run("check", "0", "--file", "hw.py") == 1
    told = capsys.readouterr().out
    assert "mean of 1, 2, 6\n  got 0, expected 3" in told
    assert "Next: mean in hw.py. Chapter: course/00-start/index.md#step-1." in told
    assert "\x1b" not in told


def test_check_of_a_right_answer(capsys: pytest.CaptureFixture[str]) -> None:
    text = LESSON.reference_path.read_text(encoding="utf-8")
    Path("my work.py").write_text(text, encoding="utf-8")
    assert run("check", "00-start", "-f", "my work.py") == 0
    submit = "autograder submit 00-start --file 'my work.py'\n"
    assert submit in capsys.readouterr().out
    Path("my work.py").rename("00-start.py")
    assert run("check", "00-start") == 0
    assert "autograder submit 00-start\n" in capsys.readouterr().out


def test_check_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    Path("hw.py").write_text(WRONG, encoding="utf-8")
    assert run("check", "00", "mean", "--file", "hw.py", "--json") == 1
    data = json.loads(capsys.readouterr().out)
    assert [task["task"] for task in data["tasks"]] == ["mean"]
    assert data["tasks"][0]["verdict"] == "wrong"
    assert data["passed"] is False


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["check", "77"], "is not a lesson"),
        (["check", "00", "no_task"], "has no task 'no_task'"),
        (["check", "00", "--file", "nowhere.py"], "There is no such file."),
        (["check", "00", "--file", "empty.ipynb"], "empty (0 bytes)"),
        (["submit", "00", "--file", "empty.ipynb"], "empty (0 bytes)"),
        (["submit", "00", "--file", "stub.py"], "no task is attempted yet"),
        (["check", "00", "--file", "stub.py", "--notebook"], "give one of them"),
        (["watch", "00", "--file", "nowhere.py"], "is not a file"),
        (["release", "full"], "not empty"),
    ],
)
def test_bad_input_gets_one_line(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty.ipynb").touch()
    Path("stub.py").write_text(LESSON.exercise_path.read_text("utf-8"), "utf-8")
    Path("full").mkdir()
    Path("full/thesis.txt").touch()
    assert run(*arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert reason in told.err
    assert told.err.count("\n") == 1


def test_reads_the_file_that_holds_work_and_of_two_the_one_saved_last(
    copy: Path,
) -> None:
    lesson = Course(copy).lesson("00-start")
    exercise, untouched = lesson.exercise_path, lesson.exercise_path.read_text("utf-8")
    here = Path("00-start.ipynb")
    write_notebook(build_notebook(lesson), here)
    assert answer_of(lesson) == Answer(exercise)
    write_notebook(build_notebook(LESSON, with_reference=True), here)
    os.utime(here, (0, 0))
    assert answer_of(lesson) == Answer(here)
    exercise.write_text(untouched + WRONG, "utf-8")
    assert answer_of(lesson) == Answer(exercise, (here,))
    os.utime(here)
    os.utime(exercise, (0, 0))
    assert answer_of(lesson) == Answer(here, (exercise,))
    exercise.write_text(untouched, "utf-8")
    assert answer_of(lesson) == Answer(here)


def test_watch_checks_at_each_save(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("hw.py")
    path.write_text(WRONG, encoding="utf-8")
    saves = iter([WRONG + "# saved", "", WRONG.replace("0.0", "float(x.mean())")])

    def save(_pause_s: float) -> None:
        text = next(saves, None)
        if text is None:
            raise KeyboardInterrupt
        path.write_text(text, encoding="utf-8")

    monkeypatch.setattr("time.sleep", save)
    assert run("watch", "00", "mean", "--file", "hw.py") == 0
    told = capsys.readouterr().out
    assert told.count("0 of 2") == 2
    assert "hw.py: The file is empty" in told
    assert "1 of 2" in told


def test_submit_packs_what_the_grader_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("my work.py").write_text(WRONG, encoding="utf-8")
    assert run("submit", "00", "--file", "my work.py", "--to", "out", "--json") == 0
    receipt = json.loads(capsys.readouterr().out)
    assert receipt["attempted"] == ["mean"]
    unanswered = ["normalise", "halvings", "explain_time_limit"]
    assert receipt["not_attempted"] == unanswered
    archive = tmp_path / "out" / "00-start.zip"
    with zipfile.ZipFile(archive) as packed:
        assert packed.namelist() == ["00-start.py"]
        inner = packed.read("00-start.py")
    assert read_submission(Path("my work.py"), LESSON).digest == receipt["digest"]
    assert inner.decode() == WRONG
    read = read_submission(archive, LESSON)
    assert (read.problem, read.names) == (None, {"mean"})
    first = archive.read_bytes()
    assert run("submit", "00", "--file", "my work.py", "--to", "out") == 0
    assert archive.read_bytes() == first
    told = capsys.readouterr().out
    assert told.startswith("Packed 00-start at ")
    assert "warning  not attempted: normalise, halvings, explain" in told
    assert told.rstrip().endswith("it is handed in when it is there.")


def test_submit_hands_over_to_nbgraders_exchange(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exchange = tmp_path / "exchange"
    released = exchange / "demo" / "outbound" / "00-start"
    write_notebook(build_notebook(LESSON), released / "00-start.ipynb")
    inbound = exchange / "demo" / "inbound"
    inbound.mkdir()
    inbound.chmod(0o733)
    exchange.chmod(0o777)
    Path("nbgrader_config.py").write_text(
        "c = get_config()\n"
        'c.CourseDirectory.course_id = "demo"\n'
        f'c.Exchange.root = "{exchange}"\n',
        encoding="utf-8",
    )
    Path("work").mkdir()
    monkeypatch.chdir("work")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("USER", "ada")
    Path("hw.py").write_text(WRONG, encoding="utf-8")
    assert run("submit", "00", "--file", "hw.py") == 0
    assert "Handed in 00-start" in capsys.readouterr().out
    (handed,) = inbound.glob("*/00-start.py")
    assert handed.read_text(encoding="utf-8") == WRONG


def test_notebooks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("notebooks", "--out", "made", "--json") == 0
    made = json.loads(capsys.readouterr().out)
    assert [Path(path).stem for path in made] == list(COURSE.ids)
    assert (tmp_path / "made" / "00-start.ipynb").exists()


def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("doctor", "--json") == 0
    probes = {probe["name"]: probe for probe in json.loads(capsys.readouterr().out)}
    assert probes["python"]["found"] is True
    assert probes["course"]["found"] is True
    assert {"torch", "gpu", "nbgrader", "isolation", "bubblewrap"} <= probes.keys()
    assert run("doctor") == 0
    assert "python" in capsys.readouterr().out


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A students' copy of the course."""
    directory = tmp_path_factory.mktemp("release") / "students"
    write_copy(COURSE, directory)
    return directory


def test_release_holds_nothing_hidden(copy: Path) -> None:
    assert not Course(copy).has_solutions
    assert Course(copy).ids == COURSE.ids
    files = [path for path in copy.rglob("*") if path.is_file()]
    secret = {
        path.read_bytes(): path
        for path in (COURSE.root / "solutions").rglob("*.py")
        if path.stat().st_size > 0
    }
    text = "\n".join(path.read_text("utf-8", "replace") for path in files)
    assert not [path for path in files if path.read_bytes() in secret]
    assert not [path for path in files if path.name == "corpus.txt"]
    assert "weights.safetensors" in {path.name for path in files}
    for lesson in COURSE.lessons:
        public = lesson.public_tests.read_text(encoding="utf-8")
        tests = [path.read_text("utf-8") for path in lesson.hidden_tests()]
        for node in (node for test in tests for node in ast.parse(test).body):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                told = f"def {node.name}("
                assert told in public or told not in text, node.name
        for mutant in lesson_mutants(lesson):
            assert mutant.says not in text, mutant.name


def test_release_refuses_to_leak(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    hidden = LESSON.hidden_tests()[1].read_text(encoding="utf-8")
    (copy / "oops.md").write_text(f"text\n{hidden}", encoding="utf-8")
    assert list(find_leaks(COURSE, copy)) == ["oops.md holds part of test_normalise.py"]


def test_release_is_not_made_inside_the_course() -> None:
    with pytest.raises(CourseError, match="inside the course"):
        write_copy(COURSE, COURSE.root / "course" / "copy")
    assert not (COURSE.root / "course" / "copy").exists()


def in_copy(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of a students' copy, which alone is importable."""
    code = (
        "import sys, autograder.student.cli as cli\n"
        f"assert cli.__file__.startswith({str(copy)!r}), cli.__file__\n"
        f"cli.main({list(arguments)!r})"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )


def test_release_works_by_itself(copy: Path, tmp_path: Path) -> None:
    done = in_copy(copy, "check", "00-start", "--file", "course/00-start/exercise.py")
    assert (done.returncode, done.stderr) == (1, "")
    assert "not attempted yet" in done.stdout
    done = in_copy(copy, "--help")
    assert "check" in done.stdout
    assert "audit" not in done.stdout
    done = in_copy(copy, "doctor")
    assert (done.returncode, done.stderr) == (0, "")
    assert "a student's copy" in done.stdout
    done = in_copy(copy, "release", str(tmp_path / "again"))
    assert done.returncode == 2
    assert "No such command 'release'" in done.stderr
    (copy / "hw.py").write_text(WRONG, encoding="utf-8")
    done = in_copy(copy, "submit", "00", "--file", "hw.py", "--to", str(tmp_path))
    assert done.returncode == 0
    assert (tmp_path / "00-start.zip").exists()
