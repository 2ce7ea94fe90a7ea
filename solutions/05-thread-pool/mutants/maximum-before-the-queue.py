"""New workers are started up to maximum before the queue is used.

task: ThreadPool
severity: idea
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _accept(self, task: Callable[[], object]) -> bool:
        if self._shut:
            return False
        if self._size < self._maximum:
            self._hire(task)
        elif self._has_room():
            self._queue.append(task)
            self._task_came.notify()
        else:
            return False
        return True
