"""What fuzzing found stays found, and a bounded number of new inputs finds nothing.

``make fuzz`` looks for longer. The inputs here are the same in every run.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from inputs import inputs
from limits import Guard, Slow
from targets import NAMES, Target, targets

TARGETS = targets()


def test_every_target_has_a_name_for_the_command() -> None:
    assert tuple(TARGETS) == NAMES


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_is_fixed(name: str) -> None:
    target = TARGETS[name]
    for data in (*target.seeds, *target.found()):
        target.run(data)


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_near_valid_ones_find_nothing(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=100,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(target))
    def some(data: bytes) -> None:
        target.run(data)

    some()


def test_an_exception_or_a_cost_out_of_proportion_is_a_finding() -> None:
    def broken(data: bytes) -> None:
        int(data)

    guard = Guard(Target(broken, (b"1",)))
    guard(b"1")
    assert guard.runs == 1
    with pytest.raises(ValueError, match="invalid literal"):
        guard(b"x")
    with pytest.raises(Slow, match="for 1 bytes"):
        Guard(Target(broken, (b"1",), most_s=-1.0))(b"1")
