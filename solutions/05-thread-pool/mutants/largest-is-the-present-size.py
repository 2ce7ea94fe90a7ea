"""largest is the present number of workers.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def stats(self) -> Stats:
        """Count workers and tasks."""
        with self._lock:
            queued = len(self._queue)
            counts = self._size, self._completed
            return Stats(self._size, self._active, queued, *counts)
