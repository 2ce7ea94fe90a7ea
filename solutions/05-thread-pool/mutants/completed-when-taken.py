"""A task is counted as completed when it begins.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _run(self, task: Callable[[], object]) -> None:
        with self._lock:
            self._completed += 1
        try:
            task()
        finally:
            with self._lock:
                self._active -= 1
