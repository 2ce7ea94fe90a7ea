"""The schedule explorer: threads run one step at a time, under every interleaving.

    result = explore(source, bound=2, spurious=True)
    print("\\n".join(result.story))
    replay(source, result.schedule, spurious=True)

`explored_modules()` gives the fake `threading`, `queue` and `time` that the source
imports; `load` runs a source once with them; `watch` makes the attribute accesses of
an object or class steps, among which data races are found.
"""

from __future__ import annotations

from .explorer import Result, explore, replay
from .modules import explored_modules, load
from .races import watch

__all__ = ["Result", "explore", "explored_modules", "load", "replay", "watch"]
