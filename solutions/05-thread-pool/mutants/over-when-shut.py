"""The pool counts as terminated when it is shut down, though tasks run.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def _is_over(self) -> bool:
        return self._shut
