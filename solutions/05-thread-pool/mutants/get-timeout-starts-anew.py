"""Each wake-up of get starts its timeout anew.

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
                able = self._may_get()
                while not able and self._has_item.wait(timeout):
                    able = self._may_get()
                able = self._may_get()
            finally:
                self._getters -= 1
            if self._items:
                self._has_room.notify()
                return self._items.popleft()
            raise Closed("get from a closed queue") if able else TimeoutError("no item")
