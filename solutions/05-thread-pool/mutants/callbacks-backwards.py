"""Callbacks run in the reverse order.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _call_back(self) -> None:
        for callback in reversed(self._callbacks):  # nobody adds to it any more
            self._call(callback)
