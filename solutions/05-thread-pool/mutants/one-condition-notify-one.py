"""Takers and givers wait on one condition, and only one of them is woken.

task: BoundedQueue
look: Chapter, step 3.
"""


class BoundedQueue(BoundedQueue):
    def __init__(self, capacity: int | None = None) -> None:
        if capacity is not None and capacity < 0:
            raise ValueError(f"capacity must not be negative, got {capacity}")
        self._capacity = capacity
        self._items: deque[Any] = deque()
        self._getters = 0  # threads inside get; those beyond the items are waiting
        self._unfinished = 0
        self._closed = False
        self._lock = threading.Lock()
        self._has_item = threading.Condition(self._lock)
        self._has_room = self._has_item
        self._all_done = threading.Condition(self._lock)
