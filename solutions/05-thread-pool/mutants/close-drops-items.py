"""close throws the items away.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def close(self) -> None:
        """Accept no more items, and wake every thread that waits in vain."""
        with self._lock:
            self._closed = True
            self._items.clear()
            self._has_item.notify_all()
            self._has_room.notify_all()
