"""A get with a timeout gives up at any wake-up, before its time is over.

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
                while not self._may_get():
                    self._has_item.wait(timeout)
                    if timeout is not None:
                        break
                able = self._may_get()
            finally:
                self._getters -= 1
            if self._items:
                self._has_room.notify()
                return self._items.popleft()
            raise Closed("get from a closed queue") if able else TimeoutError("no item")
