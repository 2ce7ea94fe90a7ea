"""get wakes nobody: a thread that waits in put sleeps on.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def get(self, timeout: float | None = None) -> Any:
        """Remove the oldest item and return it, waiting while there is none."""
        with self._lock:
            self._getters += 1
            try:
                able = self._has_item.wait_for(self._may_get, timeout)
            finally:
                self._getters -= 1
            if self._items:
                return self._items.popleft()
            raise Closed("get from a closed queue") if able else TimeoutError("no item")
