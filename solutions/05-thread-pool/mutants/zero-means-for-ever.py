"""A timeout of 0 is taken for no timeout: it waits for ever.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def put(self, item: Any, timeout: float | None = None) -> None:
        """Add an item, waiting while there is no room."""
        with self._lock:
            able = self._has_room.wait_for(self._may_put, timeout or None)
            if self._closed:
                raise Closed("put into a closed queue")
            if not able:
                raise TimeoutError("no room in time")
            self._items.append(item)
            self._unfinished += 1
            self._has_item.notify()

    def get(self, timeout: float | None = None) -> Any:
        """Remove the oldest item and return it, waiting while there is none."""
        with self._lock:
            self._getters += 1
            self._has_room.notify()
            try:
                able = self._has_item.wait_for(self._may_get, timeout or None)
            finally:
                self._getters -= 1
            if self._items:
                self._has_room.notify()
                return self._items.popleft()
            raise Closed("get from a closed queue") if able else TimeoutError("no item")
