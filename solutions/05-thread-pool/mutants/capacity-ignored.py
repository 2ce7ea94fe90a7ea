"""The queue takes any number of tasks, whatever its capacity.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _has_room(self) -> bool:
        return self._capacity != 0 or len(self._queue) < self._idle
