"""result of a cancelled future returns None.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait until it is done, and return its exception, or None."""
        with self._settled:
            if not self._settled.wait_for(self._is_done, timeout):
                raise TimeoutError("not done in time")
            if self._state == CANCELLED:
                return None
            return self._error
