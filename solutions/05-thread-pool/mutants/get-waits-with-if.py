"""get waits under an `if`: after a wake-up it takes what may not be there.

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
                able = True
                if not self._may_get():
                    able = self._has_item.wait(timeout)
            finally:
                self._getters -= 1
            if not able:
                raise TimeoutError("no item")
            if not self._items and self._closed:
                raise Closed("get from a closed queue")
            self._has_room.notify()
            return self._items.popleft()
