"""The policy is called while the pool's lock is held.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def execute(self, task: Callable[[], object]) -> None:
        """Run the task at some time in some worker, or reject it."""
        with self._lock:
            if not self._accept(task):
                self._policy(task, self)
