"""The model of large classes, on numbers that one can compute by hand."""

from __future__ import annotations

import pytest

from autograder.scale.bench import Check
from autograder.scale.model import NETWORK, Costs, Prediction, predict

#: Half a second to grade, a fiftieth to write; whole numbers come out.
COSTS = Costs(
    worker_s=0.5,
    coordinator_s=0.02,
    scheduler_s=0.001,
    page_s=0.004,
    bytes_each=20_000,
    once_s=1.0,
    worker_start_s=3.0,
)


def test_few_workers_are_the_bottleneck() -> None:
    # 1 + 3, then 100 rounds of 0.5 s on each of ten workers, then 1,000 pages.
    found = predict(COSTS, 1_000, 10)
    assert found.bottleneck == "workers"
    assert found.seconds == pytest.approx(1 + 3 + 50 + 4)


def test_the_last_submission_counts_as_a_whole_round() -> None:
    assert predict(COSTS, 1_001, 10).seconds == pytest.approx(4 + 50.5 + 4.004)


def test_many_workers_wait_for_the_coordinator() -> None:
    assert COSTS.useful_workers() == 25  # 0.5 / 0.02
    for workers in (100, 1_000):
        found = predict(COSTS, 100_000, workers)
        assert found.bottleneck == "coordinator"
        assert found.seconds == pytest.approx(4 + 2_000 + 400)


def test_the_cores_of_one_machine_are_shared() -> None:
    # 100 submissions of 0.521 s on two cores; one worker leaves a core idle, and four
    # start two at a time.
    one, two, four = (predict(COSTS, 100, workers, cores=2) for workers in (1, 2, 4))
    assert (one.bottleneck, two.bottleneck, four.bottleneck) == (
        *("workers", "cores", "cores"),
    )
    assert one.seconds == pytest.approx(4 + 50 + 0.4)
    assert two.seconds == pytest.approx(4 + 26.05 + 0.4)
    assert four.seconds == pytest.approx(1 + 2 * 3 + 26.05 + 0.4)


@pytest.mark.parametrize(
    ("cost", "value", "place"),
    [("scheduler_s", 0.1, "scheduler"), ("bytes_each", 0.1 * NETWORK, "network")],
)
def test_any_place_may_be_the_slowest(cost: str, value: float, place: str) -> None:
    costs = Costs(**(vars(COSTS) | {cost: value}))
    found = predict(costs, 1_000, 1_000)
    assert (found.bottleneck, costs.useful_workers()) == (place, 5)
    assert found.seconds == pytest.approx(4 + 100 + 4)


def test_an_error_is_told_against_what_was_measured() -> None:
    assert Check(
        50.0, Prediction(1, 1, 60.0, "workers")
    ).error_percent == pytest.approx(20)
