"""Every odd file is read, repaired or refused with a reason; and then graded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import odd_archives
import odd_bytes
import odd_cells
import pytest
from odd_kit import CASES, FULL, Odd, lesson

from autograder.grading.grade import Grader
from autograder.student.notebook.build import build_notebook, write_notebook
from autograder.student.notebook.reader import read_submission
from autograder.student.notebook.submission import Submission
from autograder.student.report import Report, Verdict

MAKERS = (odd_cells, odd_bytes, odd_archives)  # importing them registers their cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_read_or_refused_with_the_reason(case: Odd, tmp_path: Path) -> None:
    submission = read_submission(case.make(tmp_path), lesson())
    if case.problem:
        assert submission.problem is not None
        assert case.problem in submission.problem
        return
    assert submission.problem is None
    told = "\n".join(submission.notes)
    for note in case.notes:
        assert note in told
    if not case.notes:
        assert not told


@pytest.mark.jail
def test_is_graded_and_costs_the_others_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("sources")
    source = folder / "00-start.ipynb"
    write_notebook(build_notebook(lesson(), with_reference=True), source)

    def submissions() -> Iterator[tuple[str, Submission]]:
        yield "source", read_submission(source, lesson())
        yield "stub", read_submission(lesson().exercise_path, lesson())
        for case in CASES:
            path = case.make(tmp_path_factory.mktemp("odd"))
            yield case.name, read_submission(path, lesson())

    reports: dict[str, Report] = {}
    Grader(lesson(), seed=1).run(submissions(), reports.__setitem__)
    assert list(reports) == ["source", "stub", *(case.name for case in CASES)]
    assert reports["source"].points == reports["source"].max_points
    assert reports["stub"].verdict is Verdict.NOT_ATTEMPTED
    for case in CASES:
        report = reports[case.name]
        earned = {task.task: task.points for task in report.tasks}
        if case.problem:
            assert set(earned.values()) == {0.0}, case.name
            continue
        for task, most in FULL.items():
            if task in case.lost:
                assert earned[task] < most, case.name
            else:
                assert earned[task] == most, (case.name, report.task(task).message)
        for task, verdict in case.verdicts:
            assert report.task(task).verdict == verdict, case.name
