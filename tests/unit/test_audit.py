"""The audit finds what breaks a lesson's contract."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from autograder.audit import chapter, contract, figures, run
from autograder.audit.memory import Memory
from autograder.audit.result import (
    LessonAudit,
    MutantAudit,
    mark_problems,
    mutation_score,
)
from autograder.audit.run import audit_course
from autograder.audit.stub_notebook import notebook_problems
from autograder.student.lesson import Course, Lesson, read_lesson
from autograder.student.testing.mistakes import kept_file

RUFF = Path(sys.executable).with_name("ruff")
TOML = """
title = "Twice"
part = "Start here"
reading = 5
solving = 5
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

SETUP = """# %% tags=["setup"]
from autograder.student import check

"""
HINTS = "## twice\n### Nudge\nA\n### Plan\nB\n### Near-code\nC\n"

CELL = """# %% tags=["task"] task="twice"
def twice(x: int) -> int:
    """

CHECK = """

# %% tags=["check"]
check("twice")
"""

FILES = {
    "course/77-twice/lesson.toml": TOML,
    "course/77-twice/index.md": CHAPTER,
    "course/77-twice/exercise.py": SETUP + CELL + "raise NotImplementedError\n" + CHECK,
    "course/77-twice/test_public.py": """
        import pytest
        @pytest.mark.task("twice")
        def test_two(student): assert student.twice(2) == 4
        """,
    "course/77-twice/hints.md": HINTS,
    "course/77-twice/figure.js": "// nothing\n",
    "course/77-twice/trace.json": '{"points": [0, 2.0]}',
    "solutions/77-twice/reference.py": CELL + "return 2 * x\n",
    "solutions/77-twice/hidden/test_twice.py": """
        import pytest


        @pytest.mark.task("twice", weight=2, core=True)
        def test_three(student):
            assert student.twice(3) == 6


        @pytest.mark.task("twice")
        def test_nought(student):
            assert student.twice(0) == 0
        """,
    "solutions/77-twice/traces.py": """
        from reference import twice
        def figure(): return {"points": [twice(0), float(twice(1))]}
        def claims(): return {"four": f"{twice(2)}"}
        """,
    "solutions/77-twice/NOTES.md": "Nothing.\n",
    "solutions/77-twice/mutants/twice.toml": """
        [[mutant]]
        name = "once"
        says = "The argument is returned as it is."
        look = "Chapter, step 1."
        severity = "idea"
        find = "2 * x"
        put = "x"
        """,
}


