"""Bounds what a submission makes the judge itself compute.

It is handed functions of ours and calls them with what it likes, and its answers are as
long as it likes. Either may keep us computing on our side of the wall, where no limit
of the jail holds.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

_AGAIN_S = 1.0  # CPU seconds until what caught the exception meets the next


class OwnTime:
    """A stretch of the judge's work, which its own CPU time ends.

    Works in a process's main thread, where signals arrive; elsewhere nothing is bounded
    by it. One call into C is not interrupted.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._error: Callable[[], Exception] | None = None

    def __enter__(self) -> OwnTime:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGVTALRM, self._end)
        return self

    def allow(self, cpu_s: float, error: Callable[[], Exception]) -> None:
        """Grant so many CPU seconds from now on; whatever runs then meets the error."""
        self._error = error
        if self._before is not None:
            signal.setitimer(signal.ITIMER_VIRTUAL, cpu_s, _AGAIN_S)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not None:
            self._error = None  # a signal may be on its way
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, self._before)
            self._before = None

    def _end(self, number: int, frame: object) -> None:
        if self._error is not None:
            raise self._error()
