"""A worker that fails after shutdown is not replaced, though tasks are queued.

task: shutdown_and_await
look: Chapter, step 6.
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
                if not self._shut:
                    self._hire()
            raise
