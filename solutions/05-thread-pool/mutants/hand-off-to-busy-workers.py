"""With capacity 0 a task is queued for workers that are busy.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _has_room(self) -> bool:
        if self._capacity is None:
            return True
        return len(self._queue) < (self._capacity or self._size)
