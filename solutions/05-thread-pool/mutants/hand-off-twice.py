"""With capacity 0 two tasks are handed to the one idle worker.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _has_room(self) -> bool:
        if self._capacity is None:
            return True
        if self._capacity == 0:
            return self._idle > 0
        return len(self._queue) < self._capacity
