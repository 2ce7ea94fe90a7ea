"""Tasks are counted without the lock: two at once lose one.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _run(self, task: Callable[[], object]) -> None:
        try:
            task()
        finally:
            with self._lock:
                self._active -= 1
            self._completed += 1
