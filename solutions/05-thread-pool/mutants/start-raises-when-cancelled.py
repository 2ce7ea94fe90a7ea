"""start on a cancelled future raises, where False was promised.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def start(self) -> bool:
        """Claim the call: pending becomes running."""
        with self._settled:
            if self._state != PENDING:
                raise InvalidState(f"start a future that is {self._state}")
            if self._state == PENDING:
                self._state = RUNNING
            return self._state == RUNNING
