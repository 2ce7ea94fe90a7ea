"""Idle core workers end after keep_alive, too.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _take(self) -> Callable[[], object] | None:
        """Wait for the next task; None where this worker has left the pool."""
        with self._lock:
            deadline = time.monotonic() + self._keep_alive
            while not self._queue:
                surplus = True
                left = deadline - time.monotonic() if surplus else None
                if self._shut or (left is not None and left <= 0):
                    self._leave()
                    return None
                self._idle += 1
                self._task_came.wait(left)
                self._idle -= 1
            self._active += 1
            return self._queue.popleft()
