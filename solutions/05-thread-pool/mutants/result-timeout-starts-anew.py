"""Each wake-up of result starts its timeout anew.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait until it is done, and return its exception, or None."""
        with self._settled:
            while not self._is_done():
                if not self._settled.wait(timeout):
                    break
            if not self._is_done():
                raise TimeoutError("not done in time")
            if self._state == CANCELLED:
                raise Cancelled("the future was cancelled")
            return self._error
