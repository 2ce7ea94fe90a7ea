"""The gate: a warning of MkDocs fails the build, and says where."""

from __future__ import annotations

from pathlib import Path

import pytest
from website import REPOSITORY, build

NAV = """\
INHERIT: {config}
nav:
  - The course: index.md
  - Slopes: 01-slopes/index.md
"""
INDEX = "# The course\n\nRead [step 1](01-slopes/index.md#step-1).\n"
LESSON = "# Slopes\n\n## Step 1\n\nBack to [the course](../index.md).\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return the settings of a course of two pages, which are those of the real one."""
    for name, text in {"index.md": INDEX, "01-slopes/index.md": LESSON}.items():
        path = tmp_path / "course" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "site").symlink_to(REPOSITORY / "site")
    config = tmp_path / "mkdocs.yml"
    config.write_text(NAV.format(config=REPOSITORY / "mkdocs.yml"))
    return config


def test_says_nothing_when_all_is_well(small: Path, tmp_path: Path) -> None:
    done = build(tmp_path / "built", small)
    lines = (done.stdout + done.stderr).splitlines()
    assert [line for line in lines if "without Node.js" not in line] == []
    assert done.returncode == 0
    assert (tmp_path / "built/01-slopes/index.html").is_file()


@pytest.mark.parametrize(
    ("page", "old", "new", "told"),
    [
        ("02-lost/index.md", "", LESSON, 'not included in the "nav" configuration'),
        ("index.md", "01-slopes/index.md#", "01-slops/index.md#", "'01-slops/index.md"),
        ("index.md", "#step-1", "#step-2", "does not contain an anchor '#step-2'"),
    ],
    ids=["a page that no menu leads to", "a broken link", "a broken anchor"],
)
def test_fails_on_a_warning(
    page: str, old: str, new: str, told: str, small: Path, tmp_path: Path
) -> None:
    path = tmp_path / "course" / page
    path.parent.mkdir(exist_ok=True)
    text = path.read_text() if path.exists() else ""
    assert old in text
    path.write_text(text.replace(old, new))
    done = build(tmp_path / "built", small)
    assert done.returncode == 1
    assert told in done.stderr
    assert page.partition("/")[0] in done.stderr


def test_the_course_is_always_built_by_the_strict_script() -> None:
    """Quiet, `mkdocs build --strict` counts no warning at all."""
    for name in ("Makefile", "tests/site/website.py", "site/offline.py"):
        text = (REPOSITORY / name).read_text("utf-8")
        assert "build.py" in text, name
        assert "mkdocs build" not in text, name
        assert '"mkdocs", "build"' not in text, name
