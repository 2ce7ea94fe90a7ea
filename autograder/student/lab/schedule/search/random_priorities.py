"""Random priority schedules: probabilistic concurrency testing (Burckhardt 2010).

Threads have random priorities and the highest that can run does; at a few random
steps the running one drops to the bottom. A bug that needs d ordered events in n
threads and k steps is met with probability at least 1 / (n k^(d-1)) a run.
"""

from __future__ import annotations

from random import Random


class RandomPriorities:
    """Chooses threads for one random run; a `Picker`."""

    def __init__(self, random: Random, depth: int, length: int, doze: float) -> None:
        """Choose the steps at which the running thread drops.

        Args:
            random: the source of all choices; it goes on from run to run.
            depth: how many such steps.
            length: the steps of a run, as far as is known.
            doze: the probability at each step of a spurious wake-up.
        """
        self._random = random
        self._drops = {random.randrange(1, max(length, 2)) for _ in range(depth)}
        self._priority: dict[int, float] = {}
        self._bottom = 0.0
        self._doze = doze
        self._streak = (-1, 0)

    def welcome(self, number: int) -> None:
        """Give a new thread its priority."""
        self._priority[number] = self._random.random()

    def pick(self, count: int, able: list[int], sleepers: list[int]) -> int:
        """Choose the highest priority; see `Picker.pick`."""
        if sleepers and self._doze and self._random.random() < self._doze:
            return ~self._random.choice(sleepers)
        best = max(able, key=self._priority.__getitem__)
        last, times = self._streak
        self._streak = (best, times + 1 if best == last else 0)
        if count in self._drops or self._streak[1] > 200:
            self._bottom -= 1.0
            self._priority[best] = self._bottom
            best = max(able, key=self._priority.__getitem__)
        return best
