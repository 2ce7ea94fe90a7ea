"""set_exception wakes nobody; set_result does.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _settle(self, state: str, value: Any, error: BaseException | None) -> None:
        with self._settled:
            if self._is_done():
                raise InvalidState(f"set a future that is {self._state}")
            self._state, self._value, self._error = state, value, error
            if error is None:
                self._settled.notify_all()
        self._call_back()
