"""One vocabulary of verdicts: what every part prints, and what the guide explains."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.classroom import wording
from autograder.student.checking import summary
from autograder.student.report import TaskResult, TestResult, Verdict
from autograder.student.verdict_words import WORDINGS, verdict_word

STUDY = Path(__file__).parents[2] / "course" / "study.md"


def test_the_guide_holds_the_table_as_it_is() -> None:
    rows = [f"| {w.word} | {w.happened} | {w.remedy} |" for w in WORDINGS.values()]
    assert "\n".join(rows) in STUDY.read_text(encoding="utf-8")


@pytest.mark.parametrize("verdict", Verdict)
def test_check_and_pages_say_the_same_word(verdict: Verdict) -> None:
    task = TaskResult("mean", 1.0, (TestResult("test_mean", "mean", 1.0, verdict),))
    assert summary(task).startswith(verdict_word(verdict))
    assert wording.verdict_word(verdict).lower() == verdict_word(verdict).lower()
