"""A worker is counted though its thread could not start.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _hire(self, task: Callable[[], object] | None = None) -> None:
        self._size += 1
        self._largest = max(self._largest, self._size)
        self._active += task is not None
        self._factory(lambda: self._work(task)).start()
