"""Writes the students' copy of the course, and makes sure that it holds no answer."""

from __future__ import annotations

import ast
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autograder.classroom.course_site import check_site
from autograder.grading.public_bank import mistakes_file
from autograder.release.pages import Pages, relinked
from autograder.release.refresh import (
    Manifest,
    Refreshed,
    files_in,
    read_manifest,
    refresh,
)
from autograder.student.lesson import STUBS, Course, Lesson, read_lesson
from autograder.student.notebook.build import (
    build_notebook,
    chapter_beside,
    write_notebook,
)
from autograder.student.notebook.written import exercise_text, without_marks
from autograder.student.report import CourseError
from autograder.student.testing.mistakes import FILE

#: Folders of the package that a release copies whole. What the judge needs lies
#: elsewhere, and import-linter holds that neither folder imports it.
_PACKAGE = ("__init__.py", "py.typed", "student", "lab")
#: Where the command is found in an instructor's copy, and in a students'.
_COMMAND = ("autograder.__main__:main", "autograder.student.cli:main")
_ROOT = ("LICENSE", "constraints.txt")
#: Pages of the course that are no student's.
_INSTRUCTORS = ("instructors.md", "cluster.md", "jupyterhub.md")
_NOISE = shutil.ignore_patterns(
    "__pycache__", "*.pyc", ".*", "*.ipynb", "*.js", "trace.json"
)
_TEMPLATE = Path(__file__).parents[1] / "release" / "template"
#: Files of the template, and where they go.
_PLACES = {
    "README.md": "README.md",
    "set_up.py": "set_up.py",
    "gitignore": ".gitignore",
    "gitattributes": ".gitattributes",
    "devcontainer.json": ".devcontainer/devcontainer.json",
    "check.yml": ".github/workflows/check.yml",
}
_FIGURES_CSS = "site/figures/figures.css"
_Watch = Callable[[str, int, int], None]


def write_copy(
    course: Course,
    directory: Path,
    *,
    lessons: Iterable[str] = (),
    site: str | None = None,
    watch: _Watch = lambda lesson, done, total: None,
) -> Refreshed:
    """Write the students' copy, or bring an older one up to date.

    Args:
        course: an instructor's copy of the course.
        directory: a folder that is new, empty but for git, or holds a release.
        lessons: add these to those released before; default: release all.
        site: address of the course's website, for links; default: the one named
            before, or none.
        watch: is told, where it takes minutes, of which lesson how many known mistakes
            have answered.

    Raises:
        CourseError: the folder is in use, or something hidden would be handed out.
    """
    if directory.resolve().is_relative_to((course.root / "course").resolve()):
        raise CourseError(f"{directory} lies inside the course that is copied")
    old = read_manifest(directory)
    address = old.site if site is None else check_site(site).rstrip("/")
    names = {course.lesson(name).id for name in lessons}
    wanted = names | set(old.lessons) if names else set(course.ids)
    chosen = tuple(lesson for lesson in course.lessons if lesson.id in wanted)
    with tempfile.TemporaryDirectory() as folder:
        staged = Path(folder).resolve()
        _stage(course, chosen, staged, address, watch)
        leaks = list(find_leaks(course, staged))
        if leaks:
            raise CourseError(f"nothing was written, it would leak: {'; '.join(leaks)}")
        ids = tuple(lesson.id for lesson in chosen)
        return refresh(staged, directory, old, Manifest(ids, address, files_in(staged)))


def _stage(
    course: Course, lessons: tuple[Lesson, ...], to: Path, site: str, watch: _Watch
) -> None:
    """Write a release into an empty folder."""
    for name in _ROOT:
        _copy(course.root / name, to / name)
    (to / "pyproject.toml").write_text(_project(course), encoding="utf-8")
    package = Path(__file__).resolve().parents[1]
    for name in _PACKAGE:
        _copy(package / name, to / "autograder" / name)
    _write_template(lessons, to, site)
    pages = Pages(course.root, lessons, site)
    for path in (course.root / "course").glob("*.md"):
        if path.name not in _INSTRUCTORS:
            _write_page(path, to / "course" / path.name, pages)
    for lesson in lessons:
        _stage_lesson(lesson, to, pages, watch)
    for page in sorted(to.glob("course/**/*.md")):
        text = page.read_text(encoding="utf-8")
        page.write_text(_mended(text, page, to, site), encoding="utf-8")


def _stage_lesson(lesson: Lesson, to: Path, pages: Pages, watch: _Watch) -> None:
    folder = to / "course" / lesson.id
    _copy(lesson.course_dir, folder)
    stub = without_marks(lesson.exercise_path.read_text(encoding="utf-8"))
    kept = to / STUBS / f"{lesson.id}.py"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(stub, encoding="utf-8")
    for path in sorted(folder.glob("*.py")):
        path.write_text(without_marks(path.read_text(encoding="utf-8")), "utf-8")
    theirs = read_lesson(folder, None)
    theirs.exercise_path.write_text(exercise_text(lesson), encoding="utf-8")
    chapter = f"{pages.site}/{lesson.id}/" if pages.site else chapter_beside(theirs)
    write_notebook(build_notebook(theirs, chapter=chapter), theirs.notebook_path)
    _write_page(lesson.course_dir / "index.md", folder / "index.md", pages, lesson)
    for drawing in sorted(folder.glob("figures/*.svg")):
        _colour(drawing, pages.root / _FIGURES_CSS)
    if lesson.twin_dir is not None:
        mistakes = mistakes_file(lesson, lambda *count: watch(lesson.id, *count))
        (folder / FILE).write_bytes(mistakes)


