"""One item more than the capacity fits.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def _may_put(self) -> bool:
        if self._closed or self._capacity is None:
            return True
        # A hand-off has as much room as there are threads waiting for an item.
        return len(self._items) < (
            self._capacity + 1 if self._capacity else self._getters
        )
