"""A task put into the queue wakes no idle worker.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _accept(self, task: Callable[[], object]) -> bool:
        if self._shut:
            return False
        if self._size < self._core:
            self._hire(task)
        elif self._has_room():
            self._queue.append(task)
            if not self._size:
                self._hire()
        elif self._size < self._maximum:
            self._hire(task)
        else:
            return False
        return True
