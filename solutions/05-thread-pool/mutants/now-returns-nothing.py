"""shutdown_now returns an empty list.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def shutdown_now(self) -> list[Callable[[], object]]:
        """Shut down, and take all tasks out of the queue, too."""
        with self._lock:
            self._shut = True
            left = []
            self._queue.clear()
            self._task_came.notify_all()
            self._ended.notify_all()
            return left
