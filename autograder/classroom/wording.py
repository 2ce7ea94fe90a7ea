"""The words in which people read verdicts and points."""

from __future__ import annotations

from autograder.student import verdict_words
from autograder.student.report import Report, TaskResult, Verdict, gettext


def verdict_word(verdict: Verdict) -> str:
    """Return what people read for a verdict, with a capital: it stands alone."""
    word = verdict_words.verdict_word(verdict)
    return word[:1].upper() + word[1:]


def task_word(task: TaskResult) -> str:
    """Return what people read for a task: one with points was attempted."""
    if task.verdict is Verdict.NOT_ATTEMPTED and task.points:
        return gettext("Partly solved")
    return verdict_word(task.verdict)


def report_word(report: Report) -> str:
    """Return what people read for a whole submission.

    A task that is still the stub is no verdict over the others.
    """
    if report.problem is not None:
        return gettext("Cannot be read")
    untouched = [task.verdict is Verdict.NOT_ATTEMPTED for task in report.tasks]
    if report.verdict is Verdict.NOT_ATTEMPTED and not all(untouched):
        return gettext("Partly solved")
    return verdict_word(report.verdict)


def number(value: float) -> str:
    """Return points without needless digits: 10, 7.5, 3.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def late_text(penalty: float) -> str:
    """Return the sentence that says what lateness costs."""
    text = gettext("Taken off for lateness: {points}.")
    return text.format(points=number(penalty))


def how_marked(task: TaskResult) -> tuple[str, ...]:
    """Return the sentences on how a task's points came about beside its checks."""
    return tuple(filter(None, (task.cap_text, task.lent_text)))


def task_feedback(task: TaskResult) -> str:
    """Return the plain text that says how a task went, and how it was marked."""
    points = f"{number(task.points)} / {number(task.max_points)}"
    lines = [f"{task.task}: {task_word(task)} ({points})"]
    if task.message is not None and task.verdict is not Verdict.PASSED:
        lines.append(str(task.message))
    if task.diagnosis_text:
        looks = gettext("Looks like: {mistake}").format(mistake=task.diagnosis_text)
        lines.append(f"  {looks}")
    lines += [f"  {sentence}" for sentence in how_marked(task)]
    return "\n".join(lines)
