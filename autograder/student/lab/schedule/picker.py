"""Random priority schedules: probabilistic concurrency testing (Burckhardt 2010).

Threads have random priorities and the highest that can run does; at a few random
steps the running one drops to the bottom. A bug that needs d ordered events in n
threads and k steps is met with probability at least 1 / (n k^(d-1)) a run.
"""

from __future__ import annotations

from random import Random


class Picker:
    """Chooses threads for one random run."""

    def __init__(self, random: Random, depth: int, length: int, doze: float) -> None:
        self.random = random
        self.drops = {random.randrange(1, max(length, 2)) for _ in range(depth)}
        self.priority: dict[int, float] = {}
        self.bottom = 0.0
        self.doze = doze
        self.streak = (-1, 0)

    def welcome(self, number: int) -> None:
        self.priority[number] = self.random.random()

    def pick(self, count: int, able: list[int], sleepers: list[int]) -> int:
        """The number of the thread to run, or ~number to wake a sleeper."""
        if sleepers and self.doze and self.random.random() < self.doze:
            return ~self.random.choice(sleepers)
        best = max(able, key=self.priority.__getitem__)
        last, times = self.streak
        self.streak = (best, times + 1 if best == last else 0)
        if count in self.drops or self.streak[1] > 200:
            self.bottom -= 1.0
            self.priority[best] = self.bottom
            best = max(able, key=self.priority.__getitem__)
        return best
