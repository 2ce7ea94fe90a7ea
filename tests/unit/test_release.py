"""A release as the folder that students get: its pages, its links, its next version."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from autograder.cli import main
from autograder.commands.students_copy import write_copy
from autograder.release.pages import Pages, outside_code, slug
from autograder.release.refresh import MANIFEST, Refreshed
from autograder.student.lesson import Course, find_course
from autograder.student.report import CourseError

COURSE = find_course(Path(__file__))
SITE = "https://example.org/course"
EXERCISE = "course/00-start/exercise.py"
_LINK = re.compile(r"`+[^`]*`+|\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of all lessons, which no test writes into."""
    folder = tmp_path_factory.mktemp("release") / "all of it"
    write_copy(COURSE, folder)
    return folder


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    """A release to write into."""
    return Path(shutil.copytree(whole, tmp_path / "students"))


def pages(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every text of a release that a reader of Markdown shows."""
    for path in sorted(root.rglob("*.md")):
        yield path, path.read_text("utf-8")
    for path in sorted(root.glob("notebooks/*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        for cell in cells:
            if cell["cell_type"] == "markdown":
                yield path, "".join(cell["source"])


def prose(text: str) -> str:
    """Return a page without its code."""
    kept: list[str] = []
    outside_code(text, lambda piece: kept.append(piece) or piece)
    return "\n".join(kept)


def anchors(text: str) -> set[str]:
    named = set(re.findall(r'<a id="([^"]+)">', text))
    return named | {slug(one) for one in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def links(root: Path) -> Iterator[tuple[Path, str]]:
    for path, text in pages(root):
        for link in filter(None, _LINK.findall(prose(text))):
            yield path, link


def dead(root: Path) -> list[str]:
    """Return every link of a release that leads nowhere in it."""
    found = []
    for path, link in links(root):
        place, _, anchor = link.partition("#")
        target = path.parent / place if place else path
        if link.startswith("https://"):
            continue
        known = anchors(target.read_text("utf-8")) if target.is_file() else set()
        if not target.is_file() or (anchor and anchor not in known):
            found.append(f"{path.relative_to(root)}: {link}")
    return found


def test_every_link_of_pages_and_notebooks_leads_somewhere(whole: Path) -> None:
    assert dead(whole) == []
    followed = {link for _, link in links(whole)}
    assert {
        "../course/09-flash-attention/index.md",
        "../kernel-language.md",
    } <= followed
    assert "#step-1" in followed


def test_pages_are_plain_markdown(whole: Path) -> None:
    for path, text in pages(whole):
        left = [
            mark
            for mark in ("--8<--", "<!--", "<g2k", "<div", "<span data", "{#", "\n???")
            if mark in prose(text)
        ]
        assert (path.name, left) == (path.name, [])
        assert not text.startswith("---"), path
        assert not re.search(r"^(===|!!!) ", prose(text), re.MULTILINE), path


def test_chapters_show_figures_and_the_code_that_they_name(whole: Path) -> None:
    for lesson in Course(whole).lessons:
        text = (lesson.course_dir / "index.md").read_text("utf-8")
        images = re.findall(r"!\[([^\]]+)\]\((figures/[^)]+\.svg)\)", text)
        assert images, lesson.id
        for _, place in images:
            drawing = (lesson.course_dir / place).read_text("utf-8")
            assert "--g2k-panel: #" in drawing
        assert f"| [`{lesson.tasks[0].name}`](#" in text
        assert "<details><summary>Answer</summary>\n\n" in text
    text = (whole / "course/09-flash-attention/index.md").read_text("utf-8")
    assert "def naive_attention(q, k, v):" in text
    assert "- All earlier tiles\n" in text  # a choice of the question to guess at


def test_tabs_and_notes_stay_readable() -> None:
    page = '!!! note "Mind"\n\n    One.\n\n    Two.\n\n=== "Linux"\n\n    ```sh\n    ls'
    page += "\n    ```\n"
    text = Pages(COURSE.root, COURSE.lessons).plain(page)
    assert "> **Mind**\n> \n> One.\n> \n> Two.\n" in text
    assert "**Linux**\n\n```sh\nls\n```\n" in text


def test_a_missing_include_names_its_file() -> None:
    with pytest.raises(CourseError, match=r"gone\.py, which a chapter includes"):
        Pages(COURSE.root, ()).plain('```\n--8<-- "course/gone.py"\n```\n')


def test_release_is_a_repository(whole: Path) -> None:
    container = json.loads((whole / ".devcontainer/devcontainer.json").read_text())
    assert container["postCreateCommand"] == "python3 set_up.py torch"
    workflow = yaml.safe_load((whole / ".github/workflows/check.yml").read_text())
    (job,) = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[0] == "python3 set_up.py --no-notebook torch"
    assert commands[1].startswith(".venv/bin/autograder progress --summary ")
    made = [
        ".venv/bin/python",
        "00-start.zip",
        f"{EXERCISE}.new",
        "a/__pycache__/b.pyc",
    ]
    subprocess.run(["git", "init", "-q"], cwd=whole, check=True)
    done = subprocess.run(
        ["git", "check-ignore", *made, EXERCISE, "course/00-start/mistakes.bin"],
        cwd=whole, capture_output=True, text=True,
    )  # fmt: skip
    shutil.rmtree(whole / ".git")
    assert done.stdout.split("\n")[:-1] == made
    project = tomllib.loads((whole / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["scripts"] == {
        "autograder": "autograder.student.cli:main"
    }


def test_set_up_says_which_python_it_needs(whole: Path) -> None:
    old = (
        "import sys, runpy; sys.version_info = (3, 9); sys.argv = ['set_up.py'];"
        "runpy.run_path('set_up.py', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", old],
        cwd=whole, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("set_up: this is Python 3.9; the course needs 3.11")
    assert done.stderr.count("\n") == 1


def again(folder: Path, *lessons: str, course: Course = COURSE) -> Refreshed:
    return write_copy(course, folder, lessons=lessons)


def test_a_release_over_itself_changes_nothing(copy: Path) -> None:
    done = again(copy)
    assert (done.written, done.beside, done.removed, done.kept) == ((), (), (), ())


@pytest.fixture
def newer(tmp_path: Path) -> Course:
    """An instructor's copy of one lesson, in which much has changed."""
    root = tmp_path / "newer"
    for name in ("course/00-start", "solutions/00-start", "build/mistakes"):
        shutil.copytree(COURSE.root / name, root / name)
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copyfile(COURSE.root / name, root / name)
    shutil.copyfile(COURSE.root / "course/study.md", root / "course/study.md")
    for path in (root / EXERCISE, root / "course/00-start/hints.md"):
        path.write_text(path.read_text("utf-8") + "\n# Better.\n", "utf-8")
    return Course(root)


def test_a_refresh_keeps_what_somebody_changed(copy: Path, newer: Course) -> None:
    again(copy, course=COURSE)
    subprocess.run(["git", "init", "-q"], cwd=copy, check=True)
    head = (copy / ".git/HEAD").read_bytes()
    work = (copy / EXERCISE).read_text("utf-8") + "def mean(x):\n    return 1\n"
    (copy / EXERCISE).write_text(work, "utf-8")
    (copy / "course/glossary.md").write_text("my own words", "utf-8")
    (copy / "notes.txt").write_text("mine", "utf-8")
    (copy / "course/00-start/lesson.toml").unlink()
    hints = copy / "course/00-start/hints.md"
    hints.write_bytes(hints.read_bytes().replace(b"\n", b"\r\n"))  # as on Windows
    done = again(copy, course=newer)
    assert (copy / EXERCISE).read_text("utf-8") == work
    assert "# Better." in (copy / f"{EXERCISE}.new").read_text("utf-8")
    assert done.beside == (EXERCISE,)
    assert "# Better." in hints.read_text("utf-8")
    assert (copy / "course/00-start/lesson.toml").is_file()
    assert done.kept == ("course/glossary.md",)
    assert (copy / "course/glossary.md").read_text("utf-8") == "my own words"
    assert not (copy / "course/05-thread-pool").exists()
    assert (copy / "notes.txt").read_text("utf-8") == "mine"
    assert (copy / ".git/HEAD").read_bytes() == head
    once_more = again(copy, course=newer)
    assert (once_more.written, once_more.beside) == ((), ())


def test_lessons_are_released_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "students"
    assert again(folder, "00").lessons == ("00-start",)
    assert Course(folder).ids == ("00-start",)
    assert dead(folder) == []
    assert "01-gradients" not in (folder / "course/index.md").read_text("utf-8")
    done = write_copy(COURSE, folder, lessons=["01"], site=SITE)
    assert done.lessons == Course(folder).ids == ("00-start", "01-gradients")
    assert dead(folder) == []
    told = (folder / "course/study.md").read_text("utf-8")
    assert f"[lesson 5]({SITE}/05-thread-pool/)" in told
    assert f"]({SITE}/00-start/)" in (folder / "notebooks/00-start.ipynb").read_text()
    assert again(folder, "01").written == ()  # the website is remembered


@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        (lambda path: (path / "thesis.txt").touch(), "not empty and holds no release"),
        (lambda path: (path / MANIFEST).write_text("{"), "cannot be read"),
        (lambda path: (path / MANIFEST).write_text("[]"), "cannot be read"),
    ],
)
def test_a_folder_in_use_is_refused_in_one_line(
    tmp_path: Path, prepare: object, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(tmp_path)  # type: ignore[operator]
    with pytest.raises(SystemExit) as end:
        main(["release", str(tmp_path)])
    assert end.value.code == 2
    said = capsys.readouterr()
    assert told in said.err
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_an_empty_repository_is_filled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    main_code = run("release", str(tmp_path), "-l", "00", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (main_code, told["lessons"]) == (0, ["00-start"])
    assert EXERCISE in told["written"]
    assert run("release", str(tmp_path), "-l", "00") == 0
    assert "Written: 0, removed: 0." in capsys.readouterr().out


def run(*words: str) -> int:
    """Run a command; return its exit code."""
    with pytest.raises(SystemExit) as end:
        main(words)
    return int(end.value.code or 0)


GIT = [f"GIT_{who}_{what}=x@example.org" for who in ("AUTHOR", "COMMITTER")
       for what in ("NAME", "EMAIL")]  # fmt: skip


def git(folder: Path, script: str) -> None:
    """Run a script in a repository."""
    done = subprocess.run(
        ["env", *GIT, "sh", "-euc", script], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_students_of_a_template_get_its_next_release_by_git(tmp_path: Path) -> None:
    template, fork, copied = (tmp_path / n for n in ("template", "fork", "copied"))
    again(template, "00")
    git(template, "git init -qb main && git add -A && git commit -qm 1")
    git(template, "git tag release-1")
    git(tmp_path, "git clone -q template fork")
    shutil.copytree(template, copied, ignore=shutil.ignore_patterns(".git"))
    git(copied, "git init -qb main && git add -A && git commit -qm 'Initial commit'")
    for student in (fork, copied):
        with (student / EXERCISE).open("a", encoding="utf-8") as file:
            file.write("def mean(x):\n    return 1\n")
        git(student, "git commit -qam work")
    write_copy(COURSE, template, lessons=["01"], site=SITE)
    git(template, "git add -A && git commit -qm 2")
    git(fork, "git pull -q --no-edit --no-rebase")
    page = (COURSE.root / "course/instructors.md").read_text("utf-8")
    title = "a copy of a template, the first time"
    (recipe,) = re.findall(rf'^```sh title="{title}"\n(.*?)^```$', page, re.M | re.S)
    git(copied, recipe.replace("https://github.com/ORG/TEMPLATE", str(template)))
    write_copy(COURSE, template, lessons=["05"])
    git(template, "git add -A && git commit -qm 3")
    for student, remote in ((fork, "origin"), (copied, "course")):
        git(student, f"git pull -q --no-edit --no-rebase {remote} main")
        assert (student / EXERCISE).read_text("utf-8").endswith("    return 1\n")
        assert Course(student).ids == ("00-start", "01-gradients", "05-thread-pool")
        assert SITE in (student / "README.md").read_text("utf-8")
