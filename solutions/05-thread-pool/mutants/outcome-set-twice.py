"""A second outcome replaces the first.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _settle(self, state: str, value: Any, error: BaseException | None) -> None:
        with self._settled:
            if self._state == CANCELLED:
                raise InvalidState("cancelled")
            self._state, self._value, self._error = state, value, error
            self._settled.notify_all()
        self._call_back()
