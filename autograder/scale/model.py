"""Predicts how long a class takes on a cluster from what one submission costs.

A run of N submissions on W workers has three parts.

*Start.* The coordinator, which is the process of ``autograder class grade``, connects
and opens the gradebook; with the class report at the end that is ``once_s``. Each
worker starts its grader and its jail, and learns what the known mistakes answer
(``worker_start_s``). Workers start at the same time; on one machine with C cores, C at
a time.

*Flow.* A submission passes three places, each of which handles one at a time: one of
the workers (``worker_s``), Dask's scheduler (``scheduler_s``), and the coordinator,
which reads the hand-in, sends it, keeps the report and writes gradebook and notebook
(``coordinator_s``). The places work at the same time on different submissions, and two
submissions a worker are on their way, so none waits while there is work for it. The
flow then takes as long as the busiest place (the bottleneck law: Denning and Buzen, The
operational analysis of queueing network models, ACM Computing Surveys 10, 1978):

    max(ceil(N / W) worker_s, N coordinator_s, N scheduler_s, N bytes_each / NETWORK)

Where one machine of C cores runs everything, the cores are one more place:

    N (worker_s + coordinator_s + scheduler_s) / C

*End.* The coordinator writes the pages of all students: N ``page_s``.

What it leaves out: the way of the first and the last submission through the places
(less than a second), workers that are lost, and that a submission of another lesson
costs something else. It takes for granted that a submission costs the coordinator the
same in a large class as in a small one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

NETWORK = 125e6  # bytes a second: Ethernet of 1 Gbit/s, at the coordinator


@dataclass(frozen=True)
class Costs:
    """What is measured, on one core each."""

    worker_s: float  # grading one submission
    coordinator_s: float  # reading, sending, keeping and writing it
    scheduler_s: float  # passing it on
    page_s: float  # its pages, after the last report
    bytes_each: float  # submission and report
    once_s: float  # what the coordinator does once
    worker_start_s: float  # what each worker does once

    def useful_workers(self) -> int:
        """Return how many workers keep the next slowest place busy: more are idle."""
        place = max(self.coordinator_s, self.scheduler_s, self.bytes_each / NETWORK)
        return max(1, ceil(self.worker_s / place))


@dataclass(frozen=True)
class Prediction:
    """How long a run takes, and which place decides."""

    submissions: int
    workers: int
    seconds: float
    bottleneck: str  # "workers", "coordinator", "scheduler", "network" or "cores"


def predict(
    costs: Costs, submissions: int, workers: int, cores: int | None = None
) -> Prediction:
    """Return how long a class takes.

    Args:
        costs: Of one submission.
        submissions: How many; at least 1.
        workers: How many; at least 1.
        cores: Of the one machine on which everything runs; by default each worker,
            the scheduler and the coordinator has a core of its own.
    """
    flow = {
        "workers": ceil(submissions / workers) * costs.worker_s,
        "coordinator": submissions * costs.coordinator_s,
        "scheduler": submissions * costs.scheduler_s,
        "network": submissions * costs.bytes_each / NETWORK,
    }
    rounds = 1.0
    if cores is not None:
        each = costs.worker_s + costs.coordinator_s + costs.scheduler_s
        flow["cores"] = submissions * each / cores
        rounds = max(1.0, workers / cores)
    bottleneck = max(flow, key=lambda place: flow[place])
    seconds = (
        costs.once_s
        + rounds * costs.worker_start_s
        + flow[bottleneck]
        + submissions * costs.page_s
    )
    return Prediction(submissions, workers, seconds, bottleneck)
