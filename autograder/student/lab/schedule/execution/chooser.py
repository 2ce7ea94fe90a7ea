"""Which thread goes next: the plan's, the picker's, or the one that runs already.

Nothing here switches threads or runs the program's code, but for asking a waiting
thread's `ready()`.
"""

from __future__ import annotations

from typing import Protocol

from .standstill import explain_standstill
from .task import Failure, Plan, Rules, Task

FAIR = 400  # steps a thread may keep others waiting: a spinning thread is no livelock
ALONE = 1_000_000  # lines that a thread may run while there is no other
NEVER = 1 << 60


class Picker(Protocol):
    """Chooses threads for a run that follows no plan."""

    def welcome(self, number: int) -> None:
        """A thread of this number has started."""

    def pick(self, count: int, able: list[int], sleepers: list[int]) -> int:
        """Choose at step `count` among those that can run.

        Args:
            count: the step.
            able: numbers of the threads that can run; never empty.
            sleepers: numbers of those that a spurious wake-up would let run.

        Returns:
            The number of a thread that can run, or ~n to wake sleeper n.
        """


class Chooser:
    """The threads of a run, whose turn it is, and whose turn it could have been.

    A run calls `choose` at every step at which the thread that runs may have to give
    way: at `next_event` and whenever it cannot go on. At other steps the thread goes
    on; of these, the run calls `note_others` for those after `noted_after`.

    Attributes:
        tasks: every thread, by number.
        live: those that have not ended.
        needed: how many of these are no daemons.
        clock: virtual seconds since the run began.
        count: the steps so far.
        taken: the choices made other than by default, (step, thread).
        branches: what could have been chosen instead: (step, thread, cost).
        preemptions: how often a thread that could go on had to give way.
        next_event: the first step at which the default may not be to go on.
        noted_after: the last step whose alternatives are noted elsewhere or useless.
        failure: what went wrong in choosing: a standstill, or a plan that does not fit.
    """

    def __init__(
        self, rules: Rules, plan: Plan, left: int, picker: Picker | None, strict: bool
    ) -> None:
        """Start with no threads.

        Args:
            rules: those of the exploration.
            plan: the choices to make; after the last one the default rules.
            left: preemptions that may be added to the plan: only branches that cost no
                more are noted.
            picker: chooses at every step; then there is no plan.
            strict: whether a plan that does not fit the program is a failure.
        """
        self.rules = rules
        self.tasks: list[Task] = []
        self.live: list[Task] = []
        self.needed = 0
        self.clock = 0.0
        self.count = 0
        self.taken: list[tuple[int, int]] = []
        self.branches: list[tuple[int, int, int]] = []
        self.preemptions = 0
        self.failure: Failure | None = None
        self._lines_alone = 0
        self._plan = plan
        self._left = left
        self._picker = picker
        self._strict = strict
        self._position = 0  # of the plan's next choice
        self._turn = plan[0][0] if plan else NEVER  # its step
        self._last = plan[-1][0] if plan else 0
        self._fair = FAIR  # the step at which the thread must let others run
        self._nudging = rules.spurious or rules.hasty
        self.noted_after = self._last if left else NEVER
        self.next_event = 0 if picker else min(self._turn, FAIR, rules.cap)

    def add(self, task: Task) -> None:
        """A thread has started."""
        self.tasks.append(task)
        self.live.append(task)
        self.needed += not task.daemon
        if self._picker is not None:
            self._picker.welcome(task.number)

    def remove(self, task: Task) -> None:
        """A thread has ended."""
        self.live.remove(task)
        self.needed -= not task.daemon

    def goes_alone(self) -> bool:
        """Say whether a line need be no step: there is no other thread.

        What one thread computes is no livelock, however long it takes. A loop that
        never ends is one: in the end its lines are steps again.
        """
        if len(self.live) > 1:
            return False
        self._lines_alone += 1
        return self._lines_alone <= ALONE

    def note_others(self, count: int, me: Task) -> None:
        """Note what else could have run at step `count` instead of `me`."""
        for task in self.live:
            if task is me:
                continue
            if task.ready is None or task.ready():
                self.branches.append((count, task.number, 1))
            elif self._nudging:
                self._nudge(count, task)

    def _nudge(self, count: int, task: Task) -> None:
        """Note that a sleeper could wake early, which costs like a preemption."""
        if self.rules.spurious and task.drowsy and not task.woken:
            self.branches.append((count, ~task.number, 1))
        if self.rules.hasty and task.deadline is not None:
            others = (t.deadline for t in self.tasks if t.deadline is not None)
            if self.clock < task.deadline <= min(others):
                self.branches.append((count, task.number, 1))

    def choose(self, me: Task | None) -> Task | None:
        """Choose the thread that goes next, letting time pass where all wait for it.

        Args:
            me: the thread that runs; None where it has ended.

        Returns:
            The thread, or None where no thread can ever go on; then `failure` says why.
        """
        count = self.count
        quiet = count < self._last and count != self._turn and count < self._fair
        if quiet and (first := self._first(me)):  # nothing to note before the plan ends
            self._fair = count + FAIR
            self.next_event = min(self._turn, self._fair, self.rules.cap)
            return first
        able = [t for t in self.live if t.ready is None or t.ready()]
        goes_on = me is not None and me in able
        task: Task | None = None
        if count == self._turn:
            if self._plan[self._position][1] >= 0:  # a choice of those who then can
                able = able or self._advance()
            task = self._planned(able, goes_on)
        if task is None:
            able = able or self._advance()
            if not able:
                if self.failure is None:
                    self.failure = Failure(*explain_standstill(self.tasks))
                return None
            default = self._default(me, able, goes_on)
            task = default
            if self._picker is not None:
                sleepers = self._sleepers()
                who = self._picker.pick(count, [t.number for t in able], sleepers)
                task = self.tasks[who if who >= 0 else ~who]
                if task is not default or who < 0:
                    self._take(count, who, goes_on, task)
            elif count > self._last:
                self._note_choice(count, able, default, int(goes_on and default is me))
        if task is not me:
            self._fair = count + FAIR
        quiet_until = min(self._turn, self._fair, self.rules.cap)
        self.next_event = 0 if self._picker else quiet_until
        return task

    def _note_choice(
        self, count: int, able: list[Task], default: Task, cost: int
    ) -> None:
        """Note what else could have been chosen, and who could have woken early."""
        if cost <= self._left:
            for other in able:
                if other is not default:
                    self.branches.append((count, other.number, cost))
        if self._left and self._nudging:
            for other in self.tasks:
                if not other.done and other not in able:
                    self._nudge(count, other)

    def _first(self, me: Task | None) -> Task | None:
        """The default, when `me` cannot go on: the next thread that can run."""
        if me is None:
            order = self.tasks
        elif me.ready is None or me.ready():
            return None
        else:
            order = self.tasks[me.number + 1 :] + self.tasks[: me.number]
        for task in order:
            if not task.done and (task.ready is None or task.ready()):
                return task
        return None

    def _planned(self, able: list[Task], goes_on: bool) -> Task | None:
        """Make the plan's next choice, if it is possible."""
        who = self._plan[self._position][1]
        self._position += 1
        more = self._position < len(self._plan)
        self._turn = self._plan[self._position][0] if more else NEVER
        number = who if who >= 0 else ~who
        task = self.tasks[number] if number < len(self.tasks) else None
        if task is not None and not task.done:
            if who >= 0 and task in able:
                return self._take(self.count, who, goes_on, task)
            rules = self.rules  # a plan made shorter may name one who cannot go on
            early = rules.spurious and task.drowsy
            if who >= 0:
                early = rules.hasty and task.deadline is not None
            if early and self._wake_early(task, who):
                return self._take(self.count, who, goes_on, task)
        if self._strict:
            self.failure = Failure(
                "diverged", "the program did not do the same again: is it random?"
            )
        return None

    def _wake_early(self, task: Task, who: int) -> bool:
        if who < 0:
            task.woken = True
        else:
            self.clock = max(self.clock, task.deadline or 0.0)
        return task.ready is None or task.ready()

    def _take(self, count: int, who: int, goes_on: bool, task: Task) -> Task:
        """Book a choice that is not the default."""
        self.taken.append((count, who))
        self.preemptions += goes_on or who < 0
        if who < 0:
            task.woken = True
        return task

    def _default(self, me: Task | None, able: list[Task], goes_on: bool) -> Task:
        if me is None:
            return able[0]
        if goes_on and me.op != "yield" and self.count < self._fair:
            return me
        return next((t for t in able if t.number > me.number), able[0])

    def _sleepers(self) -> list[int]:
        if not self.rules.spurious:
            return []
        return [
            t.number
            for t in self.tasks
            if not t.done and t.drowsy and self._would_wake(t)
        ]

    @staticmethod
    def _would_wake(task: Task) -> bool:
        """Whether a spurious wake-up alone lets a sleeper go on."""
        if task.woken or task.ready is None or task.ready():
            return False
        task.woken = True
        able = task.ready()
        task.woken = False
        return able

    def _advance(self) -> list[Task]:
        """No thread can run: let time pass until one can."""
        while True:
            due = [
                t.deadline
                for t in self.tasks
                if not t.done and t.deadline is not None and t.deadline > self.clock
            ]
            if not due or not self.needed:
                return []
            self.clock = min(due)
            able = [t for t in self.live if t.ready is None or t.ready()]
            if able:
                return able
