"""A callback that is added to a done future is never called.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def add_done_callback(self, callback: Callable[["Future"], object]) -> None:
        """Have `callback(future)` called once when it is done or cancelled."""
        with self._settled:
            if not self._is_done():
                self._callbacks.append(callback)
                return
