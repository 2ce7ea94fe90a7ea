"""running() stays True when the future is done.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def running(self) -> bool:
        """Return whether it was started and is not done."""
        with self._settled:
            return self._state in (RUNNING, FINISHED)
