"""get from a closed, empty queue raises TimeoutError, not Closed.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def get(self, timeout: float | None = None) -> Any:
        """Remove the oldest item and return it, waiting while there is none."""
        with self._lock:
            self._getters += 1
            self._has_room.notify()
            try:
                able = self._has_item.wait_for(self._may_get, timeout)
            finally:
                self._getters -= 1
            if self._items:
                self._has_room.notify()
                return self._items.popleft()
            raise TimeoutError("closed") if able else TimeoutError("no item")
