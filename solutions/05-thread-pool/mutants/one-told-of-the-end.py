"""The last worker wakes one of those who wait for the end.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def _leave(self) -> None:
        self._size -= 1
        if self._is_over():
            self._ended.notify()
