"""A capacity of 0 is taken for no bound.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def _may_put(self) -> bool:
        if self._closed or not self._capacity:
            return True
        # A hand-off has as much room as there are threads waiting for an item.
        return len(self._items) < (self._capacity or self._getters)
