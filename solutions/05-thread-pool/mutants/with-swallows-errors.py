"""A with block swallows what was raised in it.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def __exit__(self, *error):
        self.shutdown()
        return self.await_termination()
