"""The default workers are daemons where their maker is: Python does not wait for them.

task: shutdown_and_await
look: Chapter, step 6.
"""


class ThreadPool(ThreadPool):
    def _name_thread(self, run: Callable[[], object]) -> threading.Thread:
        name = f"worker-{next(self._names)}"
        return threading.Thread(target=run, name=name)
