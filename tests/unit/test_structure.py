"""What holds of the package as a whole: no import circles, no long modules."""

from __future__ import annotations

import tokenize
from pathlib import Path

import grimp
import pytest

import autograder

ROOT = Path(autograder.__file__).parent
MOST = 400  # lines of a module
REASON = "# Over 400 lines: "  # how the first comment of a longer one begins


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """Who imports whom: at the top, inside functions and under TYPE_CHECKING."""
    graph = grimp.build_graph("autograder", cache_dir=None)
    return {
        name: set(graph.find_modules_directly_imported_by(name))
        for name in graph.modules
    }


def circle(imports: dict[str, set[str]]) -> list[str]:
    """Return modules each of which imports the next and the last the first, or none."""
    left = {name: set(others) for name, others in imports.items()}
    while leaves := {name for name, others in left.items() if not others}:
        left = {n: left[n] - leaves for n in left if n not in leaves}
    path: list[str] = []
    here = min(left, default="")
    while here and here not in path:  # every module left imports one that is left
        path.append(here)
        here = min(left[here])
    return path[path.index(here) :] if here else []


def test_finds_a_circle() -> None:
    assert circle({"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": set()}) == ["b", "c"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_module_imports_itself_through_others(imports: dict[str, set[str]]) -> None:
    assert len(imports) > 100
    found = circle(imports)
    assert not found, "move what both need into a module of its own: " + " > ".join(
        [*found, found[0]]
    )


def first_comment(path: Path) -> str:
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                return token.string
    return ""


def test_a_long_module_says_why() -> None:
    long = [
        f"{path.relative_to(ROOT)}: split it, or start its first comment {REASON!r}"
        for path in sorted(ROOT.rglob("*.py"))
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST
        and not first_comment(path).startswith(REASON)
    ]
    assert not long, "\n".join(long)
