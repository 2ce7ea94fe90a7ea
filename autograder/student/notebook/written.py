"""The question in words: asked in both forms, its answer found again in each."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from autograder.student.lesson import Lesson, Written
from autograder.student.notebook.submission import ProseCell, Submission

MOST_CHARACTERS = 20_000  # of an answer of a few sentences
WRITTEN_STUB = "YOUR ANSWER HERE"  # nbgrader's own, so that a release restores it

_INCLUDE_MARK = re.compile(r"^# --8<-- \[.*\]\n", re.MULTILINE)
_IN_PYTHON = '''
# %% [markdown]
{question}

# %% [markdown] task="{name}"
"""
{stub}
"""

# %%
# Cells of your own may follow here.
'''


def question(written: Written) -> str:
    """Return the question as Markdown, with what its answer is worth."""
    return (
        f"## In words\n{written.prompt}\n\n"
        f"A person grades this answer: {written.points:g} points."
    )


def exercise_text(lesson: Lesson) -> str:
    """Return ``exercise.py`` as students get it: the stub, then the question in words.

    The answer goes between the quotes of a Markdown cell, where it needs no comment
    marks, and is handed in with the file.
    """
    text = without_marks(lesson.stub_path.read_text(encoding="utf-8"))
    if lesson.written is None:
        return text
    lines = [
        line
        for part in question(lesson.written).split("\n")
        for line in textwrap.wrap(part, 86, break_long_words=False) or [""]
    ]
    asked = "\n".join(f"# {line}".rstrip() for line in lines)
    name = lesson.written.name
    return text + _IN_PYTHON.format(question=asked, name=name, stub=WRITTEN_STUB)


def without_marks(text: str) -> str:
    """Return a stub without the marks of what its chapter includes."""
    return _INCLUDE_MARK.sub("", text)


def written_answer(submission: Submission, lesson: Lesson) -> str | None:
    """Return the answer in words of a submission, or None where there is none.

    It is looked for by the ids of the cells, then after the question's own words. The
    stub's text and blanks are no answer.

    Args:
        submission: What was read of the student's file.
        lesson: Whose question it answers.
    """
    if lesson.written is None:
        return None
    answer = _find(submission.prose, lesson.written)
    return None if answer is None else answer[:MOST_CHARACTERS]


def _find(cells: Sequence[ProseCell], written: Written) -> str | None:
    for cell in cells:
        if written.name in cell.ids:
            answer = _answer(cell.text)
            if answer is not None:
                return answer
    for number, cell in enumerate(cells):
        rest = _after_question(cell.text, written)
        if rest is None:
            continue
        following = cells[number + 1].text if number + 1 < len(cells) else ""
        return _answer(rest) or _answer(following)
    return None


def _answer(text: str) -> str | None:
    text = text.replace(WRITTEN_STUB, "").strip()
    return text or None


def _after_question(text: str, written: Written) -> str | None:
    """Return what follows the question in a cell, or None if it does not ask it."""
    words = r"\s+".join(re.escape(word) for word in written.prompt.split())
    found = re.search(words, text)
    if found is None:
        return None
    points = r"\A\s*A person grades this answer: [\d.]+ points\."
    return re.sub(points, "", text[found.end() :])
