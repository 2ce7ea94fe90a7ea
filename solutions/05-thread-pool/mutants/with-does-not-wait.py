"""A with block ends before the pool has terminated.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def __exit__(self, *error: object) -> None:
        """Shut down and wait until it is terminated."""
        self.shutdown()
