"""A replacement is hired before the failed worker is taken off: largest grows.

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
                if self._queue or not self._shut:
                    self._hire()
                self._leave()
            raise
