"""Tasks are accepted after shutdown.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def _accept(self, task: Callable[[], object]) -> bool:
        if self._is_over():
            return False
        if self._size < self._core:
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
