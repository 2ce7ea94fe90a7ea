"""The search: all schedules with few preemptions, then random ones."""

from __future__ import annotations

import gc
import math
from random import Random

from ..execution.run import Run
from ..execution.task import Plan, Rules
from .pending_plans import Pending
from .random_priorities import RandomPriorities
from .result import Result
from .runs import Explored, Progress, Restart, Runs, flagged
from .shrinking import is_better, shrink

_EXHAUSTIVE = 0.8  # of the seconds; random schedules get the rest


def explore(
    program: Explored,
    *,
    bound: int = 2,
    schedules: int = 100_000,
    random_schedules: int = 1000,
    seed: int = 0,
    spurious: bool = False,
    hasty: bool = False,
    races: bool = True,
    invariant: Explored | None = None,
    seconds: float = 60.0,
    cap: int = 5000,
    length: float = math.inf,
    fatal: tuple[type[BaseException], ...] = (),
    progress: Progress | None = None,
    explaining: bool = False,
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
        seconds: time for the search; it ends after the run that exceeds them, and a
            failing schedule is then told as it was found.
        cap: steps of a run beyond which it is a livelock.
        length: steps that a run may have on average where not every schedule up to the
            bound was run; with more, the search saw too little and is `unfinished`.
        fatal: exceptions that end the search and are raised from here.
        progress: told the schedules and steps so far, after each schedule.
        explaining: tell a deadlock from a lost wake-up also where threads wait for each
            other in a condition or starve the pool that they run in. That goes on
            with a program that stands still, which a judge does not.

    Returns:
        What was found; its schedule can be given to `replay`.

    Raises:
        SyntaxError: the program or the invariant is not Python.
        BaseException: one of `fatal`, from a thread of the program.
    """
    rules = _rules(program, fatal, spurious, hasty, races, cap)
    rules.explaining = explaining
    runs = Runs(program, invariant, rules, progress, seconds)
    collecting = gc.isenabled()
    gc.disable()  # the search collects now and then: cheaper by a tenth
    try:
        while True:
            try:
                run, completed = _bounded(runs, bound, schedules)
                complete, before = completed == bound, runs.schedules
                if run is None and random_schedules:
                    run = _random(runs, random_schedules, seed)
                if run is None and not complete and runs.mean() > length:
                    return runs.unfinished(length)
                best = None if run is None else shrink(runs, run)
                at_random = runs.schedules - before
                return runs.result(best, complete, completed, at_random)
            except Restart:
                continue
    finally:
        if collecting:
            gc.enable()


def _rules(
    program: Explored,
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
    program: Explored,
    schedule: Plan,
    *,
    spurious: bool = False,
    hasty: bool = False,
    races: bool = True,
    invariant: Explored | None = None,
    cap: int = 5000,
    fatal: tuple[type[BaseException], ...] = (),
    explaining: bool = False,
) -> Result:
    """Run a program under one recorded schedule.

    Args:
        program: the one that was explored.
        schedule: of a `Result`.
        spurious: as it was explored; the other options too.
        hasty: see `explore`.
        races: see `explore`.
        invariant: see `explore`.
        cap: see `explore`.
        fatal: see `explore`.
        explaining: see `explore`.

    Returns:
        What happened; its kind is `diverged` where the schedule does not fit the
        program.
    """
    rules = _rules(program, fatal, spurious, hasty, races, cap)
    rules.explaining = explaining
    runs = Runs(program, invariant, rules)
    plan = flagged(rules, tuple((int(step), int(who)) for step, who in schedule))
    for _ in range(3):  # releases or accesses may turn out to be steps
        try:
            run = runs.run(plan, story=True, strict=True)
        except Restart:
            continue
        if run.failure is not None and run.failure.kind == "diverged":
            counts = (run.chooser.count, *runs.counts())
            return Result("diverged", run.failure.message, (), plan, 0, *counts, False)
        return runs.result(run)
    raise AssertionError("the rules change at most twice")


def _bounded(runs: Runs, bound: int, schedules: int) -> tuple[Run | None, int]:
    """Every schedule with no preemption, then with one, and so on.

    Returns:
        A run that fails, if there is one; the preemptions up to which all were run.
    """
    pending = [Pending() for _ in range(bound + 1)]
    first = True
    for used, stack in enumerate(pending):
        while stack or first:
            plan: Plan = () if first else stack.pop()
            first = False
            run = runs.run(plan, bound - used)
            if run.failure is not None:
                return _shorter(runs, run, stack, bound - used), used - 1
            left = schedules - runs.schedules
            if branches := run.chooser.branches:
                stack.push(plan, branches, 0, left)
                if used < bound:
                    pending[used + 1].push(plan, branches, 1, left)
            if left <= 0 or runs.late(_EXHAUSTIVE):
                return None, _completed(pending)
    return None, _completed(pending)


def _completed(pending: list[Pending]) -> int:
    """The preemptions up to which no plan is left and none was dropped."""
    for used, stack in enumerate(pending):
        if stack or stack.dropped:
            return used - 1
    return len(pending) - 1


def _shorter(runs: Runs, best: Run, stack: Pending, left: int) -> Run:
    """Look a little further among schedules with as many preemptions."""
    for _ in range(min(200, len(stack))):
        plan = stack.pop()
        run = runs.run(plan, left)
        if is_better(run, best):
            best = run
        stack.push(plan, run.chooser.branches, 0, 200)
        if not stack or runs.late():
            break
    return best


def _random(runs: Runs, count: int, seed: int) -> Run | None:
    """So many random schedules, until one fails or the seconds are spent."""
    random = Random(seed)
    length = 50
    for number in range(count):
        doze = 0.05 if runs.rules.spurious else 0.0
        run = runs.run(picker=RandomPriorities(random, 1 + number % 4, length, doze))
        length = max(length, run.chooser.count)
        if run.failure is not None:
            return run
        if runs.late():
            break
    return None
