"""Whether it is done is checked before the lock is taken: two threads can set it.

task: Future
look: Chapter, step 4.
"""


class Future(Future):
    def _settle(self, state: str, value: Any, error: BaseException | None) -> None:
        if self._is_done():
            raise InvalidState(f"set a future that is {self._state}")
        with self._settled:
            self._state, self._value, self._error = state, value, error
            self._settled.notify_all()
        self._call_back()
