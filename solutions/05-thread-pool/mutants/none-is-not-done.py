"""A result of None is taken for no result.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _is_done(self) -> bool:
        return self._state == CANCELLED or (
            self._state == FINISHED
            and (self._value is not None or self._error is not None)
        )
