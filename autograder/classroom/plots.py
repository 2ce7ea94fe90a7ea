"""The class report's plots, as SVG text. Matplotlib is imported here alone."""

from __future__ import annotations

import contextlib
import io
import os
import re
from collections.abc import Sequence

with contextlib.chdir(os.sep):  # else it reads a matplotlibrc that lies among hand-ins
    import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.classroom.statistics import LessonStatistics, Misconception
from autograder.classroom.wording import verdict_word
from autograder.student.report import Verdict, gettext

#: Distinct in brightness as well as in hue, so they also tell apart in grey.
_COLOURS = {
    Verdict.PASSED: "#2f7d4f",
    Verdict.NOT_ATTEMPTED: "#c9ced4",
    Verdict.WRONG: "#c4452d",
    Verdict.CRASH: "#7d1f12",
    Verdict.TIMEOUT: "#e09f3e",
    Verdict.MEMORY: "#b9772a",
    Verdict.OUTPUT: "#8f5a1d",
    Verdict.SECURITY: "#3b2a5c",
    Verdict.INFRA: "#8e7cc3",
}
_STYLE = {"svg.hashsalt": "autograder", "svg.fonttype": "path", "font.size": 9}
_WIDTH = 7.5  # inches


def points_plot(statistics: LessonStatistics) -> str:
    """Draw each task's points: one dot a student, and the mean."""
    tasks = statistics.tasks
    with matplotlib.rc_context(_STYLE):
        figure = Figure((_WIDTH, 0.7 + 0.42 * len(tasks)), layout="constrained")
        axes = figure.add_subplot()
        for row, task in enumerate(tasks):
            xs = [points / task.max_points for points in task.points]
            # Students with the same points stack into a visible band, not one dot.
            ys = [row + 0.32 * _spread(i) for i in range(len(xs))]
            axes.plot(xs, ys, "o", color="#33658a", alpha=0.35, ms=4, mew=0)
            axes.plot([task.mean_share] * 2, [row - 0.4, row + 0.4], color="#c4452d")
        axes.set_yticks(range(len(tasks)), [task.task for task in tasks])
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(len(tasks) - 0.5, -0.5)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
        axes.set_xlabel(gettext("points earned, per cent; the line is the mean"))
        return _svg(figure, axes)


def verdict_plot(statistics: LessonStatistics) -> str:
    """Draw each task's verdicts as one stacked bar."""
    tasks = statistics.tasks
    with matplotlib.rc_context(_STYLE):
        figure = Figure((_WIDTH, 1.0 + 0.36 * len(tasks)), layout="constrained")
        axes = figure.add_subplot()
        for verdict in reversed(Verdict):
            counts = [dict(task.verdicts).get(verdict, 0) for task in tasks]
            if not any(counts):
                continue
            left = [
                sum(n for v, n in task.verdicts if v.rank > verdict.rank)
                for task in tasks
            ]
            axes.barh(
                range(len(tasks)),
                counts,
                left=left,
                height=0.66,
                color=_COLOURS[verdict],
                label=verdict_word(verdict),
            )
        axes.set_yticks(range(len(tasks)), [task.task for task in tasks])
        axes.set_ylim(len(tasks) - 0.5, -0.5)
        axes.set_xlabel(gettext("students"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        figure.legend(loc="outside upper left", ncols=4, frameon=False)
        return _svg(figure, axes)


def misconception_plot(misconceptions: Sequence[Misconception]) -> str:
    """Draw how many students made each known mistake."""
    shown = misconceptions[:12]
    with matplotlib.rc_context(_STYLE):
        figure = Figure((_WIDTH, 0.7 + 0.3 * len(shown)), layout="constrained")
        axes = figure.add_subplot()
        names = [f"{item.task}: {item.name}" for item in shown]
        axes.barh(range(len(shown)), [m.students for m in shown], color="#33658a")
        axes.set_yticks(range(len(shown)), names)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlabel(gettext("students"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return _svg(figure, axes)


def time_plot(statistics: LessonStatistics) -> str:
    """Draw the CPU seconds that each task's tests took, one dot a student."""
    tasks = statistics.tasks
    with matplotlib.rc_context(_STYLE):
        figure = Figure((_WIDTH, 0.7 + 0.42 * len(tasks)), layout="constrained")
        axes = figure.add_subplot()
        for row, task in enumerate(tasks):
            xs = [seconds for seconds in task.seconds if seconds > 0]
            ys = [row + 0.32 * _spread(i) for i in range(len(xs))]
            axes.plot(xs, ys, "o", color="#33658a", alpha=0.35, ms=4, mew=0)
        axes.set_xscale("log")
        axes.set_yticks(range(len(tasks)), [task.task for task in tasks])
        axes.set_ylim(len(tasks) - 0.5, -0.5)
        axes.set_xlabel(gettext("CPU seconds of all checks of the task"))
        return _svg(figure, axes)


def _spread(index: int) -> float:
    """Return a number in -1..1 that neighbours do not share (golden ratio)."""
    return 2 * (index * 0.618034 % 1) - 1


def _svg(figure: Figure, axes: object) -> str:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)  # type: ignore[attr-defined]
    axes.tick_params(axis="y", length=0)  # type: ignore[attr-defined]
    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    return re.sub(r"^.*?(?=<svg)", "", text, count=1, flags=re.DOTALL)
