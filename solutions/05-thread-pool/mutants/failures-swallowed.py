"""What a task of execute raises is swallowed, and its worker lives on.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _run(self, task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException:
            pass
        finally:
            with self._lock:
                self._active -= 1
                self._completed += 1
