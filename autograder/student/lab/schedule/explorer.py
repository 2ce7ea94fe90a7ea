"""The search for a failing schedule, and its shortening."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from .modules import compiled, namespace
from .pending import Pending
from .picker import Picker
from .scheduler import Run
from .story import tell
from .task import Plan, Rules
from .threads import MainThread

Progress = Callable[[int, int], object]
Program = str | Callable[[], object]


@dataclass(frozen=True)
class Result:
    """What an exploration found; plain data."""

    kind: str  # ok, or what went wrong
    message: str
    story: tuple[str, ...]
    # (step, thread that goes instead); ~thread wakes for no reason; (0, flags) first
    # where releases (1) or attribute accesses (2) were steps.
    schedule: Plan
    preemptions: int
    length: int  # steps of the failing run
    schedules: int  # runs made by the search
    steps: int  # steps made by the search
    seconds: float
    complete: bool  # every schedule up to the bound was run

    @property
    def failed(self) -> bool:
        return self.kind != "ok"


class Search:
    """One program, the rules it runs under, and the books of the search."""

    def __init__(
        self,
        program: Program,
        invariant: Program | None,
        rules: Rules,
        progress: Progress | None = None,
    ) -> None:
        self.names: dict[str, Any] = {}
        self.rules = rules
        self.schedules = self.steps = 0
        self.progress = progress
        self.started = time.monotonic()
        self.code = compiled(program) if isinstance(program, str) else None
        self.call = program if callable(program) else self._execute
        if isinstance(invariant, str):
            self.rule = compile(invariant, "<invariant>", "eval")
            rules.invariant = self._evaluate
        elif invariant is not None:
            rules.invariant = invariant

    def _execute(self) -> None:
        assert self.code is not None
        exec(self.code, self.names)

    def _evaluate(self) -> object:
        try:
            return eval(self.rule, self.names)
        except NameError:
            return True  # what it speaks of does not exist yet

    def run(self, plan: Plan = (), left: int = 0, **how: Any) -> Run:
        while True:
            run = Run(self.rules, plan, left, **how)
            if self.code is not None:
                self.names = namespace()
            run.execute(MainThread(), self.call)
            if run.fatal is not None:
                raise run.fatal
            self.schedules += 1
            self.steps += run.count
            if self.schedules % 256 == 0:
                gc.collect(1)
                if self.progress is not None:
                    self.progress(self.schedules, self.steps)
            if not run.again:
                return run
            if plan:
                raise Restart

    def _counts(self) -> tuple[int, int, float]:
        return self.schedules, self.steps, self.spent()

    def _flags(self) -> Plan:
        flags = self.rules.probing + 2 * self.rules.racing
        return ((0, flags),) if flags else ()

    def spent(self) -> float:
        return time.monotonic() - self.started

    def result(self, run: Run | None, complete: bool = False) -> Result:
        if run is None or run.failure is None:
            return Result("ok", "", (), (), 0, 0, *self._counts(), complete)
        found = run.failure
        told = self.run(tuple(run.taken), story=True, strict=True)
        final = told.failure or found
        return Result(
            final.kind,
            final.message,
            tuple(tell(told.story or [], f"{final.kind}: {final.message}")),
            self._flags() + tuple(told.taken),
            told.preemptions,
            told.count,
            self.schedules,
            self.steps,
            self.spent(),
            False,
        )


def _flagged(rules: Rules, plan: Plan) -> Plan:
    """Take from a schedule the operations that were steps when it was recorded."""
    if plan and plan[0][0] == 0:
        rules.probing = bool(plan[0][1] & 1)
        rules.racing = bool(plan[0][1] & 2)
        return plan[1:]
    return plan


class Restart(Exception):
    """A run met something that makes more operations steps: search again."""


def _bounded(
    search: Search, bound: int, schedules: int, seconds: float
) -> tuple[Run | None, bool]:
    """Every schedule with no preemption, then with one, and so on."""
    pending = [Pending() for _ in range(bound + 1)]
    first = True
    for used, stack in enumerate(pending):
        while stack or first:
            plan: Plan = () if first else stack.pop()
            first = False
            run = search.run(plan, bound - used)
            if run.failure is not None:
                return _shorter(search, run, stack, bound - used), False
            left = schedules - search.schedules
            if run.branches:
                stack.push(plan, run.branches, 0, left)
                if used < bound:
                    pending[used + 1].push(plan, run.branches, 1, left)
            if left <= 0 or search.spent() > seconds:
                return None, not any(pending) and not _dropped(pending)
    return None, not _dropped(pending)


def _dropped(pending: list[Pending]) -> bool:
    return any(stack.dropped for stack in pending)


def _shorter(search: Search, best: Run, stack: Pending, left: int) -> Run:
    """Look a little further among schedules with as many preemptions."""
    for _ in range(min(200, len(stack))):
        plan = stack.pop()
        run = search.run(plan, left)
        if _better(run, best):
            best = run
        stack.push(plan, run.branches, 0, 200)
        if not stack:
            break
    return best


def _same(run: Run, other: Run) -> bool:
    return bool(
        run.failure and other.failure and run.failure.kind == other.failure.kind
    )


def _size(run: Run) -> tuple[int, int, int]:
    return run.preemptions, len(run.taken), run.count


def shrink(search: Search, best: Run) -> Run:
    """Drop choices, then make them earlier or later, while it fails alike."""
    while True:
        shorter = _moved(search, _fewer(search, best))
        if shorter is best:
            return best
        best = shorter


def _fewer(search: Search, best: Run) -> Run:
    """Drop choices, many at once and then one by one."""
    size = max(len(best.taken) // 2, 1)
    while best.taken:
        start, smaller = len(best.taken), False
        while start > 0:
            low = max(start - size, 0)
            run = search.run(tuple(best.taken[:low] + best.taken[start:]))
            if _better(run, best):
                best, smaller = run, True
                start = min(low, len(best.taken))
            else:
                start = low
        if not smaller:
            if size == 1:
                break
            size = max(size // 2, 1)
    return best


_TRIES = 300  # runs that moving choices may cost


def _moved(search: Search, best: Run) -> Run:
    """Move single choices to other steps where that makes the run shorter."""
    tries = _TRIES
    index = 0
    while index < len(best.taken):
        step, who = best.taken[index]
        low = best.taken[index - 1][0] + 1 if index else 1
        more = index + 1 < len(best.taken)
        high = best.taken[index + 1][0] if more else best.count
        others = sorted(set(range(low, high)) - {step}, key=lambda s: abs(s - step))
        for other in others[: tries // 2 + 1]:
            tries -= 1
            taken = [*best.taken]
            taken[index] = (other, who)
            run = search.run(tuple(taken))
            if _better(run, best):
                best = run
                break
            if tries <= 0:
                return best
        else:
            index += 1
    return best


def _better(run: Run, best: Run) -> bool:
    return _same(run, best) and _size(run) < _size(best)


def _random(search: Search, count: int, seed: int, end: float) -> Run | None:
    random = Random(seed)
    length = 50
    for number in range(count):
        doze = 0.05 if search.rules.spurious else 0.0
        run = search.run(picker=Picker(random, 1 + number % 4, length, doze))
        length = max(length, run.count)
        if run.failure is not None:
            return run
        if search.spent() > end:
            break
    return None


def explore(
    program: Program,
    *,
    bound: int = 2,
    schedules: int = 100_000,
    random_schedules: int = 1000,
    seed: int = 0,
    spurious: bool = False,
    hasty: bool = False,
    races: bool = True,
    invariant: Program | None = None,
    seconds: float = 60.0,
    cap: int = 5000,
    fatal: tuple[type[BaseException], ...] = (),
    progress: Progress | None = None,
) -> Result:
    """Run a program under many schedules, until one fails.

    Args:
        program: source, run anew each time as `__main__` with the fakes in place, or
            a callable, which must build all it uses anew.
        bound: preemptions of the exhaustive part; a spurious wake-up counts as one.
        schedules: at most so many runs of the exhaustive part.
        random_schedules: so many random priority schedules after it.
        seed: of the random schedules.
        spurious: `Condition.wait` may return for no reason.
        hasty: timeouts may expire while other threads can still run.
        races: report unordered accesses of watched objects.
        invariant: checked at each step; source of an expression over the program's
            names, or a callable. False or an AssertionError fails.
        seconds: time for the search.
        cap: steps of a run beyond which it is a livelock.
        fatal: exceptions that end the search and are raised from here.
        progress: told the schedules and steps so far, every 256 schedules.
    """
    rules = _rules(program, fatal, spurious, hasty, races, cap)
    search = Search(program, invariant, rules, progress)
    collecting = gc.isenabled()
    gc.disable()  # the search collects now and then: cheaper by a tenth
    try:
        while True:
            try:
                run, complete = _bounded(search, bound, schedules, seconds)
                if run is None and random_schedules:
                    run = _random(search, random_schedules, seed, seconds)
                best = None if run is None else shrink(search, run)
                return search.result(best, complete)
            except Restart:
                continue
    finally:
        if collecting:
            gc.enable()


def _rules(
    program: Program,
    fatal: tuple[type[BaseException], ...],
    spurious: bool,
    hasty: bool,
    races: bool,
    cap: int,
) -> Rules:
    """The rules; a function must return, while a script may exit."""
    strict = callable(program)
    return Rules(spurious, hasty, races, cap, strict_exit=strict, fatal=fatal)


def replay(
    program: Program,
    schedule: Plan,
    *,
    spurious: bool = False,
    hasty: bool = False,
    races: bool = True,
    invariant: Program | None = None,
    cap: int = 5000,
    fatal: tuple[type[BaseException], ...] = (),
) -> Result:
    """Run a program under one recorded schedule (`diverged` if it does not fit)."""
    rules = _rules(program, fatal, spurious, hasty, races, cap)
    search = Search(program, invariant, rules)
    plan = _flagged(rules, tuple((int(step), int(who)) for step, who in schedule))
    for _ in range(3):  # releases or accesses may turn out to be steps
        try:
            run = search.run(plan, story=True, strict=True)
        except Restart:
            continue
        if run.failure is not None and run.failure.kind == "diverged":
            counts = (run.count, *search._counts())
            return Result("diverged", run.failure.message, (), plan, 0, *counts, False)
        return search.result(run)
    raise AssertionError("the rules change at most twice")
