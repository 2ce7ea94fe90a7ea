"""A new lesson passes everything before its author has changed a word."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.audit.run import audit_named
from autograder.cli import main
from autograder.new_lesson.lists import with_entry
from autograder.new_lesson.make import planned_files, write
from autograder.new_lesson.names import MOST_TASK, MOST_TITLE, Names, names_of
from autograder.student.lesson import Course
from autograder.student.report import CourseError

REPOSITORY = Path(__file__).parents[2]
RUFF = Path(sys.executable).with_name("ruff")
#: What the linters go by: the settings, and what counts as ours among imports.
LINTED = ("pyproject.toml", "autograder/student/testing/__init__.py")
NOISE = shutil.ignore_patterns("__pycache__", "node_modules")
MENU = """\
nav:  # the order is the curriculum
  - Start here:
      - The course: index.md
      - Your first ten minutes: 00-start/index.md
      - Glossary: glossary.md
  - Systems:
      - 5 · A thread pool: 05-thread-pool/index.md
      - 7 · Mixed precision: 07-mixed-precision/index.md  # torch

  - For instructors:
      - Running a class: instructors.md

theme:
"""
HOME = """\
<!-- course:lessons -->

| no. | lesson | part | reading, about | solving, about |
|--:|---|---|--:|--:|
| 2 | Quadratic forms and conjugate gradients | Mathematics | *planned* | |
| 10 | Multi-token prediction | Decoding | *planned* | |
"""


def copy_files(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)


def run(*words: str) -> int | str | None:
    with pytest.raises(SystemExit) as left:
        main(words)
    return left.value.code


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Return a course of one lesson, in which commands are run."""
    for folder in ("course", "solutions"):
        shutil.copytree(
            REPOSITORY / folder / "00-start", tmp_path / folder / "00-start"
        )
    (tmp_path / "mkdocs.yml").write_text(MENU)
    (tmp_path / "course/index.md").write_text(HOME)
    copy_files(tmp_path, *LINTED)
    monkeypatch.chdir(tmp_path)
    return Course(tmp_path)


