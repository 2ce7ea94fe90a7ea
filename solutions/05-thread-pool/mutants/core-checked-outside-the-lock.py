"""The number of workers is checked outside the lock: the pool grows beyond core.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def execute(self, task):
        if not self._shut and self._size < self._core:
            with self._lock:
                self._hire(task)
            return
        with self._lock:
            accepted = self._accept(task)
        if not accepted:
            self._policy(task, self)
