"""put looks whether the queue is closed only before it waits.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def put(self, item: Any, timeout: float | None = None) -> None:
        """Add an item, waiting while there is no room."""
        with self._lock:
            if self._closed:
                raise Closed("put into a closed queue")
            able = self._has_room.wait_for(self._may_put, timeout)
            if not able:
                raise TimeoutError("no room in time")
            self._items.append(item)
            self._unfinished += 1
            self._has_item.notify()