def _write_page(
    source: Path, target: Path, pages: Pages, lesson: Lesson | None = None
) -> None:
    text = pages.plain(source.read_text(encoding="utf-8"), lesson)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def _mended(text: str, page: Path, to: Path, site: str) -> str:
    """Return a page whose links lead to what is here, or to the website."""

    def target(link: str) -> str | None:
        place, _, anchor = link.partition("#")
        if re.match(r"\w+:", link) or (page.parent / place).exists():
            return link
        if not site:
            return None
        found = Path(os.path.relpath(page.parent / place, to / "course"))
        address = found.parent if found.name == "index.md" else found.with_suffix("")
        return f"{site}/{address.as_posix()}/" + (f"#{anchor}" if anchor else "")

    return relinked(text, target)


def _colour(drawing: Path, styles: Path) -> None:
    """Write the colours into a drawing, which a page of the website gives it."""
    if not styles.is_file():
        return
    css = styles.read_text(encoding="utf-8")
    light, dark = (
        re.search(rf"^{re.escape(name)} \{{\n(.*?)\n\}}", css, re.MULTILINE | re.DOTALL)
        for name in (":root", '[data-md-color-scheme="slate"]')
    )
    if light is None or dark is None:
        raise CourseError(f"{styles} must begin with the colours of both schemes")
    own = (
        "background: var(--g2k-panel); color: var(--g2k-ink); font-family: sans-serif;"
    )
    style = (
        f"<style>\nsvg {{\n{light[1]}\n  {own}\n}}\n"
        f"@media (prefers-color-scheme: dark) {{ svg {{\n{dark[1]}\n}} }}\n</style>"
    )
    text = drawing.read_text(encoding="utf-8")
    drawing.write_text(text.replace(">\n", f">\n{style}\n", 1), encoding="utf-8")


def _write_template(lessons: tuple[Lesson, ...], to: Path, site: str) -> None:
    """Write what makes a folder a repository: README, set-up, ignored files, CI."""
    numbers = [lesson.id[:2] for lesson in lessons if "torch" in lesson.needs]
    several = f"Lessons {' and '.join(numbers)} need PyTorch, and no others do"
    one = f"Lesson {' '.join(numbers)} needs PyTorch, and no other does"
    needed = several if len(numbers) > 1 else one
    torch = f"{needed}: `python3 set_up.py torch`.\n"
    filled = {
        "{torch}\n": f"{torch}\n" if numbers else "\n",
        "{also}": " torch" if numbers else "",
        "{site}": f"\n   The website is {site}/." if site else "",
    }
    for name, place in _PLACES.items():
        text = (_TEMPLATE / name).read_text(encoding="utf-8")
        for mark, words in filled.items():
            text = text.replace(mark, words)
        (to / place).parent.mkdir(parents=True, exist_ok=True)
        (to / place).write_text(text, encoding="utf-8")


def _project(course: Course) -> str:
    """Return the project's file, with the students' command for the whole one."""
    path, (ours, theirs) = course.root / "pyproject.toml", _COMMAND
    text = path.read_text(encoding="utf-8")
    if text.count(ours) != 1:
        raise CourseError(f"{path} must name {ours} once, as the command's script")
    return text.replace(ours, theirs)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=_NOISE)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def find_leaks(course: Course, directory: Path) -> Iterator[str]:
    """Yield each hidden file of which a copy holds a test or a solution."""
    texts = {
        path: path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
    holders: dict[str, list[Path]] = {}  # of each line
    for path, text in texts.items():
        for line in set(text.split("\n")):
            holders.setdefault(line, []).append(path)
    for lesson in course.lessons:
        if lesson.twin_dir is None:
            continue
        for hidden in sorted(lesson.twin_dir.rglob("*.py")):
            found = {
                path
                for piece in _pieces(hidden, lesson)
                for path in _who_may_hold(piece, holders, texts)
                if piece in texts[path]
            }
            for path in sorted(found):
                yield f"{path.relative_to(directory)} holds part of {hidden.name}"


def _who_may_hold(
    piece: str, holders: Mapping[str, Sequence[Path]], texts: Mapping[Path, str]
) -> Iterable[Path]:
    """Return the files that have the piece's longest line but its first and last."""
    whole = piece.split("\n")[1:-1]
    return holders.get(max(whole, key=len), ()) if whole else texts


_LEAST = 160  # characters of a body worth calling a copy; shorter ones repeat by chance


def _pieces(hidden: Path, lesson: Lesson) -> Iterator[str]:
    """Yield the function bodies of a hidden file that are not public already."""
    given = (lesson.exercise_path, lesson.public_tests)
    public = "".join(p.read_text(encoding="utf-8") for p in given if p.is_file())
    source = hidden.read_text(encoding="utf-8")
    lines = source.split("\n")
    for node in _statements(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body:
                text = "\n".join(lines[body[0].lineno - 1 : node.end_lineno])
                if len(text) >= _LEAST and text not in public:
                    yield text


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements in a node at any depth; expressions hold no definition."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.excepthandler, ast.match_case)):
            yield child
            yield from _statements(child)
