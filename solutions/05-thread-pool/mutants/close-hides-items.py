"""After close, get raises Closed though there are items inside.

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
            if self._items and not self._closed:
                self._has_room.notify()
                return self._items.popleft()
            raise Closed("get from a closed queue") if able else TimeoutError("no item")
