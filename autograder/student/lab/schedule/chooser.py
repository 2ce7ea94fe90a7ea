"""Which thread goes next: the plan's, the picker's, or the one that runs already."""

from __future__ import annotations

from typing import Any

from .blame import stuck
from .picker import Picker
from .races import Books
from .task import Failure, Plan, Rules, Task

FAIR = 400  # steps a thread may keep others waiting: a spinning thread is no livelock
NEVER = 1 << 60


class Chooser(Books):
    """The part of a run that chooses, and notes what else it could have chosen."""

    hub: Any
    current: Any

    def fail(self, kind: str, message: str) -> None:
        raise NotImplementedError

    def _leave(self) -> None:
        raise NotImplementedError

    def __init__(
        self, rules: Rules, plan: Plan, left: int, picker: Picker | None, strict: bool
    ) -> None:
        super().__init__()
        self.rules = rules
        self.plan = plan
        self.left = left
        self.picker = picker
        self.strict = strict
        self.tasks: list[Task] = []
        self.live: list[Task] = []  # those that have not ended
        self.needed = 0  # of these, how many are no daemons
        self.clock = 0.0
        self.count = 0
        self.failure: Failure | None = None
        self.taken: list[tuple[int, int]] = []
        self.branches: list[tuple[int, int, int]] = []
        self.preemptions = 0
        self.position = 0
        self.last = plan[-1][0] if plan else 0
        self.turn = plan[0][0] if plan else NEVER
        self.fair = FAIR
        self.nudging = rules.spurious or rules.hasty
        self.event = 0 if picker else min(self.turn, FAIR, rules.cap)

    def enabled(self) -> list[Task]:
        return [t for t in self.live if t.ready is None or t.ready()]

    def _branch(self, count: int, me: Task) -> None:
        """Note what else could have run instead of `me`, which goes on."""
        for task in self.live:
            if task is me:
                continue
            if task.ready is None or task.ready():
                self.branches.append((count, task.number, 1))
            elif self.nudging:
                self._nudge(count, task)

    def _nudge(self, count: int, task: Task) -> None:
        """Note that a sleeper could wake early, which costs like a preemption."""
        if self.rules.spurious and task.drowsy and not task.woken:
            self.branches.append((count, ~task.number, 1))
        if self.rules.hasty and task.deadline is not None:
            others = (t.deadline for t in self.tasks if t.deadline is not None)
            if self.clock < task.deadline <= min(others):
                self.branches.append((count, task.number, 1))

    def _switch(self, me: Task) -> None:
        if self.count > self.rules.cap:
            self.fail("livelock", f"still busy after {self.rules.cap:,} steps")
        task = self._choose(me)
        if task is None:
            self.hub.switch()
        elif task is not me:
            self.current = task
            task.greenlet.switch()
        if self.over:
            self._leave()

    def _choose(self, me: Task | None) -> Task | None:
        count = self.count
        quiet = count < self.last and count != self.turn and count < self.fair
        if quiet and (first := self._first(me)):  # nothing to note before the plan ends
            self.fair = count + FAIR
            self.event = min(self.turn, self.fair, self.rules.cap)
            return first
        able = [t for t in self.live if t.ready is None or t.ready()]
        goes_on = me is not None and me in able
        task: Task | None = None
        if count == self.turn:
            task = self._planned(able, goes_on)
        if task is None:
            able = able or self._advance()
            if not able:
                self.failure = self.failure or Failure(*stuck(self.tasks))
                return None
            default = self._default(me, able, goes_on)
            task = default
            if self.picker is not None:
                sleepers = self._sleepers()
                who = self.picker.pick(count, [t.number for t in able], sleepers)
                task = self.tasks[who if who >= 0 else ~who]
                if task is not default or who < 0:
                    self._take(count, who, goes_on, task)
            elif count > self.last:
                cost = int(goes_on and default is me)
                if cost <= self.left:
                    for other in able:
                        if other is not default:
                            self.branches.append((count, other.number, cost))
                if self.left and self.nudging:
                    for other in self.tasks:
                        if not other.done and other not in able:
                            self._nudge(count, other)
        if task is not me:
            self.fair = count + FAIR
        self.event = 0 if self.picker else min(self.turn, self.fair, self.rules.cap)
        return task

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
        who = self.plan[self.position][1]
        self.position += 1
        more = self.position < len(self.plan)
        self.turn = self.plan[self.position][0] if more else NEVER
        number = who if who >= 0 else ~who
        task = self.tasks[number] if number < len(self.tasks) else None
        if task is not None and not task.done:
            if who >= 0 and task in able:
                return self._take(self.count, who, goes_on, task)
            early = task.drowsy if who < 0 else task.deadline is not None
            if early and self._wake_early(task, who):
                return self._take(self.count, who, goes_on, task)
        if self.strict:
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
        self.taken.append((count, who))
        self.preemptions += goes_on or who < 0
        if who < 0:
            task.woken = True
        return task

    def _default(self, me: Task | None, able: list[Task], goes_on: bool) -> Task:
        if me is None:
            return able[0]
        if goes_on and me.op != "yield" and self.count < self.fair:
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
        """Nobody can run: let time pass until somebody can."""
        while True:
            due = [
                t.deadline
                for t in self.tasks
                if not t.done and t.deadline is not None and t.deadline > self.clock
            ]
            if not due or not self.needed:
                return []
            self.clock = min(due)
            if able := self.enabled():
                return able
