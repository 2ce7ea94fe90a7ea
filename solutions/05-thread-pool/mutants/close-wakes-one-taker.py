"""close wakes one thread that waits in get; the others sleep on.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def close(self) -> None:
        """Accept no more items, and wake every thread that waits in vain."""
        with self._lock:
            self._closed = True
            self._has_item.notify()
            self._has_room.notify_all()
