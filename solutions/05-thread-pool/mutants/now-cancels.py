"""shutdown_now cancels the futures of the queued tasks.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def __init__(
        self,
        core: int,
        maximum: int,
        keep_alive: float = 0.0,
        capacity: int | None = None,
        policy: Callable[[Callable[[], object], "ThreadPool"], object] = abort,
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
        self._futures = {}
        self._lock = threading.Lock()
        self._task_came = threading.Condition(self._lock)
        self._ended = threading.Condition(self._lock)

    def submit(
        self, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> "Future":
        """Execute a task that calls the function, and return its Future."""
        future = Future()

        def task() -> None:
            if not future.start():
                return
            try:
                value = function(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(value)

        self._futures[id(task)] = future
        self.execute(task)
        return future

    def shutdown_now(self) -> list[Callable[[], object]]:
        """Shut down, and take all tasks out of the queue, too."""
        with self._lock:
            self._shut = True
            left = list(self._queue)
            self._queue.clear()
            self._task_came.notify_all()
            self._ended.notify_all()
        for task in left:
            future = self._futures.get(id(task))
            if future is not None:
                future.cancel()
        return left
