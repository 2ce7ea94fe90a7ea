"""task_done counts without the lock: two threads at once lose a report.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def task_done(self):
        if not self._unfinished:
            raise ValueError("task_done called more often than put")
        self._unfinished -= 1
        if not self._unfinished:
            with self._lock:
                self._all_done.notify_all()
