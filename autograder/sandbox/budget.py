"""What a submission and its processes may use, in seconds and megabytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from autograder.student.errors import StudentTimeout
from autograder.student.lesson import Task
from autograder.student.report import gettext

#: Tests that one process may serve; the kernel ends it long after their seconds.
TESTS = 64
_SLEEPS, _GRACE_S = 3.0, 2.0  # seconds of sleep granted per CPU second, and besides
_JUDGE = 3.0  # CPU seconds of the judge, likewise
SYSTEM = 2.0  # seconds of the kernel's work for it, per second of its own code


@dataclass(frozen=True)
class Budget:
    """What one process may use."""

    cpu_s: float  # of the reference machine: see pace.py
    memory_mb: int

    @property
    def sleep_s(self) -> float:
        """Seconds for which it may sleep; sleep takes as long on every machine."""
        return self.cpu_s * _SLEEPS + _GRACE_S

    def judge_s(self, pace: float) -> float:
        """CPU seconds for which it may keep the judge busy: right ones take a tenth."""
        return (self.cpu_s * _JUDGE + _GRACE_S) * pace

    def backstop_s(self, pace: float) -> float:
        """CPU seconds after which the kernel ends it: TESTS times all that we grant."""
        return TESTS * (self.cpu_s * pace * (1 + SYSTEM) + _GRACE_S)


@dataclass(frozen=True)
class Spent:
    """Seconds that a submission has spent."""

    cpu_s: float = 0.0  # of its own code, on the reference machine
    slept_s: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.cpu_s + other.cpu_s, self.slept_s + other.slept_s)

    def is_over(self, most: Spent) -> bool:
        """Tell whether either is more."""
        return self.cpu_s > most.cpu_s or self.slept_s > most.slept_s


LOAD = Budget(cpu_s=3.0, memory_mb=1024)  # for running one cell of a submission
CLEAN = Budget(cpu_s=20.0, memory_mb=1024)  # for running recorded kernels
#: For telling how a test process ended, beside children that it may have left spinning.
FAREWELL = Budget(cpu_s=1.0, memory_mb=0)
#: What one submission may spend in all, and on being loaded: many small waits add up.
IN_ALL = Spent(cpu_s=180.0, slept_s=240.0)
ON_LOADING = Spent(cpu_s=30.0, slept_s=30.0)
#: Once a test took too long, the others of its task, and of what rests on it, have a
#: quarter of its seconds: right answers take a tenth. After three, no other is run.
_LATE_SHARE, _LATE_TESTS = 0.25, 3


class Allowance:
    """What one submission has left for its tests."""

    def __init__(self) -> None:
        self.spent = Spent()
        #: Tests that took too long, by task; whoever lends it functions may clear it.
        self.late: Counter[str] = Counter()

    def grant(self, task: Task) -> Budget:
        """Return what the next test of a task may use.

        Raises:
            StudentTimeout: all its tests together, or those of the task, took too long.
        """
        if self.spent.is_over(IN_ALL):
            text = gettext("all checks together took {:g} s, or waited for {:g} s")
            raise StudentTimeout(text.format(IN_ALL.cpu_s, IN_ALL.slept_s))
        late = sum(self.late[name] for name in (task.name, *task.rests_on))
        if late >= _LATE_TESTS:
            self.late[task.name] += 1
            raise StudentTimeout(gettext("not run: too many before it took too long"))
        share = _LATE_SHARE if late else 1.0
        return Budget(task.seconds * share, task.memory_mb)
