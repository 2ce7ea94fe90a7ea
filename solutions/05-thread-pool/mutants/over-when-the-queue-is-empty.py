"""The pool counts as terminated when the queue is empty, though a task runs.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def _take(self) -> Callable[[], object] | None:
        """Wait for the next task; None where this worker has left the pool."""
        with self._lock:
            deadline = time.monotonic() + self._keep_alive
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
            task = self._queue.popleft()
            if self._is_over():
                self._ended.notify_all()
            return task

    def _is_over(self) -> bool:
        return self._shut and not self._queue
