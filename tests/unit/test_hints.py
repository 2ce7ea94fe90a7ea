"""The one reader of hints.md."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.student.hints import RUNGS, lesson_hints, read_hints
from autograder.student.lesson import find_course
from autograder.student.report import CourseError

GOOD = "# Hints\n\n## f\n\n### Nudge\nA\n\n### Plan\nB\n### Near-code\nC\n"
COURSE = find_course()


@pytest.mark.parametrize("lesson", COURSE.lessons, ids=lambda lesson: lesson.id)
def test_reads_every_lesson(lesson):
    hints = lesson_hints(lesson)
    assert list(hints) == [task.name for task in lesson.tasks]
    assert {len(rungs) for rungs in hints.values()} == {len(RUNGS)}


def test_rungs_are_markdown():
    text = GOOD.replace("B\n", "Add **both**:\n\n- one\n- $h$\n")
    assert read_hints(text) == {"f": ("A", "Add **both**:\n\n- one\n- $h$", "C")}


def test_a_comment_in_code_is_no_heading():
    code = "```text\n## g\n### Nudge\nx = 1\n```"
    assert read_hints(GOOD.replace("C\n", code))["f"][2] == code


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("### Plan\nB\n", "", "task f: its rungs are Nudge, Near-code; write"),
        ("### Plan", "### Idea", "write '### Nudge', '### Plan', '### Near-code'"),
        ("### Nudge\nA\n\n### Plan\nB\n### Near-code\nC\n", "1. A\n2. B\n3. C\n",
         "task f: its rungs are none; write"),
        ("### Nudge", "Read this.\n### Nudge", "task f: text above the first rung"),
        ("B\n", "", "task f: the rung Plan is empty; write it below '### Plan'"),
        ("## f", "## `f`", "'## `f`' is not a task; write its bare name"),
        ("# Hints\n", GOOD, "task f: two sections; put the rungs into one"),
    ],
)  # fmt: skip
def test_refuses_another_form(old, new, told):
    with pytest.raises(CourseError) as refused:
        read_hints(GOOD.replace(old, new))
    assert str(refused.value).startswith("hints.md")
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda _: "# Hints\n",
            "task mean: no hints; write '## mean', and '### Nudge'",
        ),
        (lambda text: text + GOOD, "task f: lesson.toml has no such task; its tasks"),
    ],
)
def test_refuses_hints_of_other_tasks(tmp_path, change, told):
    lesson = COURSE.lesson("00-start")
    text = (lesson.course_dir / "hints.md").read_text("utf-8")
    (tmp_path / "hints.md").write_text(change(text), "utf-8")
    with pytest.raises(CourseError) as refused:
        lesson_hints(replace(lesson, course_dir=tmp_path))
    assert told in str(refused.value)


def test_names_the_file_that_is_missing(tmp_path):
    lesson = replace(COURSE.lesson("00-start"), course_dir=tmp_path)
    with pytest.raises(CourseError, match=r"hints\.md is missing"):
        lesson_hints(lesson)
