"""A running future can be started again: its call runs twice.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def start(self) -> bool:
        """Claim the call: pending becomes running."""
        with self._settled:
            if self._state == FINISHED:
                raise InvalidState(f"start a future that is {self._state}")
            if self._state == PENDING:
                self._state = RUNNING
            return self._state == RUNNING
