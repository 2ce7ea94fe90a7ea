"""A worker beyond core begins with the oldest queued task: it must run its own.

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
            self._task_came.notify()
            if not self._size:
                self._hire()
        elif self._size < self._maximum:
            if self._queue:
                self._queue.append(task)
                task = self._queue.popleft()
            self._hire(task)
        else:
            return False
        return True
