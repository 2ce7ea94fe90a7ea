"""put waits under an `if`: after a wake-up it adds where there may be no room.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def put(self, item: Any, timeout: float | None = None) -> None:
        """Add an item, waiting while there is no room."""
        with self._lock:
            able = self._may_put() or self._has_room.wait(timeout)
            if self._closed:
                raise Closed("put into a closed queue")
            if not able:
                raise TimeoutError("no room in time")
            self._items.append(item)
            self._unfinished += 1
            self._has_item.notify()
