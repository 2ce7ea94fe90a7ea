"""A task looks whether it was cancelled, and is not claimed by start.

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
            if future.cancelled():
                return
            try:
                value = function(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(value)

        self.execute(task)
        return future
