"""shutdown_now copies the queue, lets the lock go, and empties it afterwards.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def shutdown_now(self):
        with self._lock:
            left = list(self._queue)
        self.shutdown()
        with self._lock:
            self._queue.clear()
        return left
