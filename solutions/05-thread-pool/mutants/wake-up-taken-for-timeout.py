"""A result with a timeout gives up at any wake-up, before its time is over.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait until it is done, and return its exception, or None."""
        with self._settled:
            if timeout is None:
                self._settled.wait_for(self._is_done)
            elif not self._is_done():
                self._settled.wait(timeout)
            if not self._is_done():
                raise TimeoutError("not done in time")
            if self._state == CANCELLED:
                raise Cancelled("the future was cancelled")
            return self._error
