"""SystemExit and KeyboardInterrupt in a task end a worker that is not replaced.

task: ThreadPool
severity: edge
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _work(self, task: Callable[[], object] | None) -> None:
        try:
            if task is not None:
                self._run(task)
            while (task := self._take()) is not None:
                self._run(task)
        except Exception:
            with self._lock:
                self._leave()
                if self._queue or not self._shut:
                    self._hire()
            raise
