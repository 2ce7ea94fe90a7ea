"""Tasks run while the pool's lock is held: one that asks the pool waits for ever.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _run(self, task: Callable[[], object]) -> None:
        with self._lock:
            try:
                task()
            finally:
                self._active -= 1
                self._completed += 1
