"""The queue takes one task more than its capacity.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _has_room(self) -> bool:
        if self._capacity is None:
            return True
        return len(self._queue) <= (self._capacity or self._idle - 1)
