"""The schedules that a search has yet to run, in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from .task import Plan


class Pending:
    """A stack of plans, each an earlier run's plan with one more choice.

    A run leaves some hundred choices, so a search of a hundred thousand runs would keep
    millions of plans. They share their run's plan, and what could never be run within
    the limit is not kept.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Plan, array[int]]] = []
        self._count = 0
        self.dropped = False  # some were not kept

    def __len__(self) -> int:
        return self._count

    def push(self, plan: Plan, choices: Iterable[tuple[int, int]], most: int) -> None:
        """Add the plan with each of the choices; the first is taken first.

        Args:
            plan: what a run did.
            choices: step and thread of what it could have done instead.
            most: how many plans are of use at all.
        """
        numbers = array("q")
        room = most - self._count
        for step, who in choices:
            if room <= 0:
                self.dropped = True
                break
            room -= 1
            numbers.append(who)
            numbers.append(step)
        if numbers:
            numbers.reverse()  # to step, who, with the first choice last
            self._count += len(numbers) // 2
            self._runs.append((plan, numbers))

    def pop(self) -> Plan:
        """Take the next plan."""
        plan, numbers = self._runs[-1]
        who, step = numbers.pop(), numbers.pop()
        if not numbers:
            self._runs.pop()
        self._count -= 1
        return (*plan, (step, who))
