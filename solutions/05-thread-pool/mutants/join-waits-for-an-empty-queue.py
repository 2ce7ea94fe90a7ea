"""join returns when the queue is empty, before the items are dealt with.

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
                self._all_done.notify_all()
                return self._items.popleft()
            raise Closed("get from a closed queue") if able else TimeoutError("no item")

    def join(self, timeout: float | None = None) -> bool:
        """Wait until every item ever put was reported as dealt with."""
        with self._lock:
            return self._all_done.wait_for(lambda: not self._items, timeout)
