"""The exception of a submitted task goes into the future, and ends the worker too.

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
            except BaseException as error:
                future.set_exception(error)
                raise
            else:
                future.set_result(value)

        self.execute(task)
        return future