OTHER = """from pathlib import Path
Path(__file__).parents[2].joinpath("course/88-other/x").read_bytes()
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    root = tmp_path
    for words in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([RUFF, *words, "--no-cache", "."], cwd=root, check=True)
    (root / "course/88-other").mkdir()
    (root / "course/88-other/x").write_text("another lesson's")
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
        ("index.md", "Four?", "word " * 2801, "more than 2800"),
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
        (
            "hidden/test_twice.py",
            '("twice", weight=2, core=True)',
            '("thrice")',
            "test_three needs the mark task('twice')",
        ),
        (
            "hidden/test_twice.py",
            '@pytest.mark.task("twice")',
            "@print",
            "test_nought needs the mark task('twice')",
        ),
        (
            "hidden/test_twice.py",
            "def test_three",
            "def three",
            "1 test decides the whole task",
        ),
        ("test_public.py", "def test_two", "def two", "task twice has no test"),
        ("hints.md", "### Near-code\nC\n", "", "its rungs are Nudge, Plan; write"),
        ("hints.md", "B\n", "\n", "task twice: the rung Plan is empty"),
        ("hints.md", "## twice", "## once", "task twice: no hints; write '## twice'"),
        ("mutants/twice.toml", '"2 * x"', '"3 * x"', "find occurs 0 times"),
        ("mutants/twice.toml", 'put = "x"', 'put = "2*x"', "the edits change nothing"),
        ("exercise.py", "def twice", "def  twice", "ruff format"),
        ("exercise.py", "raise Not", "import os; raise Not", "ruff check"),
        ("traces.py", "def figure", OTHER + "def figure", "reads course/88-other/x"),
        ("NOTES.md", "Nothing.\n", "", "NOTES.md is missing or empty"),
    ],
)
def test_tells_what_is_broken(lesson, name, old, new, told):
    found = problems(change(lesson, name, old, new))
    assert any(told in problem for problem in found), found


def test_words_of_code_and_mathematics_do_not_count():
    text = "# A\none two\n```\nfour five\n```\n$x + y$ and `code here` <b>three</b>\n"
    assert chapter.Chapter(text).words == 7  # A one two x and x three


def test_words_that_a_program_printed_do_not_count():
    text = (
        '<pre><code><span data-claim="said">three more\nwords</span></code></pre>\nA\n'
    )
    assert chapter.Chapter(text).words == 1


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
    figure, _, _ = figures.recompute(lesson)
    figures.write_trace(lesson, figure)
    committed = json.loads((lesson.course_dir / "trace.json").read_text())
    assert committed == {"points": [0, 2.0]}
    assert list(figures.trace_problems(lesson, figure)) == []


def mutant(kept: float, severity: str = "idea", told: str | None = "m") -> MutantAudit:
    """What a known mistake got."""
    return MutantAudit("m", "mutants/t.toml: m", "t", severity, kept, True, told)


@pytest.mark.parametrize(
    ("kept", "severity", "told", "problem"),
    [
        (0.6, "idea", "m", None),
        (0.61, "idea", "m", "keeps 61% of t, and a mistake of severity idea may keep"),
        (0.9, "edge", "m", None),
        (0.91, "edge", "m", "keeps 91% of t"),
        (1.0, "edge", "m", "survives t"),
        (0.2, "idea", None, "is taken for nothing known"),
        (0.2, "idea", "n", "is taken for n"),
    ],
)
def test_a_mistake_may_keep_only_so_much(kept, severity, told, problem):
    found = list(mutant(kept, severity, told).problems())
    assert found == [] if problem is None else problem in found[0]


def test_misunderstandings_keep_little_in_the_median():
    good = [mutant(0.4), mutant(0.4), mutant(0.6), mutant(0.9, "edge")]
    assert list(mark_problems("t", good)) == []
    assert "keeps 50% in the median" in next(
        mark_problems("t", [mutant(0.5), mutant(0.5), mutant(0.0)])
    )


@pytest.mark.jail
def test_an_audit_grades_the_bank_and_remembers_it(lesson, tmp_path):
    course, memory = Course(lesson.root), Memory(tmp_path / "memory")
    (public,) = audit_course(course, course.ids, memory=memory, only_public=True)
    assert ([one.name for one in public.public], public.mutants) == (["once"], [])
    (audit,) = audit_course(course, course.ids, seeds=2, memory=memory)
    assert audit.problems == []
    assert (audit.stub_points, audit.reference_points) == (0, {0: 4, 1: 4})
    (one,) = audit.mutants
    assert (one.kept, one.core, one.diagnosis) == (0.0, True, "once")
    assert audit.cpu_s > 0
    mistakes = kept_file(course.lesson(lesson.id))
    packed = mistakes.read_bytes()
    mistakes.unlink()  # as in another copy of the course
    (again,) = audit_course(course, course.ids, seeds=2, memory=memory)
    assert (again.cpu_s, mistakes.read_bytes()) == (0, packed)
    assert again.as_dict() | {"cpu_s": 0} == audit.as_dict() | {"cpu_s": 0}
    change(lesson, "hidden/test_twice.py", "== 0", "== 1")
    (broken,) = audit_course(course, course.ids, seeds=2, memory=memory)
    assert any("reference, seed 1: " in problem for problem in broken.problems)


@pytest.mark.jail
def test_a_notebook_that_raises_on_the_stub_or_answers_is_told(lesson):
    text = SETUP + CELL + "raise NotImplementedError\n\n\n# %%\nprint(nothing)\n"
    (lesson.course_dir / "exercise.py").write_text(text)
    found = list(notebook_problems(lesson))
    assert found == [
        "the untouched notebook raises NameError: name 'nothing' is not defined"
    ]
    text = SETUP + CELL + "return 2 * x\n" + CHECK
    (lesson.course_dir / "exercise.py").write_text(text)
    assert list(notebook_problems(lesson)) == [
        "the untouched notebook's check does not say 'twice: not attempted yet'",
        "the untouched notebook earns points in twice",
    ]
    text = SETUP + CELL + "raise NotImplementedError\n" + CHECK
    (lesson.course_dir / "exercise.py").write_text(text)
    assert list(notebook_problems(lesson)) == []


def test_two_lessons_may_not_share_a_task(lesson):
    for part in ("course", "solutions"):
        shutil.copytree(lesson.root / part / "77-twice", lesson.root / part / "78-more")
    found = dict(run._shared_tasks(Course(lesson.root)))
    assert found == {"78-more": "lesson.toml: 77-twice has a task twice as well"}


def test_mutation_score_is_the_share_killed():
    audits = [
        LessonAudit("a", mutants=[mutant(kept=0.4) for _ in range(3)]),
        LessonAudit("b", mutants=[mutant(kept=1.0)]),
    ]
    assert mutation_score(audits) == 0.75
    assert mutation_score([]) == 1.0


def test_what_is_folded_away_is_not_counted() -> None:
    text = 'One two.\n\n??? note "Three"\n    Four five.\n\n    Six.\n\nSeven.\n'
    assert chapter.Chapter(text).words == 5  # the title's, and "note"
    assert "Four" in chapter.Chapter(text).prose
