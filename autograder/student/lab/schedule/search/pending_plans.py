"""The schedules that a search has yet to run, in little memory."""

from __future__ import annotations

from array import array

from ..execution.task import Plan


class Pending:
    """A stack of plans, each an earlier run's plan with one more choice.

    A run leaves some hundred choices, so a search of a hundred thousand runs would keep
    millions of plans. They share their run's plan, and what could never be run within
    the limit is not kept.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Plan, array[int]]] = []
        self._count = 0
        self.dropped = False  # some plans were not kept, so the search is not complete

    def __len__(self) -> int:
        return self._count

    def push(
        self, plan: Plan, choices: list[tuple[int, int, int]], cost: int, most: int
    ) -> None:
        """Add the plan with each of the choices; the first is taken first.

        Args:
            plan: what a run did.
            choices: step, thread and cost of what it could have done instead.
            cost: only choices of that cost.
            most: how many plans are of use at all.
        """
        numbers = [n for step, who, c in choices if c == cost for n in (who, step)]
        room = max(most - self._count, 0)
        if len(numbers) > 2 * room:
            self.dropped = True
            del numbers[2 * room :]
        if numbers:
            numbers.reverse()  # to step, who, with the first choice last
            self._count += len(numbers) // 2
            self._runs.append((plan, array("q", numbers)))

    def pop(self) -> Plan:
        """Take the plan that was pushed last.

        Raises:
            IndexError: there is none.
        """
        plan, numbers = self._runs[-1]
        who, step = numbers.pop(), numbers.pop()
        if not numbers:
            self._runs.pop()
        self._count -= 1
        return (*plan, (step, who))
