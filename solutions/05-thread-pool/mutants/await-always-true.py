"""await_termination returns True when its time is over, too.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def await_termination(self, timeout: float | None = None) -> bool:
        """Wait until it is terminated; return False where the time was up first."""
        with self._lock:
            self._ended.wait_for(self._is_over, timeout)
            return True
