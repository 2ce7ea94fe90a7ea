"""Makes a failing schedule shorter while the program fails alike."""

from __future__ import annotations

from ..execution.run import Run
from .runs import Runs

_TRIES = 300  # runs that moving choices may cost


def is_better(run: Run, best: Run) -> bool:
    """Say whether a run fails as `best` does and its schedule is simpler."""
    return _same(run, best) and _size(run) < _size(best)


def _same(run: Run, other: Run) -> bool:
    return bool(
        run.failure and other.failure and run.failure.kind == other.failure.kind
    )


def _size(run: Run) -> tuple[int, int, int]:
    return run.chooser.preemptions, len(run.chooser.taken), run.chooser.count


def shrink(runs: Runs, best: Run) -> Run:
    """Drop choices, then make them earlier or later, while the program fails alike.

    Args:
        runs: makes the runs.
        best: a failing one.

    Returns:
        A run that fails with the same kind, with no more preemptions, choices or steps.
    """
    while not runs.late():
        shorter = _moved(runs, _fewer(runs, best))
        if shorter is best:
            break
        best = shorter
    return best


def _fewer(runs: Runs, best: Run) -> Run:
    """Drop choices, many at once and then one by one."""
    size = max(len(best.chooser.taken) // 2, 1)
    while best.chooser.taken:
        start, smaller = len(best.chooser.taken), False
        while start > 0 and not runs.late():
            low = max(start - size, 0)
            run = runs.run(tuple(best.chooser.taken[:low] + best.chooser.taken[start:]))
            if is_better(run, best):
                best, smaller = run, True
                start = min(low, len(best.chooser.taken))
            else:
                start = low
        if not smaller:
            if size == 1:
                break
            size = max(size // 2, 1)
    return best


def _moved(runs: Runs, best: Run) -> Run:
    """Move single choices to other steps where that makes the run shorter."""
    tries = _TRIES
    index = 0
    while index < len(best.chooser.taken):
        step, who = best.chooser.taken[index]
        low = best.chooser.taken[index - 1][0] + 1 if index else 1
        more = index + 1 < len(best.chooser.taken)
        high = best.chooser.taken[index + 1][0] if more else best.chooser.count
        others = sorted(set(range(low, high)) - {step}, key=lambda s: abs(s - step))
        for other in others[: tries // 2 + 1]:
            tries -= 1
            taken = [*best.chooser.taken]
            taken[index] = (other, who)
            run = runs.run(tuple(taken))
            if is_better(run, best):
                best = run
                break
            if tries <= 0 or runs.late():
                return best
        else:
            index += 1
    return best
