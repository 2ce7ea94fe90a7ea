"""How much slower than the reference machine this one computes.

Measured once, in the server of a jail, before any line of a submission runs there. A
limit of time is a task's seconds times this pace: so what is too slow on one machine is
too slow on all of them, and what is fast enough is so everywhere.
"""

from __future__ import annotations

import statistics
import time

#: CPU seconds of one round on the machine on which the lessons' seconds were chosen:
#: two cores of a virtual Intel Xeon, Linux 6.18, Python 3.11, NumPy 2.4. The lowest of
#: sixty medians of nine rounds was 3.0 ms; the highest, beside twenty busy others, 6.
REFERENCE_S = 3.1e-3
LEAST, MOST = 1.0, 20.0  # limits are never tightened, nor loosened without end
_ROUNDS = 9
_STEPS = 4  # a step: two measurements of one machine seldom differ by a quarter


def pace_of(round_s: float) -> float:
    """Return the pace of a machine that needs so many CPU seconds for a round."""
    steps = round(round_s / REFERENCE_S * _STEPS)
    return min(max(steps / _STEPS, LEAST), MOST)


def measure() -> float:
    """Return this machine's pace: how often a round takes the reference's seconds.

    CPU time, so that it does not matter how many others want the processor; a median,
    since a round that was interrupted finds its caches empty.
    """
    _round()  # Python specialises its code, caches fill
    return pace_of(statistics.median(_timed() for _ in range(_ROUNDS)))


def _timed() -> float:
    start = time.thread_time()
    _round()
    return time.thread_time() - start


def _round() -> None:
    """Do a little of what submissions do: bytecode and small arrays, half each."""
    import numpy as np

    counts: dict[int, int] = {}
    state = 0
    for step in range(12_000):
        state = (state * 31 + step) % 65_537
        counts[state & 255] = counts.get(state & 255, 0) + 1
    x = np.linspace(-1, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    for _ in range(60):
        y = np.exp(-np.abs(x @ x))
        x = y / (y.sum(axis=1, keepdims=True) + 1)
        np.where(x > 0.1, x, 0).max()
