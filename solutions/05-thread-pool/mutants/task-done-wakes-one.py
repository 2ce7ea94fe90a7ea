"""task_done wakes one of the threads that wait in join.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def task_done(self) -> None:
        """Report one item that was got as dealt with."""
        with self._lock:
            if not self._unfinished:
                raise ValueError("task_done called more often than put")
            self._unfinished -= 1
            if not self._unfinished:
                self._all_done.notify()
