"""Makes the runs of one exploration and counts them."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from typing import Any

from ..execution.chooser import Picker
from ..execution.run import Run
from ..execution.story import Entry
from ..execution.task import Plan, Rules
from ..execution.telling import tell
from ..fakes.imports import compiled, namespace
from ..fakes.threads import MainThread
from .result import Result

#: Told the schedules and the steps so far.
Progress = Callable[[int, int], object]
#: Source, run anew each time, or a callable, which must build all it uses anew.
Explored = str | Callable[[], object]


class Restart(Exception):
    """A run met something that makes more operations steps: search again."""


class Runs:
    """One program, the rules it runs under, and the counts of the search.

    Attributes:
        rules: may gain `probing` and `racing` while the search goes on.
        schedules: runs made.
        steps: steps made in them.
    """

    def __init__(
        self,
        program: Explored,
        invariant: Explored | None,
        rules: Rules,
        progress: Progress | None = None,
        seconds: float = math.inf,
    ) -> None:
        """Prepare a search.

        Args:
            program: what is run.
            invariant: an expression over the program's names, or a callable; what it
                gives at each step decides whether it holds.
            rules: those of the exploration, which get the invariant.
            progress: told the counts after each run.
            seconds: of the search; a failing schedule is made shorter only in them.

        Raises:
            SyntaxError: the program or the invariant is not Python.
        """
        self.rules = rules
        self.schedules = self.steps = 0
        self._names: dict[str, Any] = {}
        self._progress = progress
        self._started = time.monotonic()
        self._seconds = seconds
        self._code = compiled(program) if isinstance(program, str) else None
        self._call = program if callable(program) else self._execute
        if isinstance(invariant, str):
            self._invariant = compile(invariant, "<invariant>", "eval")
            rules.invariant = self._evaluate
        elif invariant is not None:
            rules.invariant = invariant

    def _execute(self) -> None:
        assert self._code is not None
        exec(self._code, self._names)

    def _evaluate(self) -> object:
        try:
            return eval(self._invariant, self._names)
        except NameError:
            return True  # a name of it is not defined yet

    def run(
        self,
        plan: Plan = (),
        left: int = 0,
        *,
        picker: Picker | None = None,
        story: bool = False,
        strict: bool = False,
    ) -> Run:
        """Make one run.

        Args:
            plan: the schedule.
            left: preemptions that may be added to it: which branches are noted.
            picker: chooses instead of a plan.
            story: whether to tell each operation, which is slower.
            strict: whether a plan that does not fit the program is a failure.

        Raises:
            Restart: the plan was made when fewer operations were steps.
            BaseException: one that the rules call fatal.
        """
        while True:
            told: list[Entry] | None = [] if story else None
            run = Run(self.rules, plan, left, picker, told, strict)
            if self._code is not None:
                self._names = namespace()
            run.execute(MainThread(), self._call)
            if run.fatal is not None:
                raise run.fatal
            self.schedules += 1
            self.steps += run.chooser.count
            if self.schedules % 256 == 0:
                gc.collect(1)
            if self._progress is not None:
                self._progress(self.schedules, self.steps)
            if not run.again:
                return run
            if plan:
                raise Restart

    def late(self, share: float = 1.0) -> bool:
        """Say whether the seconds of the search, or a share of them, are over."""
        return time.monotonic() - self._started > share * self._seconds

    def counts(self) -> tuple[int, int, float]:
        """Return the runs and steps made, and the seconds since the search began."""
        return self.schedules, self.steps, time.monotonic() - self._started

    def result(
        self,
        run: Run | None,
        complete: bool = False,
        completed: int = -1,
        at_random: int = 0,
    ) -> Result:
        """Tell what was found, running a failing schedule once more for its story.

        Args:
            run: the failing run, if there is one.
            complete: whether every schedule up to the bound was run.
            completed: preemptions up to which that is so.
            at_random: runs whose threads were chosen at random.
        """
        if run is None or run.failure is None:
            counts = self.counts()
            reach = complete, completed, at_random
            return Result("ok", "", (), (), 0, 0, *counts, *reach)
        found = run.failure
        told = self.run(tuple(run.chooser.taken), story=True, strict=True)
        final = told.failure or found
        return Result(
            final.kind,
            final.message,
            tuple(tell(told.story or [], f"{final.kind}: {final.message}")),
            self._flags() + tuple(told.chooser.taken),
            told.chooser.preemptions,
            told.chooser.count,
            self.schedules,
            *self.counts()[1:],
            False,
        )

    def mean(self) -> float:
        """Return the steps of a run, on average."""
        return self.steps / max(self.schedules, 1)

    def unfinished(self, length: float) -> Result:
        """Tell that nothing failed, in a search that saw too little to say so.

        Args:
            length: the steps on average up to which it would do.
        """
        message = (
            f"no schedule of {self.schedules:,} fails, but each has about "
            f"{self.mean():,.0f} steps, and with more than {length:g} too few of them "
            "can be run; take out operations on locks that are not needed"
        )
        counts = self.counts()
        return Result("unfinished", message, (), (), 0, 0, *counts, complete=False)

    def _flags(self) -> Plan:
        flags = self.rules.probing + 2 * self.rules.racing
        return ((0, flags),) if flags else ()


def flagged(rules: Rules, plan: Plan) -> Plan:
    """Split off which operations were steps when a schedule was recorded.

    Args:
        rules: gain `probing` and `racing` where the schedule says so.
        plan: a recorded schedule; (0, flags) may stand first.

    Returns:
        The schedule without the flags.
    """
    if plan and plan[0][0] == 0:
        rules.probing = bool(plan[0][1] & 1)
        rules.racing = bool(plan[0][1] & 2)
        return plan[1:]
    return plan
