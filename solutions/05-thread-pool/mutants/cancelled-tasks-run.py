"""A task whose future was cancelled runs all the same.

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
            running = future.start()
            try:
                value = function(*args, **kwargs)
            except BaseException as error:
                if running:
                    future.set_exception(error)
            else:
                if running:
                    future.set_result(value)

        self.execute(task)
        return future
