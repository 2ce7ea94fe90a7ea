"""A hand-off takes several items for the one get that waits.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def _may_put(self) -> bool:
        if self._closed or self._capacity is None:
            return True
        # A hand-off has as much room as there are threads waiting for an item.
        return (
            self._getters > 0
            if self._capacity == 0
            else len(self._items) < self._capacity
        )
