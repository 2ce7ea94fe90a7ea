"""A task that fails is not counted as completed.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _run(self, task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException:
            with self._lock:
                self._active -= 1
            raise
        with self._lock:
            self._active -= 1
            self._completed += 1
