"""put looks for room, lets the lock go, and then adds the item.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def put(self, item, timeout=None):
        with self._lock:
            able = self._has_room.wait_for(self._may_put, timeout)
            if self._closed:
                raise Closed("put into a closed queue")
            if not able:
                raise TimeoutError("no room in time")
        with self._lock:
            self._items.append(item)
            self._unfinished += 1
            self._has_item.notify()
