"""shutdown_now returns the newest task first.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def shutdown_now(self) -> list[Callable[[], object]]:
        """Shut down, and take all tasks out of the queue, too."""
        with self._lock:
            self._shut = True
            left = list(reversed(self._queue))
            self._queue.clear()
            self._task_came.notify_all()
            self._ended.notify_all()
            return left