def files(root: Path) -> dict[str, bytes]:
    found = (p for p in sorted(root.rglob("*")) if "__pycache__" not in p.parts)
    return {str(p): p.read_bytes() for p in found if p.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    """Return a copy of the whole course, with one lesson more."""
    root = tmp_path_factory.mktemp("new") / "copy"
    for name in ("course", "solutions", "site"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=NOISE)
    copy_files(root, "mkdocs.yml", "package.json", *LINTED)
    packages = REPOSITORY / "site/node_modules"
    if packages.exists():
        (root / "site/node_modules").symlink_to(packages.resolve())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert run("new", "98-running-sums", "--part", "Decoding") == 0
        yield Course(root)


@pytest.mark.jail
def test_audits_without_a_problem(made: Course) -> None:
    audit = audit_named(made.root, "98-running-sums", seeds=1)
    assert audit.problems == []
    assert (audit.tasks, audit.alternatives_total) == (1, 1)
    assert sorted(m.severity for m in audit.mutants) == ["edge", "idea"]


def test_stands_on_the_website(made: Course, tmp_path: Path) -> None:
    command = [sys.executable, REPOSITORY / "site/build.py", tmp_path / "built"]
    command += ["--config", made.root / "mkdocs.yml"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "built/index.html").read_text("utf-8")
    assert '<a href="98-running-sums/">Running sums</a>' in home
    assert "98 · Running sums" in home
    assert (tmp_path / "built/98-running-sums/98-running-sums.ipynb").is_file()


@pytest.mark.browser
def test_its_figure_is_drawn(made: Course) -> None:
    command = ["node", made.root / "site/figures/static.mjs"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_is_there_and_not_attempted(
    made: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("list", "--json") == 0
    assert '"98-running-sums"' in capsys.readouterr().out
    assert run("check", "98") == 1
    assert "not attempted yet" in capsys.readouterr().out


def test_says_what_it_made_and_what_is_next(
    small: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("new", "02-quadratic-forms") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == (
        "Made 02-quadratic-forms, 'Quadratic forms and conjugate gradients',"
        " in Mathematics, with one task:"
    )
    assert "  new     solutions/02-quadratic-forms/mutants/quadratic_forms.toml" in told
    assert "  edited  mkdocs.yml" in told
    assert told[-3].startswith("Next: autograder audit 02")
    home = (small.root / "course/index.md").read_text("utf-8")
    assert "  edited  course/index.md" in told
    assert home == HOME.replace(HOME.splitlines(True)[4], "")
    assert run("new", "97-unplanned") == 0
    assert "course/index.md" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "names",
    [
        Names("99-q", "q", "Q", "Systems"),
        Names("99-" + "q" * 60, "q" * MOST_TASK, "Q" * MOST_TITLE, "GPU kernels"),
    ],
    ids=["short", "long"],
)
def test_is_formatted_whatever_the_names(small: Course, names: Names) -> None:
    write(small, planned_files(small, names))
    for words in (["check"], ["format", "--check"]):
        command = [RUFF, *words, "--no-cache", "."]
        done = subprocess.run(command, cwd=small.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    made = "".join(text.decode() for text in files(small.root / "solutions").values())
    assert "template_" not in made
    assert "99-template" not in made


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["2-forms"], "is no name of a lesson"),
        (["02_forms"], "is no name of a lesson"),
        (["02-Forms"], "is no name of a lesson"),
        (["02-../../forms"], "is no name of a lesson"),
        (["00-start"], "course/00-start exists"),
        (["00-again"], "number 00 is taken by course/00-start"),
        (["02-verdict"], "a figure of 00-start is called verdict"),
        (["02-lambda"], "task 'lambda' means something else"),
        (["02-sum"], "task 'sum' means something else"),
        (["02-mean"], "00-start has a task mean already; name the task with --task"),
        (["02-forms", "--task", "Forms"], "needs a Python name in small letters"),
        (["02-forms", "--title", 'The "forms"'], "plain punctuation"),
        (["02-forms", "--part", "Poetry"], "--part must be one of Start here, Math"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else "",
)
def test_refuses_and_writes_nothing(
    words: list[str],
    told: str,
    small: Course,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = files(small.root)
    assert run("new", *words) == 2
    assert told in capsys.readouterr().err
    assert files(small.root) == before


def test_refuses_a_students_copy(
    small: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(small.root / "solutions")
    assert run("new", "02-forms") == 2
    assert "this is a students' copy" in capsys.readouterr().err


def test_writes_nothing_where_the_menu_cannot_be_edited(
    small: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    (small.root / "mkdocs.yml").write_text("site_name: Another\n")
    before = files(small.root)
    assert run("new", "02-forms") == 2
    assert "mkdocs.yml has no line 'nav:'" in capsys.readouterr().err
    assert files(small.root) == before


def test_takes_title_and_part_from_the_plan_or_from_its_neighbours(
    small: Course,
) -> None:
    planned = names_of(small, "10-multi-token-prediction")
    assert (planned.title, planned.part) == ("Multi-token prediction", "Decoding")
    other = names_of(small, "03-random-walks")
    assert (other.title, other.part) == ("Random walks", "Mathematics")
    assert names_of(small, "01-slopes").part == "Start here"
    assert names_of(small, "02-cones").title == "Cones"


@pytest.mark.parametrize(
    ("part", "lesson", "after"),
    [
        ("Systems", "06-rings", "      - 5 · A thread pool: 05-thread-pool/index.md"),
        ("Systems", "04-locks", "  - Systems:"),
        (
            "Systems",
            "08-more",
            "      - 7 · Mixed precision: 07-mixed-precision/index.md  # torch",
        ),
        (
            "Start here",
            "01-more",
            "      - Your first ten minutes: 00-start/index.md",
        ),
    ],
)
def test_gets_its_line_in_the_menu(part: str, lesson: str, after: str) -> None:
    entry = f"      - More: {lesson}/index.md"
    edited = with_entry(MENU, part, "More", lesson)
    assert edited == MENU.replace(f"{after}\n", f"{after}\n{entry}\n")


def test_begins_a_part_of_the_menu_in_the_courses_order() -> None:
    entry = "  - Mathematics:\n      - Forms: 02-forms/index.md\n"
    edited = with_entry(MENU, "Mathematics", "Forms", "02-forms")
    assert edited == MENU.replace("  - Systems:\n", f"{entry}  - Systems:\n")
    entry = "  - Decoding:\n      - Trees: 11-trees/index.md\n"
    edited = with_entry(MENU, "Decoding", "Trees", "11-trees")
    assert edited == MENU.replace("# torch\n", f"# torch\n{entry}")


def test_needs_a_part_to_begin_another_after() -> None:
    with pytest.raises(CourseError, match="write '  - Systems:' where it belongs"):
        with_entry("nav:\n  - Home: index.md\n", "Systems", "More", "05-more")
