"""execute looks for shutdown before it takes the lock: a task slips in after it.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def execute(self, task: Callable[[], object]) -> None:
        """Run the task at some time in some worker, or reject it."""
        shut = self._shut
        with self._lock:
            now, self._shut = self._shut, shut
            accepted = self._accept(task)
            self._shut = now
        if not accepted:
            self._policy(task, self)
