"""Reports of submissions over which a worker process ended, and whose fault that is.

A worker that went over a limit of its own did so over what this submission answers: an
ordinary verdict, for all tests. One that was killed from outside, or that stopped by a
mistake of ours, says nothing about it: that is ``infra``, and costs nothing.
"""

from __future__ import annotations

import signal

from autograder.grading.versions import versions
from autograder.student.lesson import Lesson
from autograder.student.notebook.submission import Submission
from autograder.student.report import (
    Message,
    Report,
    TaskResult,
    TestResult,
    Verdict,
    gettext,
)

#: How a worker ends that went over a limit of its own: by this code, by this signal.
EXIT_MEMORY, SIGNAL_CPU = 77, signal.SIGPROF
#: How one ends whose stack overflows, or whose memory ends where nobody looks.
_BROKE_DOWN = (-signal.SIGSEGV, -signal.SIGABRT)


def verdict_over(code: int, *, again: bool) -> Verdict | None:
    """Return the verdict over the submission that a worker held when it ended.

    Args:
        code: how it ended, as `subprocess.Popen.returncode` says.
        again: whether another worker has ended over this submission before.

    Returns:
        None where the submission is to be graded once more.
    """
    if code == EXIT_MEMORY:
        return Verdict.MEMORY
    if code == -SIGNAL_CPU:
        return Verdict.TIMEOUT
    if not again:
        return None
    return Verdict.CRASH if code in _BROKE_DOWN else Verdict.INFRA


def unfinished_report(
    lesson: Lesson, submission: Submission, seed: int, verdict: Verdict
) -> Report:
    """Return the report of a submission that cannot be graded to its end."""
    return Report(
        lesson=lesson.id,
        lesson_digest=lesson.digest,
        name=submission.name,
        submission=submission.digest,
        seed=seed,
        isolation="unknown",
        versions=dict(versions()),
        tasks=tuple(
            TaskResult(
                task.name,
                task.points,
                (TestResult("grader", task.name, 1.0, verdict, _message(verdict)),),
            )
            for task in lesson.tasks
        ),
        notes=submission.notes,
    )


def _message(verdict: Verdict) -> Message:
    if verdict is Verdict.INFRA:
        return Message(
            gettext("The grader stopped twice while grading this submission."),
            gettext("This is not your fault, and nothing was graded."),
            gettext("Your instructor has been told and grades it again."),
        )
    evidence = {
        Verdict.MEMORY: gettext("its answers take more memory than the grader has"),
        Verdict.TIMEOUT: gettext("its answers take the grader ten minutes to judge"),
        Verdict.CRASH: gettext("its answers ended the grader, twice"),
    }
    return Message(
        gettext("This submission cannot be graded within the limits."),
        evidence[verdict],
        gettext("Return what each task asks for, and nothing larger."),
    )
