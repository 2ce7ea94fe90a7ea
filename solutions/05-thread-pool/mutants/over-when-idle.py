"""A pool that is not shut down counts as terminated when it has no worker.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def _is_over(self) -> bool:
        return not self._size and not self._queue
