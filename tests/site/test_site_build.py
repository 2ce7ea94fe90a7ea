"""The built website: complete, linked, and without anything that it must not hold."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from pages import broken_links, read
from website import REPOSITORY, Site

from autograder.student.lesson import duration, load_lesson
from autograder.student.notebook.written import exercise_text

COURSE = REPOSITORY / "course"
SOLUTIONS = REPOSITORY / "solutions"
LESSONS = sorted(path.parent for path in COURSE.glob("*/lesson.toml"))
SUFFIXES = {
    ".css", ".gz", ".html", ".ipynb", ".js", ".json", ".png", ".py", ".svg",
    ".woff2", ".xml",
}  # fmt: skip
BUDGET_KB = 120  # our scripts on one page
LEAK_LINES = 5  # this many lines of a hidden file in a row are a leak


class Settings(yaml.SafeLoader):
    """Read mkdocs.yml without resolving its environment variables."""


Settings.add_constructor("!ENV", lambda loader, node: loader.construct_sequence(node))


def test_building_never_erases_the_sources_of_the_site() -> None:
    settings = yaml.load((REPOSITORY / "mkdocs.yml").read_text("utf-8"), Settings)
    assert settings["site_dir"] == "build/site"
    assert settings["docs_dir"] == "course"
    assert settings["strict"] is True
    assert not (REPOSITORY / "site" / "__init__.py").exists(), "hides the stdlib's site"


def test_publishes_only_what_readers_use(site: Site) -> None:
    files = [path for path in site.root.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= SUFFIXES
    sources = {path.name for path in files if path.suffix == ".py"}
    assert sources <= {"exercise.py"}
    hidden = {"lesson.toml", "hints.md", "NOTES.md", "test_public.py"}
    assert not hidden & {path.name for path in files}


@pytest.mark.parametrize("folder", LESSONS, ids=lambda path: path.name)
def test_lesson_can_be_downloaded(site: Site, folder: Path) -> None:
    built = site.root / folder.name
    assert (built / "index.html").is_file()
    exercise = exercise_text(load_lesson(REPOSITORY, folder.name))
    assert (built / "exercise.py").read_text("utf-8") == exercise
    assert (built / f"{folder.name}.ipynb").is_file()


def test_links_anchors_and_files_resolve(site: Site) -> None:
    broken = {
        page.relative_to(site.root).as_posix(): found
        for page in site.pages()
        if (found := broken_links(page, site.root))
    }
    assert broken == {}


@pytest.mark.parametrize("folder", LESSONS, ids=lambda path: path.name)
def test_drawings_are_files_that_the_chapter_includes(site: Site, folder: Path) -> None:
    """Generated text would hide the chapter's own in its source and in its history."""
    chapter = (folder / "index.md").read_text("utf-8")
    built = (site.root / folder.name / "index.html").read_text("utf-8")
    assert "<svg" not in chapter
    drawings = sorted((folder / "figures").glob("*.svg"))
    assert drawings
    for drawing in drawings:
        name = drawing.relative_to(REPOSITORY).as_posix()
        assert f'\n--8<-- "{name}"\n' in chapter
        picture = ElementTree.parse(drawing).getroot()  # it opens by itself
        assert picture.tag == "{http://www.w3.org/2000/svg}svg"
        assert f'aria-labelledby="{picture.get("aria-labelledby")}"' in built
    assert not (site.root / folder.name / "figures").exists()


def test_styles_name_only_files_that_are_there(site: Site) -> None:
    missing = []
    for style in site.root.rglob("*.css"):
        for url in re.findall(r"url\(([^)]+)\)", style.read_text("utf-8")):
            name = url.strip("\"'")
            if not name.startswith(("data:", "#")):
                target = style.parent / name.partition("?")[0].partition("#")[0]
                if not target.is_file():
                    missing.append(f"{style.name}: {name}")
    assert missing == []


@pytest.mark.parametrize("folder", LESSONS, ids=lambda path: path.name)
def test_contract_points_at_headings_of_the_chapter(site: Site, folder: Path) -> None:
    contract = tomllib.loads((folder / "lesson.toml").read_text("utf-8"))
    ids = read(site.root / folder.name / "index.html").ids
    anchors = {task["chapter"] for task in contract["task"] if "chapter" in task}
    assert anchors <= ids


def test_no_marker_is_left(site: Site) -> None:
    for page in site.pages():
        assert "<!-- lesson:" not in page.read_text("utf-8"), page


def test_every_page_describes_itself(site: Site) -> None:
    """Front matter that is not YAML is not an error for MkDocs: it is printed."""
    seen = set()
    for page in site.pages():
        tags = read(page).tags
        metas = [values for tag, values in tags if tag == "meta"]
        found = [m["content"] for m in metas if m.get("name") == "description"]
        assert found, page
        assert found[0] not in seen, f"{page}: is its front matter YAML?"
        seen.add(found[0])


