"""A second cancel returns False, though the future is cancelled.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def cancel(self) -> bool:
        """Cancel it where it is pending; wake all who wait."""
        with self._settled:
            if self._state != PENDING:
                return False
            self._state = CANCELLED
            self._settled.notify_all()
        self._call_back()
        return True
