"""cancel looks at the state before it takes the lock: start may come in between.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def cancel(self):
        if self._state != PENDING:
            return self._state == CANCELLED
        with self._settled:
            self._state = CANCELLED
            self._settled.notify_all()
        self._call_back()
        return True