def test_every_page_has_one_title_and_orderly_headings(site: Site) -> None:
    for page in site.pages():
        found = [tag for tag, _ in read(page).tags if re.fullmatch(r"h[1-6]", tag)]
        levels = [int(tag[1]) for tag in found]
        assert levels.count(1) == 1, page
        assert all(b - a <= 1 for a, b in pairwise(levels)), f"{page}: {found}"


@pytest.mark.browser
def test_mathematics_is_rendered_while_building(site: Site) -> None:
    formulas = 0
    for page in site.pages():
        text = page.read_text("utf-8")
        formulas += text.count('class="katex"')
        assert 'class="arithmatex"' not in text, page
        assert "katex-error" not in text, page
        prose = "".join(read(page).prose)
        assert not re.search(r"\$|\\\(|\\\[|\\begin", prose), page
    assert formulas > 0


def test_our_scripts_stay_small(site: Site) -> None:
    for page in site.pages():
        scripts = [site.root / "assets/g2k/g2k.js"]
        for tag, values in read(page).tags:
            if tag == "template" and values.get("data-figure-script"):
                scripts.append(page.parent / str(values["data-figure-script"]))
        size = sum(script.stat().st_size for script in scripts)
        assert size < BUDGET_KB * 1024, page


def significant(text: str) -> list[str]:
    """Return the lines that say something, without indentation; imports say nothing."""
    lines = [line.strip() for line in text.splitlines()]
    return [
        line
        for line in lines
        if len(line) > 3 and not line.startswith(("import ", "from "))
    ]


def runs(lines: list[str]) -> set[tuple[str, ...]]:
    """Return every run of consecutive lines that would count as a leak."""
    return {
        tuple(lines[start : start + LEAK_LINES])
        for start in range(len(lines) - LEAK_LINES + 1)
    }


def published(site: Site) -> list[str]:
    """Return everything a reader can see, file by file."""
    texts = []
    for path in site.root.rglob("*"):
        if path.suffix == ".html":
            texts += ["".join(read(path).code), "".join(read(path).prose)]
        elif path.suffix in {".py", ".js", ".json"}:
            texts.append(path.read_text("utf-8"))
        elif path.suffix == ".ipynb":
            texts.append(path.read_text("utf-8").replace('\\n",', "").replace('"', ""))
    return texts


def test_holds_no_hidden_source(site: Site) -> None:
    texts = published(site)
    seen = set().union(*(runs(significant(text)) for text in texts))
    open_sources = set().union(
        *(runs(significant(p.read_text("utf-8"))) for p in COURSE.rglob("*.py"))
    )
    words = set().union(*(re.findall(r"\btest_\w+", text) for text in texts))
    for hidden in SOLUTIONS.rglob("*.py"):
        source = hidden.read_text("utf-8")
        leaked = (runs(significant(source)) - open_sources) & seen
        assert not leaked, f"{hidden}: {next(iter(leaked))}"
        if hidden.parent.name == "hidden":
            for node in ast.parse(source).body:
                if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                    assert node.name not in words


def test_front_page_lists_the_lessons_as_they_are(site: Site) -> None:
    text = (site.root / "index.html").read_text("utf-8")
    rows = [re.findall(r"<td.*?>(.*?)</td>", row) for row in text.split("<tr>")]
    for folder in LESSONS:
        lesson = load_lesson(REPOSITORY, folder.name)
        link = f'<a href="{folder.name}/">{lesson.title}</a>'
        number, times = str(int(folder.name[:2])), (lesson.reading, lesson.solving)
        assert [number, link, lesson.part, *map(duration, times)] in rows
    numbers = [int(row[0]) for row in rows if len(row) == 5 and row[0].isdigit()]
    assert numbers == sorted(numbers)


def test_glossary_explains_every_abbreviation() -> None:
    glossary = (COURSE / "glossary.md").read_text("utf-8")
    short = (REPOSITORY / "site" / "abbreviations.md").read_text("utf-8")
    for name, meaning in re.findall(r"^\*\[(.+)\]: (.+)$", short, re.MULTILINE):
        assert f"{name}\n:   {meaning}\n" in glossary


def test_lock_file_names_no_registry() -> None:
    lock = (REPOSITORY / "site" / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock


def test_successor_of_the_generator_builds_the_pages(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    ignore = shutil.ignore_patterns("node_modules", "__pycache__")
    for name in ("course", "site"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=ignore)
    shutil.copy(REPOSITORY / "mkdocs.yml", copy)
    command = [Path(sys.executable).with_name("zensical"), "build"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    for folder in LESSONS:
        assert (copy / "build/site" / folder.name / "index.html").is_file()
