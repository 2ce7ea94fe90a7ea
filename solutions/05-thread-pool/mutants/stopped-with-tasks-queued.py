"""A worker ends on shutdown though tasks are queued.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def _take(self) -> Callable[[], object] | None:
        """Wait for the next task; None where this worker has left the pool."""
        with self._lock:
            deadline = time.monotonic() + self._keep_alive
            if self._shut:
                self._leave()
                return None
            while not self._queue:
                surplus = self._size > self._core
                left = deadline - time.monotonic() if surplus else None
                if self._shut or (left is not None and left <= 0):
                    self._leave()
                    return None
                self._idle += 1
                self._task_came.wait(left)
                self._idle -= 1
            self._active += 1
            return self._queue.popleft()
