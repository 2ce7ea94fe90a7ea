"""start looks at the state before it takes the lock: cancel may come in between.

task: Future
severity: idea
look: Chapter, step 4.
"""


class Future(Future):
    def start(self):
        if self._state not in (PENDING, CANCELLED):
            raise InvalidState(f"start a future that is {self._state}")
        if self._state == CANCELLED:
            return False
        with self._settled:
            self._state = RUNNING
            return True
