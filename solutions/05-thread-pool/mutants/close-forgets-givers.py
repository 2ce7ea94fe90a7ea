"""close does not wake threads that wait in put.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def close(self) -> None:
        """Accept no more items, and wake every thread that waits in vain."""
        with self._lock:
            self._closed = True
            self._has_item.notify_all()
