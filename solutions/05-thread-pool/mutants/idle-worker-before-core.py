"""An idle worker is used before core workers are there: that is Python's rule.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _accept(self, task: Callable[[], object]) -> bool:
        if self._shut:
            return False
        if self._size < self._core and self._idle <= len(self._queue):
            self._hire(task)
        elif self._has_room():
            self._queue.append(task)
            self._task_came.notify()
            if not self._size:
                self._hire()
        elif self._size < self._maximum:
            self._hire(task)
        else:
            return False
        return True
