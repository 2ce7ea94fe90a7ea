"""task_done may be called more often than items were put.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def task_done(self) -> None:
        """Report one item that was got as dealt with."""
        with self._lock:
            self._unfinished -= 1
            if not self._unfinished:
                self._all_done.notify_all()
