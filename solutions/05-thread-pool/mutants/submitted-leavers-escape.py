"""A submitted task's SystemExit or KeyboardInterrupt does not reach its future.

task: ThreadPool
look: Chapter, step 5.
"""


class ThreadPool(ThreadPool):
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
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(value)

        self.execute(task)
        return future
