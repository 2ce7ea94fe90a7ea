"""The schedule explorer: threads run one step at a time, under every interleaving.

    result = explore(source, bound=2, spurious=True)
    print("\\n".join(result.story))
    replay(source, result.schedule, spurious=True)

`explored_modules()` gives the fake `threading`, `queue` and `time` that the source
imports; `load` runs a source once with them; `watch` makes the attribute accesses of
an object or class steps, among which data races are found.

A submission that is judged goes through `Program`, which refuses what could tamper
with the explorer; `scenario` defines the judge's function beside it.
"""

from __future__ import annotations

from .explorer import Result, explore, replay
from .modules import explored_modules, load
from .program import Module, Program, scenario
from .races import watch
from .same import same, value
from .script import Script
from .task import Missing

__all__ = [
    "Missing",
    "Module",
    "Program",
    "Result",
    "Script",
    "explore",
    "explored_modules",
    "load",
    "replay",
    "same",
    "scenario",
    "value",
    "watch",
]
