"""A late callback makes all callbacks run again.

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
            self._callbacks.append(callback)
        self._call_back()
