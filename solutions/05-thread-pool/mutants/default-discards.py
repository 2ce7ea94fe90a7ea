"""Without a policy the pool discards silently; the default is abort.

task: discard_oldest
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
    def __init__(
        self,
        core: int,
        maximum: int,
        keep_alive: float = 0.0,
        capacity: int | None = None,
        policy: Callable[[Callable[[], object], "ThreadPool"], object] = discard,
        thread_factory: Callable[[Callable[[], object]], threading.Thread]
        | None = None,
    ) -> None:
        if core < 0 or maximum < 1 or maximum < core or keep_alive < 0:
            raise ValueError(
                "needs 0 <= core <= maximum, 1 <= maximum, 0 <= keep_alive"
            )
        if capacity is not None and capacity < 0:
            raise ValueError(f"capacity must not be negative, got {capacity}")
        self._core, self._maximum, self._keep_alive = core, maximum, keep_alive
        self._capacity, self._policy = capacity, policy
        self._factory = thread_factory or self._name_thread
        self._names = itertools.count(1)
        self._queue: deque[Callable[[], object]] = deque()
        self._shut = False
        self._size = self._active = self._idle = self._largest = self._completed = 0
        self._lock = threading.Lock()
        self._task_came = threading.Condition(self._lock)
        self._ended = threading.Condition(self._lock)
