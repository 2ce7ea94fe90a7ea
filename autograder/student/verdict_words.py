"""The words in which people read verdicts: check, grades, pages and the guide agree."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.student.report import Verdict, gettext


@dataclass(frozen=True)
class Wording:
    """A verdict in words."""

    word: str  # what a table says
    happened: str
    remedy: str


#: Best first, as ``course/study.md`` lists them.
WORDINGS = {
    Verdict.PASSED: Wording(
        "passed", "every test of the task agrees with the reference", "go on"
    ),
    Verdict.NOT_ATTEMPTED: Wording(
        "not attempted yet",
        "the task still raises `NotImplementedError`, or nothing defines it",
        "read the chapter step that it names",
    ),
    Verdict.WRONG: Wording(
        "wrong",
        "a value differs",
        "read the three lines: where, evidence, where to look",
    ),
    Verdict.CRASH: Wording(
        "stopped with an error",
        "your code raised an error that the contract does not allow",
        "read the message: it names your line",
    ),
    Verdict.OUTPUT: Wording(
        "too much output",
        "it printed without end, or returned more than can be compared",
        "take the prints out of loops; return what the contract says",
    ),
    Verdict.MEMORY: Wording(
        "too much memory",
        "the task used more memory than the contract allows",
        "count the elements of your arrays",
    ),
    Verdict.TIMEOUT: Wording(
        "too slow",
        "the task did not end within its seconds",
        "look for a loop that never ends, a thread that waits for itself, or work"
        " that grows too fast with the input",
    ),
    Verdict.SECURITY: Wording(
        "not allowed",
        "the code reached for something outside the exercise",
        "remove it; the sandbox has no network and no files to find",
    ),
    Verdict.INFRA: Wording(
        "not graded: our fault", "the grader failed", "nothing: it is run again"
    ),
}


def verdict_word(verdict: Verdict) -> str:
    """Return what a student reads for a verdict, in the middle of a line."""
    return gettext(WORDINGS[verdict].word)
