"""A worker waits under an `if`: after a wake-up it takes from an empty queue.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def _take(self):
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
                if left is None and not self._shut:
                    break
            self._active += 1
            return self._queue.popleft()
