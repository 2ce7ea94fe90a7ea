"""await_termination waits under an `if`: any wake-up ends it.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def await_termination(self, timeout: float | None = None) -> bool:
        """Wait until it is terminated; return False where the time was up first."""
        with self._lock:
            return self._is_over() or self._ended.wait(timeout)
