"""The audit finds what breaks a lesson's contract."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from autograder.audit import chapter, contract, figures, run
from autograder.audit.result import LessonAudit, mutation_score
from autograder.student.lesson import Lesson, read_lesson

TOML = """
title = "Twice"
part = "Start here"
minutes = 5
outcomes = ["You can `twice`.", "You know `twice`.", "You use `twice`."]
[[task]]
name = "twice"
points = 4
seconds = 1
memory_mb = 64
chapter = "step-1-twice"
"""

CHAPTER = """
# Twice
## Predict
Four?
## Step 1: `twice`
It is <span data-claim="four">4</span>.
## Exercise
## What the grader looks at
## Check yourself
## Further reading
"""

HINTS = "## twice\n### Nudge\nA\n### Plan\nB\n### Near-code\nC\n"

CELL = """# %% tags=["task"] task="twice"
def twice(x: int) -> int:
    """

FILES = {
    "course/77-twice/lesson.toml": TOML,
    "course/77-twice/index.md": CHAPTER,
    "course/77-twice/exercise.py": CELL + "raise NotImplementedError\n",
    "course/77-twice/test_public.py": """
        import pytest
        @pytest.mark.task("twice")
        def test_two(student): assert student.twice(2) == 4
        """,
    "course/77-twice/hints.md": HINTS,
    "course/77-twice/figure.js": "// nothing\n",
    "course/77-twice/trace.json": '{"points": [0, 2.0]}',
    "solutions/77-twice/reference.py": CELL + "return 2 * x\n",
    "solutions/77-twice/test_hidden.py": """
        import pytest
        @pytest.mark.task("twice", weight=2)
        def test_three(student): assert student.twice(3) == 6
        """,
    "solutions/77-twice/traces.py": """
        from reference import twice
        def figure(): return {"points": [twice(0), float(twice(1))]}
        def claims(): return {"four": f"{twice(2)}"}
        """,
    "solutions/77-twice/NOTES.md": "Nothing.\n",
    "solutions/77-twice/mutants/once.py": '''
        """The argument is returned as it is.

        task: twice
        look: Chapter, step 1.
        """
        def twice(x): return x
        ''',
}


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    root = tmp_path
    return read_lesson(root / "course/77-twice", root / "solutions/77-twice")


def change(lesson: Lesson, name: str, old: str, new: str) -> Lesson:
    """Edit one file of the lesson and read the lesson again."""
    path = lesson.course_dir / name
    if not path.exists():
        path = lesson.reference_path.parent / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return read_lesson(lesson.course_dir, lesson.twin_dir)


def problems(lesson: Lesson) -> list[str]:
    """Everything that reading and recomputing finds."""
    found = list(contract.missing_files(lesson))
    for step in () if found else (run.read_problems, run.measured_problems):
        found += run.guarded(step, lesson)
    return found


def test_finds_nothing_in_a_good_lesson(lesson):
    assert problems(lesson) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("index.md", "Four?", "It is simply four.", "the word 'simply'"),
        ("index.md", "Four?", "Obviously four.", "the word 'obviously'"),
        ("index.md", "Four?", "word " * 2501, "more than 2500"),
        ("index.md", "## Predict", "## Guess", "'## Predict' is missing"),
        ("index.md", "## Step 1: `twice`", "## Step one", "no #step-1-twice"),
        ("index.md", ">4<", ">5<", "claim 'four' says '5', measured '4'"),
        ("index.md", '"four"', '"five"', "claim 'five' is not computed"),
        ("index.md", '"four"', '"five"', "claim 'four' is used nowhere"),
        (
            "trace.json",
            "2.0",
            "2.1",
            "differs from traces.figure() at the top.points[1]",
        ),
        ("trace.json", "[0, 2.0]", "[0]", "(length 1, now 2)"),
        ("lesson.toml", '"You use `twice`."', "", "2 outcomes instead of three"),
        ("lesson.toml", "You use `twice`", "You use it", "names no task in backticks"),
        ("exercise.py", "x: int", "y: int", "exercise.py has (y: int) -> int"),
        ("exercise.py", 'task="twice"', 'task="thrice"', "task cells ['thrice']"),
        ("reference.py", "def twice", "def thrice", "twice is not defined"),
        ("test_hidden.py", '("twice", weight=2)', '("thrice")', "no task 'thrice'"),
        ("test_hidden.py", "pytest.mark.task(", "print(", "has 0 task marks"),
        ("test_hidden.py", "def test_three", "def three", "task twice has no test"),
        ("test_public.py", "def test_two", "def two", "task twice has no test"),
        ("hints.md", "### Near-code\nC\n", "", "its rungs are Nudge, Plan; write"),
        ("hints.md", "B\n", "\n", "task twice: the rung Plan is empty"),
        ("hints.md", "## twice", "## once", "task twice: no hints; write '## twice'"),
        ("mutants/once.py", "task: twice", "task: thrice", "no task 'thrice'"),
        ("NOTES.md", "Nothing.\n", "", "NOTES.md is missing or empty"),
    ],
)
def test_tells_what_is_broken(lesson, name, old, new, told):
    found = problems(change(lesson, name, old, new))
    assert any(told in problem for problem in found), found


def test_words_of_code_and_mathematics_do_not_count():
    text = "# A\none two\n```\nfour five\n```\n$x + y$ and `code here` <b>three</b>\n"
    assert chapter.Chapter(text).words == 7  # A one two x and x three


def test_words_of_a_drawing_do_not_count():
    text = '# A\n<figure>\n--8<-- "course/77-twice/figures/x-y.svg"\n</figure>\none\n'
    assert chapter.Chapter(text).words == 2


@pytest.mark.parametrize(
    ("heading", "id_"),
    [
        ("Step 2: one coordinate at a time", "step-2-one-coordinate-at-a-time"),
        ("What `partial` costs", "what-partial-costs"),
        ("Why it's true", "why-its-true"),
        ("Named {#by-hand}", "by-hand"),
    ],
)
def test_heading_ids_are_those_of_the_website(heading, id_):
    assert chapter.Chapter(f"## {heading}\n").headings[0].id == id_


def test_repeated_headings_get_numbers():
    ids = [h.id for h in chapter.Chapter("## A\n## A\n").headings]
    assert ids == ["a", "a_1"]


def test_headings_in_code_do_not_count():
    assert chapter.Chapter("```\n# no\n```\n").headings == ()


def test_figure_data_may_differ_by_rounding_alone():
    old = {"a": [1.0, 2], "b": "x"}
    assert figures.difference(old, {"a": [1.0 + 1e-12, 2], "b": "x"}) is None
    assert figures.difference(old, {"a": [1.0 + 1e-6, 2], "b": "x"}) is not None
    assert figures.difference(old, {"a": [1.0, True], "b": "x"}) is not None
    assert figures.difference(old, {"a": [1.0, 2]}) == "the top (keys ['b'])"


def test_writes_the_trace_it_later_accepts(lesson):
    figure, _ = figures.recompute(lesson)
    figures.write_trace(lesson, figure)
    committed = json.loads((lesson.course_dir / "trace.json").read_text())
    assert committed == {"points": [0, 2.0]}
    assert list(figures.trace_problems(lesson, figure)) == []


def test_mutation_score_is_the_share_killed():
    audits = [
        LessonAudit("a", mutants_total=3, mutants_killed=3),
        LessonAudit("b", mutants_total=1, mutants_killed=0),
    ]
    assert mutation_score(audits) == 0.75
    assert mutation_score([]) == 1.0
