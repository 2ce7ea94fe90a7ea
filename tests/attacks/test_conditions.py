"""One attack on each limit, beside four processes that compute for ever.

All of them, and the demo, on an idle machine, a busy one and a third of a core:
``make conditions``.
"""

from __future__ import annotations

import conditions
import pytest

CASES = {
    "kill_everything": "security",
    "memory_in_bytearrays": "memory",
    "os_exit": "crash",
    "sleep": "timeout",
    "spin": "timeout",
}


@pytest.mark.jail
def test_who_hits_which_limit_is_the_same_on_a_busy_machine():
    with conditions.busy():
        found = conditions.attacks_of("resources", CASES)
        found |= conditions.attacks_of("escape", CASES)
    attacked = {k.split("/")[2]: v for k, v in found.items() if k.endswith("/scale")}
    del attacked["honest"]
    assert attacked == {case: f"{name}, 0 points" for case, name in CASES.items()}
    right = {v for k, v in found.items() if "/honest/" in k and "/Tally" not in k}
    assert all(value.startswith("passed") for value in right)


def test_tells_every_difference_between_runs():
    sets = {
        "idle": {"a": "wrong, 0 points", "b": "passed, 2 points"},
        "busy": {"a": "wrong, 0 points", "b": "timeout, 0 points"},
        "demo": {},
    }
    lines = conditions.differences(sets)
    assert lines == ["b: idle passed, 2 points; busy timeout, 0 points"]
