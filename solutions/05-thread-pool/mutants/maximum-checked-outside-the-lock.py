"""The number of workers is checked outside the lock: the pool grows beyond maximum.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def execute(self, task):
        full = self._size >= self._maximum
        with self._lock:
            if self._size < self._core or self._has_room() or self._shut:
                accepted = self._accept(task)
            else:
                accepted = not full
                if accepted:
                    self._hire(task)
        if not accepted:
            self._policy(task, self)
