"""With capacity 0 idle workers are never used: each task starts a new one.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _has_room(self) -> bool:
        if self._capacity is None:
            return True
        return len(self._queue) < self._capacity
