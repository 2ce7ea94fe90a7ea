"""shutdown waits for the workers: a task that shuts its own pool down hangs.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def shutdown(self) -> None:
        """Take no more tasks; run those in the queue, then end all workers."""
        with self._lock:
            self._shut = True
            self._task_came.notify_all()
            self._ended.notify_all()
            self._ended.wait_for(self._is_over)
