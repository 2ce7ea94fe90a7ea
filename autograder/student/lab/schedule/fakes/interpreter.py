"""`sys` under the explorer: the real one, but for where the threads of a run stand."""

from __future__ import annotations

import sys
from types import FrameType, ModuleType
from typing import Any

from ..execution.run_context import Context


def current_frames() -> dict[int, FrameType]:
    """`sys._current_frames`, by what `threading.get_ident` gives in a run.

    A thread that has not run yet stands where the one that asks does.
    """
    here = sys._getframe(1)
    return {
        task.number + 1: getattr(task.greenlet, "gr_frame", None) or here
        for task in Context.run.tasks
        if not task.done
    }


class _Sys(ModuleType):
    """Passes on what it does not replace."""

    _current_frames = staticmethod(current_frames)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(sys, name, value)


SYS = _Sys("sys", sys.__doc__)
