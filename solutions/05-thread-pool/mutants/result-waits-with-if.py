"""result waits under an `if`: any wake-up makes it return.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait until it is done, and return its exception, or None."""
        with self._settled:
            if not self._is_done() and not self._settled.wait(timeout):
                raise TimeoutError("not done in time")
            if self._state == CANCELLED:
                raise Cancelled("the future was cancelled")
            return self._error
