"""Three of the kills of ``tests/kill.py``, which `--kills 20` makes at random."""

from __future__ import annotations

import random
from pathlib import Path

import kill
import pytest

pytestmark = pytest.mark.jail


def test_a_class_that_was_disturbed_is_graded_as_one_in_peace(tmp_path: Path) -> None:
    assert kill.differences(tmp_path, 3, random.Random(3), students=6) == []
    left = kill.snapshot(tmp_path / "disturbed")
    scores = [value for key, value in left.items() if key.startswith("score ")]
    assert [manual for _, manual, _ in scores].count(1.5) == 6  # a person's stay
    reports = [key for key in left if key.startswith("report ")]
    assert len(reports) == 6


def test_a_difference_is_found() -> None:
    one, other = {"score ada mean": [1.0]}, {"score ada mean": [2.0], "report ada": {}}
    assert len(kill.compare(one, other)) == 2
