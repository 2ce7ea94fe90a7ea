"""The schedule explorer: threads run one step at a time, under every interleaving.

    result = explore(source, bound=2, spurious=True)
    print("\\n".join(result.story))
    replay(source, result.schedule, spurious=True)
    trace(source, result.schedule).events

A run goes like this. `explore` asks `Runs` for one run after another, each with a plan:
the steps at which another thread than the default goes on. A `Run` makes the program's
threads greenlets and puts itself where the fakes find it (`Context.run`). The program
imports the fakes, and each of their operations calls `Run.step`, which asks the
`Chooser` whose turn it is and switches to that thread. Afterwards the run holds a
failure, or branches: choices that become the plans of later runs.

In reading order, each folder using only those above it:

execution/    one run
    run_context       the run in progress, as the fakes see it; outside any: `IdleRun`
    task              a thread, a failure, a plan, the rules
    run               steps, greenlets, how a run starts and ends
    chooser           whose turn it is, and whose it could have been
    standstill        no thread can go on: deadlock or lost wake-up, and why
    happens_before    vector clocks: which accesses race
    story             where in the program an operation is
    telling           a run told line by line
fakes/        what the program finds instead of the real modules
    base              what all fakes share
    locks, waiting, queues, threads, futures
    modules, imports  the fake modules, and the import statement that gives them
    watch             attribute accesses as steps
    output            what runs print, told in their stories
    interpreter       `sys`, which knows where threads stand
search/       which runs are made
    explorer          `explore` and `replay`: few preemptions first, then random ones
    runs, result      makes and counts runs; what was found
    pending_plans     the plans to come, in little memory
    random_priorities random schedules
    shrinking         shorter schedules for the same failure
    tracing           one run recorded for a figure
submission/   what is explored when it is not mere source
    program           a submission: checked, loaded once, explored with many bodies
    language          which Python it may use; the rest is refused
    ownership         which objects it may change
    allowed_attributes                   the names that it may use
    allowed_builtins, allowed_modules    all that it finds
    allowed_kinds                        enums and named tuples, made as classes only
    line_steps        every line as a step
    snapshot          puts a loaded submission back before each run
    comparison        compares what it returned without running its code
    python_file       a file of one's own, for `autograder explore`
    sharing           what threads share with nothing that orders it
"""

from __future__ import annotations

from .execution.task import Missing, Unexplored
from .fakes.imports import load
from .fakes.modules import explored_modules
from .fakes.output import told_output
from .fakes.watch import watch
from .search.explorer import explore, replay
from .search.result import Result
from .search.tracing import Trace, TraceEvent, trace
from .submission.comparison import same, value
from .submission.program import Module, Program, compiled, scenario
from .submission.python_file import Script
from .submission.sharing import Sharing

__all__ = [
    "Missing",
    "Module",
    "Program",
    "Result",
    "Script",
    "Sharing",
    "Trace",
    "TraceEvent",
    "Unexplored",
    "compiled",
    "explore",
    "explored_modules",
    "load",
    "replay",
    "same",
    "scenario",
    "told_output",
    "trace",
    "value",
    "watch",
]
