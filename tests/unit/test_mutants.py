"""Known mistakes: edits that must fit, rewrites with their docstrings."""

from __future__ import annotations

import textwrap

import pytest
from toy import write_course

from autograder.grading.mutants import lesson_mutants
from autograder.student.report import CourseError

ENTRY = """
[[mutant]]
name = "no-error"
says = "An empty list has a mean."
look = "Chapter, step 1."
severity = "edge"
"""


@pytest.fixture
def lesson(tmp_path):
    return write_course(tmp_path)


def tell(lesson, text, file="mean.toml"):
    """Write one file of known mistakes; return what it holds, by name."""
    path = lesson.twin_dir / "mutants" / file
    path.write_text(textwrap.dedent(text))
    return {mutant.name: mutant for mutant in lesson_mutants(lesson)}


def test_an_edit_changes_one_place_of_the_reference(lesson):
    imports, functions = lesson.reference_path.read_text().split("def mean")
    functions = f"def mean{functions}"
    mutant = {m.name: m for m in lesson_mutants(lesson)}["sum-only"]
    assert (mutant.task, mutant.severity) == ("mean", "idea")
    assert mutant.says == "The sum is never divided."
    first, second = mutant.cells(f"{imports}# %%\n{functions}")
    assert first == ("reference, line 1", imports.rstrip("\n"))
    changed = functions.replace("np.sum(x) / len(x)", "np.sum(x)")
    assert second == ("reference, line 3", changed)


def test_several_edits_and_other_cells_make_one_mistake(lesson):
    edits = """
    [[mutant.edits]]
    find = "raise ValueError(\\"nothing to average\\")"
    put = "return 0.0"
    [[mutant.edits]]
    cell = "Box"
    find = "self.value = value"
    put = "self.value = 2 * value"
    """
    mutant = tell(lesson, ENTRY + textwrap.dedent(edits))["no-error"]
    text = mutant.edited(lesson.reference_path.read_text())
    assert "return 0.0" in text
    assert "self.value = 2 * value" in text


def test_a_rewrite_is_run_after_the_reference(lesson):
    docstring = """The mean is nought.

    task: mean
    look: Chapter, step 1.
    severity: idea
    """
    source = f'"""{docstring}"""\n\n\ndef mean(x):\n    return 0.0\n'
    mutant = tell(lesson, source, "always-nought.py")["always-nought"]
    (_, reference), (_, override) = mutant.cells("x = 1")
    assert (reference, override) == ("x = 1", source)
    assert mutant.says == "The mean is nought."


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("find = 'nowhere'\nput = 'x'", "find occurs 0 times in the cell of mean"),
        ("find = 'np'\nput = 'x'", "times in the cell of mean, not once"),
        ("find = ''\nput = 'x'", "find occurs 0 times"),
        ("find = 'len(x) == 0'\nput = 'len(x)==0'", "the edits change nothing"),
        ("find = 'len(x) == 0'\nput = 'len(x'", "the edited reference, line 3: "),
        ("cell = 'Bag'\nfind = 'x'\nput = 'y'", "no cell of the reference defines Bag"),
        (
            "[[mutant.edits]]\nfind = 'len(x) == 0'\nput = '1'\n"
            "[[mutant.edits]]\nfind = 'x) == 0:'\nput = '2'",
            "two edits overlap",
        ),
    ],
)
def test_an_edit_that_does_not_fit_names_file_and_mistake(lesson, fields, told):
    mutant = tell(lesson, ENTRY + fields)["no-error"]
    with pytest.raises(CourseError, match=r"mutants/mean\.toml: no-error: ") as caught:
        mutant.check(lesson.reference_path.read_text())
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (ENTRY, "find is missing"),
        (ENTRY.replace("edge", "grave") + "find='x'\nput='y'", "not idea or edge"),
        (ENTRY.replace("no-error", "no_error") + "find='x'\nput='y'", "kebab-case"),
        (ENTRY + "find='x'\nput='y'\nfinds='z'", "finds is not understood"),
        (2 * (ENTRY + "find='x'\nput='y'\n"), "is told in mean.toml"),
        ("[[mutant", "is not TOML"),
    ],
)
def test_a_file_that_breaks_the_format_names_the_key(lesson, text, told):
    with pytest.raises(CourseError, match=r"mean\.toml") as caught:
        tell(lesson, text)
    assert told in str(caught.value)


def test_a_rewrite_without_its_lines_says_which(lesson):
    with pytest.raises(CourseError, match=r"needs 'task: \.\.\.', 'severity: \.\.\.'"):
        tell(lesson, '"""Nought.\n\nlook: Chapter.\n"""\n', "always-nought.py")
