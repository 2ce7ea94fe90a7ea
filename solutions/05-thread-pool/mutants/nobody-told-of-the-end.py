"""The last worker wakes nobody who waits for the end.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def _leave(self) -> None:
        self._size -= 1
