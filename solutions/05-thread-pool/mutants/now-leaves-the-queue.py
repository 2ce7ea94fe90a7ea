"""shutdown_now leaves the tasks in the queue: they run all the same.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def shutdown_now(self) -> list[Callable[[], object]]:
        """Shut down, and take all tasks out of the queue, too."""
        with self._lock:
            self._shut = True
            left = list(self._queue)
            self._task_came.notify_all()
            self._ended.notify_all()
            return left
