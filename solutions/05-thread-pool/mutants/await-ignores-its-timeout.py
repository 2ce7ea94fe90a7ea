"""await_termination ignores its timeout.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def await_termination(self, timeout: float | None = None) -> bool:
        """Wait until it is terminated; return False where the time was up first."""
        with self._lock:
            return self._ended.wait_for(self._is_over, None if timeout else 0)
