"""A worker that failed is replaced only where fewer than core are left.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _work(self, task: Callable[[], object] | None) -> None:
        try:
            if task is not None:
                self._run(task)
            while (task := self._take()) is not None:
                self._run(task)
        except BaseException:
            with self._lock:
                self._leave()
                if self._size < self._core and (self._queue or not self._shut):
                    self._hire()
            raise
