"""Every odd file is read, repaired or refused with a reason; and then graded."""

from __future__ import annotations

from pathlib import Path

import odd_archives
import odd_bytes
import odd_cells
import odd_copies
import odd_tools
import pytest
from odd_kit import CASES, FULL, Odd, grade_all, lesson

from autograder.student.notebook.reader import read_submission
from autograder.student.report import Verdict

MAKERS = (
    odd_cells,
    odd_bytes,
    odd_archives,
    odd_copies,
    odd_tools,
)  # importing them registers their cases


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
def test_is_graded_and_costs_the_others_nothing(tmp_path: Path) -> None:
    reports = grade_all(tmp_path)
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
