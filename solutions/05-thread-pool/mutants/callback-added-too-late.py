"""Whether it is done is checked before the lock is taken: a callback gets lost.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def add_done_callback(self, callback: Callable[["Future"], object]) -> None:
        """Have `callback(future)` called once when it is done or cancelled."""
        if not self.done():
            with self._settled:
                self._callbacks.append(callback)
            return
        self._call(callback)
